/** fill-mask, predict-entity and embed as commands: what they print, and what they refuse in one line. */
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readSafetensors, writeSafetensors } from "@lukeforge/model";
import { runHere, runWithInput, type Said, TemporaryDirectory } from "./command_line.ts";

const FIXTURES = new URL("./fixtures/inference/", import.meta.url).pathname;
const BERT = `${FIXTURES}bert`;
const LUKE = `${FIXTURES}luke`;
const CPU = ["--device", "cpu", "--threads", "1", "--blas", "wasm"];

function say(...args: string[]): Promise<Said> {
  return runHere([...args, ...CPU]);
}

async function assertRefused(expected: RegExp, ...args: string[]): Promise<void> {
  const { code, lines, errors } = await say(...args);
  assert.deepEqual([code, lines, errors.length], [1, [], 1], errors.join("\n"));
  assert.match(errors[0] ?? "", expected);
  assert.doesNotMatch(errors[0] ?? "", /\n/);
}

/** Runs a command as a process of its own with standard input. */
async function pipe(
  input: string,
  ...args: string[]
): Promise<{ code: number; lines: string[]; errors: string }> {
  const { code, stdout, errors } = await runWithInput(new TextEncoder().encode(input), [...args, ...CPU]);
  return { code, lines: stdout.split("\n").filter((line) => line !== ""), errors: errors.join("\n") };
}

const round = (vector: readonly number[]): number[] => vector.map((value) => Math.round(value * 1e4) / 1e4);

Deno.test("fill-mask prints words in columns, or Hugging Face's JSON", async () => {
  const { code, lines } = await say("fill-mask", BERT, "Tokyo is the [MASK] of Japan.", "--top-k", "2");
  assert.equal(code, undefined);
  assert.deepEqual(lines, [
    "Tokyo is the [MASK] of Japan.",
    "   11.9 %  than  Tokyo is the than of Japan.",
    "    9.4 %  sea   Tokyo is the sea of Japan.",
  ]);
  const several = await say("fill-mask", BERT, "A [MASK] is a [MASK]", "--targets", "sea,morning,Osaka");
  const words = several.lines.map((line) => line.replace(/^ +[\d.]+ % +/, ""));
  assert.deepEqual([words[0], words[1], words[5]], ["A [MASK] is a [MASK]", " mask 1", " mask 2"]);
  for (const from of [2, 6]) {
    assert.deepEqual(words.slice(from, from + 3).toSorted(), ["O", "morning", "sea"]);
  }
  assert.equal(several.aside, 'target "Osaka" is no token of the vocabulary: "O" is taken for it\n');
  const json = await say("fill-mask", BERT, "A [MASK]", "A [MASK] or [MASK]", "--json", "--top-k", "1");
  const [one, two] = JSON.parse(json.lines.join("\n"));
  assert.deepEqual(Object.keys(one[0]), ["score", "token", "token_str", "sequence"]);
  assert.equal(two[1][0].sequence.startsWith("[CLS] A [MASK] or "), true);
});

Deno.test("fill-mask says what is wrong with a text in one line", async (t) => {
  const cases: readonly (readonly [name: string, expected: RegExp, args: readonly string[]])[] = [
    ["no mask", /^text 1: has no \[MASK\]; put one/, [BERT, "Tokyo"]],
    ["the mask of another model", /^text 2: .*is \[MASK\]; write it instead of <mask>/, [
      BERT,
      "[MASK]",
      "<mask>",
    ]],
    ["the mask of another model", /^text 1: .*is <mask>; write it instead of \[MASK\]/, [LUKE, "A [MASK]"]],
    ["a long text", /^text 1: has 103 tokens, the network 66 positions; .*--truncate/, [
      BERT,
      "[MASK]" + " a".repeat(100),
    ]],
    ["a mask that is cut off", /^text 1: its \[MASK\] is beyond the 66/, [
      BERT,
      "a ".repeat(100) + "[MASK]",
      "--truncate",
    ]],
    ["no words", /--top-k/, [BERT, "[MASK]", "--top-k", "0"]],
    ["targets without a token", /--targets: none of them/, [BERT, "[MASK]", "--targets", " "]],
    ["mentions for BERT", /is a model of words only; .*LUKE/, [BERT, "a [MASK]", "--mention", "0", "1"]],
    ["no such model", /nothing-here/, ["./nothing-here", "[MASK]"]],
  ];
  for (const [name, expected, args] of cases) {
    await t.step(name, () => assertRefused(expected, "fill-mask", ...args));
  }
});

