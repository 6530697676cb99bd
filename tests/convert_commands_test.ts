/** convert-model, convert-luke-to-huggingface-model and create-model-archive as commands. */
import assert from "node:assert/strict";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { elementCount, openModel, openWeights, type StoredTensor, writeTorchWeights } from "@lukeforge/model";
import { StubHub } from "../tasks/hub/testdata_stub_hub.ts";
import { run, runHere, TemporaryDirectory, TINY } from "./command_line.ts";

const LUKE = new URL("./fixtures/inference/luke", import.meta.url).pathname;
const BERT = new URL("./fixtures/inference/bert", import.meta.url).pathname;

async function does(...args: string[]): Promise<readonly string[]> {
  const { lines, errors, code } = await runHere(args);
  assert.deepEqual([code, errors], [undefined, []]);
  return lines;
}

async function refuses(expected: RegExp, ...args: string[]): Promise<void> {
  const { errors, code } = await runHere(args);
  assert.deepEqual([code, errors.length], [1, 1], errors.join("\n"));
  assert.match(errors[0] ?? "", expected);
}

function elements(tensors: ReadonlyMap<string, StoredTensor>): Map<string, number[]> {
  return new Map(
    [...tensors].map(([name, tensor]) => [name, [...tensor.readFloats(0, elementCount(tensor.shape))]]),
  );
}

function sameTensors(a: string, b: string): void {
  using first = openWeights(a);
  using second = openWeights(b);
  assert.deepEqual(elements(first.tensors), elements(second.tensors));
}

