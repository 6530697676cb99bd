import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openModel, readSafetensors, writeSafetensors } from "@lukeforge/model";
import { type ModelFacts, modelFacts } from "./model_facts.ts";
import { modelFactsLines } from "./model_facts_lines.ts";

const FIXTURES = fileURLToPath(new URL("../tests/fixtures/hugging_face/", import.meta.url));

/** A copy of a tiny model that a test may change. */
class ModelCopy implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "lukeforge-facts-"));
  constructor(name: string) {
    cpSync(join(FIXTURES, name), this.path, { recursive: true });
  }
  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }
  settings(change: Record<string, unknown>): void {
    const settings = JSON.parse(readFileSync(join(this.path, "config.json"), "utf8"));
    this.write("config.json", JSON.stringify({ ...settings, ...change }));
  }
  /** A tokenizer of `words` words, special ones included. */
  tokenizer(words: number): void {
    const specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    this.write(
      "vocab.txt",
      [...specials, ...Array.from({ length: words - 5 }, (_, i) => `w${i}`)].join("\n") + "\n",
    );
  }
  /** An entity vocabulary of `entities`, special ones included. */
  entities(entities: number): void {
    const titles = [
      "[PAD]",
      "[UNK]",
      "[MASK]",
      ...Array.from({ length: entities - 3 }, (_, i) => `Entity ${i}`),
    ];
    this.write("entity_vocab.tsv", titles.map((title) => `${title}\t0\n`).join(""));
  }
  async facts(checkValues = false): Promise<ModelFacts> {
    using model = openModel(this.path);
    return await modelFacts(model, checkValues ? () => {} : undefined);
  }
  async check(name: string): Promise<[boolean | null, string]> {
    const check = (await this.facts(true)).checks.find((one) => one.name === name);
    assert.ok(check, name);
    return [check.ok, check.detail];
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

Deno.test("modelFacts() counts parameters by part, and what the file has beyond", async () => {
  using model = new ModelCopy("luke");
  const { parameters, ...facts } = await model.facts();
  const hidden = 24, layers = 2, feedForward = 44;
  assert.deepEqual(parameters, {
    word_embeddings: 59 * hidden,
    word_positions: 34 * hidden + hidden + 2 * hidden,
    entity_embeddings: 23 * 10 + 10 * hidden,
    entity_positions: 34 * hidden + hidden + 2 * hidden,
    encoder: layers *
      (4 * (hidden * hidden + hidden) + 2 * 2 * hidden + 2 * hidden * feedForward + feedForward + hidden),
    word_head: hidden * hidden + 3 * hidden + 59,
    entity_head: hidden * 10 + 3 * 10 + 23,
    total: 14014,
    unused: hidden * hidden + hidden + 59 * hidden,
  });
  assert.equal(facts.architecture, "LukeForMaskedLM");
  assert.equal(facts.base_model_type, "roberta");
  assert.deepEqual(facts.dtypes, { F32: 16030 });
  assert.equal(facts.bytes, 4 * 16030);
  assert.deepEqual(facts.checks.map(({ name, ok }) => [name, ok]), [
    ["tensors", true],
    ["special ids", true],
    ["words", null],
    ["entities", null],
  ]);
});

Deno.test("modelFacts() compares the tokenizer with the word table", async () => {
  using model = new ModelCopy("bert");
  model.tokenizer(57);
  assert.deepEqual(await model.check("words"), [true, "tokenizer 57, vocab_size 57"]);
  model.tokenizer(50);
  assert.deepEqual(await model.check("words"), [true, "tokenizer 50, vocab_size 57: 7 rows without a word"]);
  model.tokenizer(58);
  assert.deepEqual(await model.check("words"), [false, "tokenizer 58, vocab_size 57: ids beyond the table"]);
  model.write("vocab.txt", "nothing\n");
  assert.equal((await model.check("words"))[0], false);
  using luke = new ModelCopy("luke");
  luke.tokenizer(59);
  assert.deepEqual(await luke.check("words"), [
    false,
    "the tokenizer pads with 0, pad_token_id is 1: positions would be wrong",
  ]);
  assert.equal((await luke.check("<ent> rows"))[0], null);
  luke.tokenizer(57);
  luke.write("added_tokens.json", JSON.stringify({ "<ent>": 57, "<ent2>": 58 }));
  assert.deepEqual(await luke.check("<ent> rows"), [true, "<ent> 57, <ent2> 58"]);
});

Deno.test("modelFacts() compares the entity vocabulary with the entity table", async () => {
  using model = new ModelCopy("luke");
  model.entities(23);
  assert.deepEqual(await model.check("entities"), [true, "vocabulary 23, entity_vocab_size 23"]);
  assert.equal((await model.check("[MASK2]"))[0], null);
  model.entities(20);
  assert.equal(
    (await model.check("entities"))[1],
    "vocabulary 20, entity_vocab_size 23: 3 rows without an entity",
  );
  model.entities(24);
  assert.deepEqual(await model.check("entities"), [
    false,
    "vocabulary 24, entity_vocab_size 23: ids beyond the table",
  ]);
});

Deno.test("modelFacts() checks special ids, tensors and, if asked, every value", async () => {
  using model = new ModelCopy("roberta");
  assert.deepEqual(await model.check("tensors"), [true, "all there, none left over"]);
  assert.equal((await model.check("values"))[0], true);
  model.settings({ bos_token_id: 4000, eos_token_id: [1, 2] });
  assert.match((await model.check("special ids"))[1], /^bos_token_id 4000: not below vocab_size/);

  const file = join(model.path, "model.safetensors");
  const tensors = readSafetensors(file);
  const name = "roberta.encoder.layer.1.output.dense.weight";
  const { shape } = tensors.get(name) ?? { shape: [] };
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  data[5] = Infinity;
  tensors.set(name, { shape, data });
  tensors.delete("lm_head.dense.bias");
  writeSafetensors(file, tensors);
  assert.deepEqual(await model.check("values"), [false, `${name}: element 5 is Infinity`]);
  assert.deepEqual(await model.check("tensors"), [false, "1 missing, 0 unexpected, 0 misshapen"]);
  assert.ok(!(await model.facts()).checks.some(({ name }) => name === "values"));
});

Deno.test("modelFactsLines() tells everything, every name in full", async () => {
  using model = new ModelCopy("luke_untied");
  model.settings({ vocab_size: 70 });
  const text = modelFactsLines(await model.facts()).join("\n");
  assert.match(text, /LukeForMaskedLM \(luke\)/);
  assert.match(text, /tensors +FAILED: 0 missing, 0 unexpected, 3 misshapen/);
  assert.match(
    text,
    /^misshapen\n {2}luke\.embeddings\.word_embeddings\.weight: \[\d+, 24\], \[70, 24\] by the configuration$/m,
  );
  assert.match(text, /decoded with a table of its own/);
});