Deno.test("fill-mask and embed read lines of standard input", async () => {
  const filled = await pipe(
    "A [MASK]\n\nThe [MASK] is larger\n",
    "fill-mask",
    BERT,
    "-",
    "--json",
    "--top-k",
    "1",
  );
  assert.equal(filled.code, 0, filled.errors);
  assert.deepEqual(filled.lines.map((line) => JSON.parse(line).length), [1, 1]);
  const refused = await pipe("A [MASK]\nA sea\n", "fill-mask", BERT, "-");
  assert.deepEqual([refused.code, refused.errors], [
    1,
    "standard input, line 2: has no [MASK]; put one where a word is to be filled in",
  ]);
  const embedded = await pipe("The city\n\nsea\n", "embed", BERT, "-");
  assert.deepEqual(embedded.lines.map((line) => JSON.parse(line).embedding.length), [16, 16, 16]);
});

Deno.test("embed prints a line of JSON a text, or a matrix for NumPy", async () => {
  using directory = new TemporaryDirectory();
  const texts = ["Tokyo is the capital of Japan.", "A sea", "", "The city is larger than the town."];
  const printed = await say("embed", BERT, ...texts);
  const vectors: number[][] = printed.lines.map((line) => JSON.parse(line).embedding);
  writeFileSync(directory.file("in.txt"), texts.map((text) => `${text}\r\n`).join(""));
  const output = directory.file("out.npy");
  const { lines } = await say("embed", BERT, "--input", directory.file("in.txt"), "--output", output);
  assert.match(lines[0] ?? "", /out\.npy: 4 texts/);
  const bytes = readFileSync(output);
  assert.equal(bytes.length, 128 + 4 * 16 * 4);
  assert.deepEqual([...bytes.subarray(0, 10)], [
    0x93,
    ..."NUMPY".split("").map((c) => c.charCodeAt(0)),
    1,
    0,
    118,
    0,
  ]);
  assert.match(bytes.subarray(10, 128).toString("latin1"), /^\{.*\(4, 16\).*\} +\n$/);
  const matrix = new Float32Array(
    bytes.buffer.slice(bytes.byteOffset + 128, bytes.byteOffset + bytes.length),
  );
  assert.deepEqual(round([...matrix]), round(vectors.flat()));
  assert.equal(existsSync(`${output}.partial`), false);

  const { lines: [unit = ""] } = await say("embed", BERT, "A sea", "--normalize", "--pooling", "cls");
  assert.ok(Math.abs(Math.hypot(...JSON.parse(unit).embedding) - 1) < 1e-6);
  const { lines: [states = ""] } = await say("embed", BERT, "A sea", "--pooling", "none");
  const { tokens, embedding } = JSON.parse(states);
  assert.deepEqual(tokens, ["[CLS]", "A", "sea", "[SEP]"]);
  assert.deepEqual(embedding.map((row: number[]) => row.length), [16, 16, 16, 16]);
});

Deno.test("embed leaves nothing behind when a line is wrong", async () => {
  using directory = new TemporaryDirectory();
  writeFileSync(directory.file("in.txt"), `a\n${"a ".repeat(100)}\n`);
  const output = directory.file("out.jsonl");
  await assertRefused(
    /in\.txt, line 2: has 102 tokens/,
    "embed",
    BERT,
    "--input",
    directory.file("in.txt"),
    "--output",
    output,
  );
  assert.equal(existsSync(output) || existsSync(`${output}.partial`), false);
  const cut = await say("embed", BERT, "--input", directory.file("in.txt"), "--output", output, "--truncate");
  assert.equal(cut.code, undefined);
  assert.equal(readFileSync(output, "utf8").split("\n").length, 3);
  await assertRefused(/none\.txt: cannot be read/, "embed", BERT, "--input", directory.file("none.txt"));
  await assertRefused(/no text: give texts, or --input/, "embed", BERT);
  await assertRefused(
    /nowhere\/out\.npy: cannot be written/,
    "embed",
    BERT,
    "a",
    "--output",
    directory.file("nowhere", "out.npy"),
  );
  await assertRefused(
    /one vector a text; name a \*\.jsonl/,
    "embed",
    BERT,
    "a",
    "--output",
    directory.file("a.npy"),
    "--pooling",
    "none",
  );
});