Deno.test("a LUKE goes to the layout of its repository and back", async () => {
  using out = new TemporaryDirectory();
  const lines = await does("convert-model", LUKE, out.file("original"), "--to", "original");
  assert.match(lines.at(-1) ?? "", /original: the layout of LUKE's own repository, 0\.1 MB of f32/);
  assert.deepEqual(readdirSync(out.file("original")).sort(), [
    "entity_vocab.jsonl",
    "metadata.json",
    "pytorch_model.bin",
  ]);
  await does("convert-model", LUKE, out.file("direct"), "--to", "LukeForMaskedLM");
  await does(
    "convert-luke-to-huggingface-model",
    ...["--checkpoint-path", out.file("original", "pytorch_model.bin")],
    ...["--metadata-path", out.file("original", "metadata.json")],
    ...["--entity-vocab-path", out.file("original", "entity_vocab.jsonl")],
    ...["--transformers-model-save-path", out.file("back")],
    ...["--tokenizer-class", "LukeTokenizer", "--set-entity-aware-attention-default", "false"],
    ...["--tokenizer", LUKE],
  );
  sameTensors(out.file("back"), out.file("direct"));
  const config = (name: string): unknown => JSON.parse(readFileSync(out.file(name, "config.json"), "utf8"));
  assert.deepEqual(config("back"), config("direct"));
  const vocab = (name: string): unknown =>
    JSON.parse(readFileSync(out.file(name, "entity_vocab.json"), "utf8"));
  assert.deepEqual(vocab("back"), vocab("direct"));
});

Deno.test("convert-luke-to-huggingface-model takes DeepSpeed's checkpoints, apart from their metadata too", async () => {
  using out = new TemporaryDirectory();
  await does("convert-model", LUKE, out.file("original"), "--to", "original");
  await does("convert-model", LUKE, out.file("direct"));
  const checkpoint = out.file("run", "checkpoints", "epoch1");
  mkdirSync(checkpoint, { recursive: true });
  using weights = openWeights(out.file("original"));
  writeTorchWeights(join(checkpoint, "mp_rank_00_model_states.pt"), weights.tensors, { key: "module" });
  for (const name of ["metadata.json", "entity_vocab.jsonl"]) {
    copyFileSync(out.file("original", name), out.file("run", name));
  }
  const common = ["--set-entity-aware-attention-default", "0", "--tokenizer", LUKE];
  const convert = (save: string, ...options: string[]): Promise<readonly string[]> =>
    does(
      "convert-luke-to-huggingface-model",
      "--transformers-model-save-path",
      out.file(save),
      ...options,
      ...common,
    );
  await convert("found", "--checkpoint-path", checkpoint);
  const metadata = ["--metadata-path", out.file("original", "metadata.json")];
  await convert("told", "--checkpoint-path", join(checkpoint, "mp_rank_00_model_states.pt"), ...metadata);
  for (const name of ["found", "told"]) sameTensors(out.file(name), out.file("direct"));
});

Deno.test("convert-luke-to-huggingface-model prepares entity-aware attention and removes entities", async () => {
  using out = new TemporaryDirectory();
  await does("convert-model", LUKE, out.file("original"), "--to", "original");
  await does(
    "convert-luke-to-huggingface-model",
    ...["--checkpoint-path", out.file("original")],
    ...[
      "--transformers-model-save-path",
      out.file("lite"),
      "--tokenizer",
      LUKE,
      "--remove-entity-embeddings",
    ],
    ...["--set-entity-aware-attention-default", "True", "--dtype", "bf16"],
  );
  using lite = openModel(out.file("lite"));
  assert.deepEqual([lite.config.entityVocabSize, lite.config.useEntityAwareAttention], [4, true]);
  assert.deepEqual([lite.report.missing, lite.report.unexpected], [[], []]);
  assert.equal(lite.settings.dtype, "bfloat16");
});

Deno.test("create-model-archive packs what the repository opens", async () => {
  using out = new TemporaryDirectory();
  await does("convert-model", LUKE, out.file("original"), "--to", "original");
  await does("create-model-archive", out.file("original", "pytorch_model.bin"), out.file("plain"));
  await does("create-model-archive", LUKE, out.file("packed"), "--compress", "gz");
  sameTensors(out.file("plain.tar"), out.file("original"));
  sameTensors(out.file("packed.tar.gz"), out.file("original"));
  assert.deepEqual(readdirSync(out.path).sort(), ["original", "packed.tar.gz", "plain.tar"]);
  await refuses(
    /--compress bz2: is not written here; take gz/,
    "create-model-archive",
    LUKE,
    "x",
    "--compress",
    "bz2",
  );
});

Deno.test("runs and their checkpoints are converted as pretrain exports them", async () => {
  using out = new TemporaryDirectory();
  const { code, errors } = await run(["pretrain", ...TINY, "--output-dir", out.file("run")]);
  assert.equal(code, 0, errors.join("\n"));
  const lines = await does("convert-model", out.file("run"), out.file("model"));
  assert.match(lines[0] ?? "", /run: takes step-24/);
  sameTensors(out.file("model"), out.file("run", "model"));
  await does(
    "convert-luke-to-huggingface-model",
    ...["--checkpoint-path", out.file("run", "checkpoints", "step-24")],
    ...["--transformers-model-save-path", out.file("again"), "--set-entity-aware-attention-default", "no"],
  );
  for (const name of ["config.json", "entity_vocab.json", "tokenizer_config.json", "model.safetensors"]) {
    assert.deepEqual(
      readFileSync(out.file("again", name)),
      readFileSync(out.file("run", "model", name)),
      name,
    );
  }
  await does("convert-model", out.file("run"), out.file("bert"), "--to", "BertForMaskedLM");
  using bert = openModel(out.file("bert"));
  assert.deepEqual([bert.modelType, bert.report.missing, bert.report.unexpected], ["bert", [], []]);
  await refuses(
    /give it by --bert-model-name/,
    ...["convert-model", out.file("run"), out.file("x"), "--to", "original"],
  );
  await does(
    ...["convert-model", out.file("run"), out.file("original"), "--to", "original"] as const,
    ...["--bert-model-name", "bert-base-cased"],
  );
  using original = openModel(out.file("original"));
  assert.deepEqual([original.config.baseModelType, original.report.missing], ["bert", []]);
});

Deno.test("create-model-archive and convert-luke-to-huggingface-model take names of the model hub", async () => {
  await using hub = new StubHub();
  using out = new TemporaryDirectory();
  const repository = hub.repository("somebody/luke");
  for (const name of readdirSync(LUKE)) {
    repository.add(name, new Uint8Array(readFileSync(join(LUKE, name))), name.endsWith(".safetensors"));
  }
  const env = { HF_ENDPOINT: hub.endpoint, HF_HOME: out.file("cache") };
  const archive = await run(["create-model-archive", "somebody/luke", out.file("luke.tar")], env);
  assert.equal(archive.code, 0, archive.errors.join("\n"));
  const converted = await run([
    ...["convert-luke-to-huggingface-model", "--checkpoint-path", "somebody/luke"],
    ...["--transformers-model-save-path", out.file("back"), "--set-entity-aware-attention-default", "no"],
  ], { ...env, HF_HUB_OFFLINE: "1" });
  assert.equal(converted.code, 0, converted.errors.join("\n"));
  using first = openModel(LUKE),
    second = openModel(out.file("luke.tar")),
    third = openModel(out.file("back"));
  assert.match(
    readFileSync(join(out.file("back"), "README.md"), "utf8"),
    /converted from \| somebody\/luke \|/,
  );
  for (const { tensors } of [second, third]) assert.deepEqual(elements(tensors), elements(first.tensors));
});

Deno.test("convert-model refuses what cannot be, in one line", async () => {
  using out = new TemporaryDirectory();
  await refuses(
    /has words only; write it as Bert/,
    "convert-model",
    BERT,
    out.file("x"),
    "--to",
    "LukeForMaskedLM",
  );
  await refuses(/exists already/, "convert-model", BERT, out.path);
  const other = out.file("other");
  cpSync(LUKE, other, { recursive: true });
  const configPath = join(other, "config.json");
  const config = JSON.parse(readFileSync(configPath, "utf8"));
  writeFileSync(configPath, JSON.stringify({ ...config, vocab_size: config.vocab_size - 1 }));
  const mismatch = /other: the weights are not those of the configuration: \d misshapen/;
  for (const command of ["convert-model", "create-model-archive"]) {
    await refuses(mismatch, command, other, out.file("x"));
  }
  assert.deepEqual(readdirSync(out.path), ["other"]);
  await refuses(/--to .* give one of LukeForMaskedLM/i, "convert-model", BERT, out.file("x"), "--to", "Gpt");
  await does("convert-model", BERT, out.file("f16"), "--dtype", "f16", "--max-shard-size", "5kB");
  using opened = openModel(out.file("f16"));
  assert.match(opened.format, /shards/);
  assert.deepEqual([...new Set([...opened.tensors.values()].map(({ dtype }) => dtype))], ["F16"]);
});
