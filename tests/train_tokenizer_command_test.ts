import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { openTokenizer } from "@lukeforge/vocab";
import { digests, run, TemporaryDirectory } from "./command_line.ts";

const TEXT =
  "The lake lies in the north.\nThe lakes and the land lie in the lowlands, the island in the lake.\n";

Deno.test("train-tokenizer trains from several sources, twice the same", async () => {
  using directory = new TemporaryDirectory();
  const file = (name: string, contents: string): string => {
    const path = directory.file(name);
    writeFileSync(path, contents);
    return path;
  };
  const sources = [file("a.txt", TEXT), file("b.jsonl", `${JSON.stringify({ text: TEXT })}\n`)];
  for (const type of ["wordpiece", "bpe", "unigram"]) {
    const out = directory.file(type);
    const args = ["train-tokenizer", ...sources, out, "--type", type, "--vocab-size", "280"];
    const first = await run(args);
    assert.deepEqual([first.code, first.errors], [0, []]);
    const before = digests(out);
    assert.match((await run(args)).stdout, /already there/);
    assert.deepEqual(digests(out), before);
    const again = await run(args.with(args.indexOf(out), `${out}2`));
    assert.equal(again.code, 0);
    assert.deepEqual(digests(`${out}2`), before);
    const tokenizer = await openTokenizer(out);
    const { ids } = tokenizer.encodeText("the lakes <mask>[MASK]");
    assert.equal(ids.includes(tokenizer.maskId), true);
    assert.equal(tokenizer.decode(tokenizer.encodeSegment("The lowlands", false)), "The lowlands");
  }
  const like = await run([
    ...["train-tokenizer", ...sources, directory.file("like"), "--vocab-size", "60"],
    ...["--special-tokens-from", directory.file("wordpiece")],
  ]);
  assert.equal(like.code, 0, like.errors.join("\n"));
  assert.match(
    readFileSync(directory.file("like/vocab.txt"), "utf8"),
    /^\[PAD\]\n\[UNK\]\n\[CLS\]\n\[SEP\]\n\[MASK\]\n/,
  );
});

Deno.test("train-tokenizer says in one line what is wrong with its input, and writes nothing", async (t) => {
  using directory = new TemporaryDirectory();
  const file = (name: string, contents: string | Uint8Array): string => {
    const path = directory.file(name);
    writeFileSync(path, contents);
    return path;
  };
  const text = file("a.txt", TEXT);
  const noMask = directory.file("no-mask");
  mkdirSync(noMask);
  file("no-mask/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nlake\n");
  const twice = directory.file("twice");
  mkdirSync(twice);
  file("twice/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n[unused1]\n[unused1]\n");
  const out = directory.file("out");
  const cases: [name: string, args: string[], expected: RegExp][] = [
    ["no mask token", [text, out, "--special-tokens-from", noMask], /lacks \[MASK\] \(mask_token\)/],
    [
      "a special token twice",
      [text, out, "--special-tokens-from", twice],
      /vocab\.txt, line 7: repeats the token "\[unused1\]"/,
    ],
    [
      "no UTF-8",
      [file("b.txt", Uint8Array.of(0x61, 0x0a, 0xfe)), out],
      /b\.txt, line 2: is not UTF-8 at byte 2 /,
    ],
    ["an empty corpus", [file("c.txt", " \n\n"), out], /hold no words; check the corpus/],
    [
      "too few tokens",
      [text, out, "--vocab-size", "20"],
      /vocab size 20: .* alone are 34 tokens; ask for more \(--vocab-size\)/,
    ],
    [
      "too few tokens for bytes",
      [text, out, "--type", "bpe", "--vocab-size", "200"],
      /the 256 bytes alone are 261 tokens/,
    ],
    ["no output", [text], /name the sources and, last, the directory/],
    ["no such source", [directory.file("none.txt"), out], /none\.txt: cannot be read/],
    ["a type that there is not", [text, out, "--type", "words"], /give one of wordpiece, bpe, unigram/],
    [
      "an option of another type",
      [text, out, "--type", "bpe", "--lowercase"],
      /--lowercase: has no meaning with --type bpe/,
    ],
    ["pages where there are none", [text, out, "--held-out-fraction", "0.1"], /a\.txt: is no page database/],
  ];
  for (const [name, args, expected] of cases) {
    await t.step(name, async () => {
      const { code, errors } = await run(["train-tokenizer", ...args]);
      assert.deepEqual([code, errors.length], [1, 1], errors.join("\n"));
      assert.match(errors[0] ?? "", expected);
      assert.throws(() => readFileSync(out));
    });
  }
});