Deno.test("predict-entity prints the entities of mentions", async () => {
  const text = "Tokyo is the capital of Japan.";
  const byPlace = await say(
    "predict-entity",
    LUKE,
    text,
    "--mention",
    "0",
    "5",
    "--mention",
    "24",
    "29",
    "--top-k",
    "2",
  );
  assert.equal(byPlace.code, undefined, byPlace.errors.join());
  assert.deepEqual(byPlace.lines.map((line) => line.replace(/^ +[\d.]+ % {2}\p{L}+$/u, "entity")), [
    text,
    " Tokyo (0 5)",
    "entity",
    "entity",
    " Japan (24 29)",
    "entity",
    "entity",
  ]);
  const byText = await say(
    "predict-entity",
    LUKE,
    text,
    "--mention-text",
    "Tokyo",
    "--mention-text",
    "Japan",
    "--top-k",
    "2",
  );
  assert.deepEqual(byText.lines, byPlace.lines);
  const json = await say("predict-entity", LUKE, text, "--mention", "0", "5", "--json");
  const [prediction] = JSON.parse(json.lines.join("\n"));
  assert.deepEqual({ ...prediction, entities: prediction.entities.length }, {
    start: 0,
    end: 5,
    mention: "Tokyo",
    entities: 5,
  });
  assert.deepEqual(Object.keys(prediction.entities[0]), ["score", "entity", "title", "language"]);
  const told = await say(
    ...["predict-entity", LUKE, text, "--mention", "0", "5", "--mention", "24", "29"],
    ...["--entity", "[MASK]", "--entity", "Japan", "--json"],
  );
  const predictions = JSON.parse(told.lines.join("\n"));
  assert.deepEqual(predictions.map(({ mention }: { mention: string }) => mention), ["Tokyo"]);

  const record = JSON.stringify({ text, mentions: [[24, 29], [0, 5]], entities: ["Japan", null] });
  const piped = await pipe(`${record}\n`, "predict-entity", LUKE, "-", "--json");
  assert.equal(piped.code, 0, piped.errors);
  const [same] = JSON.parse(piped.lines[0] ?? "");
  assert.equal(same.mention, "Tokyo");
});

Deno.test("predict-entity says what is wrong with a mention or a model in one line", async (t) => {
  using directory = new TemporaryDirectory();
  const text = "Tokyo is the capital of Japan.";
  const noVocab = directory.file("no-vocab"),
    noHead = directory.file("no-head"),
    lite = directory.file("lite");
  cpSync(LUKE, noVocab, { recursive: true });
  rmSync(`${noVocab}/entity_vocab.json`);
  cpSync(LUKE, noHead, { recursive: true });
  const weights = [...readSafetensors(`${LUKE}/model.safetensors`)];
  writeSafetensors(
    `${noHead}/model.safetensors`,
    new Map(weights.filter(([name]) => !/^(lm_head|entity_predictions)/.test(name))),
  );
  cpSync(LUKE, lite, { recursive: true });
  writeFileSync(
    `${lite}/entity_vocab.json`,
    JSON.stringify({ "[MASK]": 0, "[UNK]": 1, "[PAD]": 2, "[MASK2]": 3 }),
  );

  const cases: readonly (readonly [name: string, expected: RegExp, args: readonly string[]])[] = [
    ["no mention", /--mention START END or --mention-text/, [LUKE, text]],
    ["a mention beyond the text", /the mention from 0 to 99 is not within the text of 30 characters/, [
      LUKE,
      text,
      "--mention",
      "0",
      "99",
    ]],
    ["an empty mention", /the mention from 5 to 5 is no span/, [LUKE, text, "--mention", "5", "5"]],
    ["a mention of white space", /holds nothing but white space/, [LUKE, "A  sea", "--mention", "1", "2"]],
    ["half a mention", /--mention: takes two numbers/, [LUKE, text, "--mention", "5"]],
    ["a text behind --mention", /the text comes before --mention/, [
      LUKE,
      text,
      "--mention",
      "0",
      "5",
      "Tokyo",
    ]],
    ["a mention that is not there", /does not contain "Osaka"/, [LUKE, text, "--mention-text", "Osaka"]],
    ["a mention that is there twice", /contains "is" 2 times; .*6 8, 11 13/, [
      LUKE,
      "Tokyo is this",
      "--mention-text",
      "is",
    ]],
    ["an unknown entity", /"Nowhere" is no title in the entity vocabulary/, [
      LUKE,
      text,
      "--mention",
      "0",
      "5",
      "--entity",
      "Nowhere",
    ]],
    ["an entity without a mention", /--entity: 1 titles for 0 mentions/, [LUKE, text, "--entity", "Japan"]],
    ["BERT", /bert: is a model of words only; entities need a LUKE model/, [
      BERT,
      text,
      "--mention",
      "0",
      "5",
    ]],
    ["a lite model", /lite: is a lite model/, [lite, text, "--mention", "0", "5"]],
    ["no entity vocabulary", /no-vocab: has no entity vocabulary; copy its entity_vocab\.json/, [
      noVocab,
      text,
      "--mention",
      "0",
      "5",
    ]],
    ["no head", /no-head: has no head that predicts entities .*can only embed/, [
      noHead,
      text,
      "--mention",
      "0",
      "5",
    ]],
  ];
  for (const [name, expected, args] of cases) {
    await t.step(name, () => assertRefused(expected, "predict-entity", ...args));
  }
  await t.step(
    "no head for words",
    () => assertRefused(/no head that predicts words/, "fill-mask", noHead, "<mask>"),
  );
  await t.step("a model without heads can embed", async () => {
    const { lines } = await say("embed", noHead, text, "--mention", "0", "5");
    const { embedding, entities } = JSON.parse(lines[0] ?? "");
    assert.deepEqual([embedding.length, entities.length, entities[0].length], [16, 1, 16]);
  });
});
