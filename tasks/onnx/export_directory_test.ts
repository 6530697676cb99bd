import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "@lukeforge/corpus";
import { openModel, WeightsError } from "@lukeforge/model";
import { exportOnnxDirectory, type OnnxDirectory, type OnnxDirectoryOptions } from "./export_directory.ts";

const FIXTURES = fileURLToPath(new URL("../../tests/fixtures/hugging_face/", import.meta.url));

/** A copy of a model with a tokenizer and an entity vocabulary, and where exports of it may go. */
class Model implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "lukeforge-"));
  readonly path = join(this.#directory, "model");
  readonly output = join(this.#directory, "output");

  constructor(kind: string) {
    cpSync(join(FIXTURES, kind), this.path, { recursive: true });
    for (const name of ["vocab.json", "merges.txt", "tokenizer_config.json", "entity_vocab.json"]) {
      writeFileSync(join(this.path, name), `${name} of ${kind}`);
    }
  }

  /** Changes fields of its configuration. */
  change(fields: Record<string, unknown>): void {
    const path = join(this.path, "config.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...fields }));
  }

  export(options: OnnxDirectoryOptions = {}, output = this.output): OnnxDirectory {
    using model = openModel(this.path);
    return exportOnnxDirectory(model, output, options);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }
}

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true }).map(String).sort();
}

Deno.test("exportOnnxDirectory() writes what transformers.js and optimum look for", () => {
  using model = new Model("luke");
  assert.equal(model.export().task, "fill-mask");
  const all = [
    "config.json",
    "entity_vocab.json",
    "merges.txt",
    "onnx",
    "onnx/model.onnx",
    "tokenizer_config.json",
    "vocab.json",
  ];
  assert.deepEqual(files(model.output), all);
  const settings = (path: string) => JSON.parse(readFileSync(join(path, "config.json"), "utf8"));
  assert.deepEqual(settings(model.output), settings(model.path));

  // f16 comes beside it, and its weights beside itself.
  const { files: { model: file, data } } = model.export({ dtype: "f16", externalData: true });
  assert.ok(data && data.length > file.length);
  const more = ["onnx/model_fp16.onnx", "onnx/model_fp16.onnx_data"];
  assert.deepEqual(files(model.output), [...all, ...more].sort());
  const { "transformers.js_config": note, ...rest } = settings(model.output);
  assert.deepEqual(note, { use_external_data_format: { "model_fp16.onnx": true } });
  assert.deepEqual(rest, settings(model.path));
});

Deno.test("exportOnnxDirectory() goes into the model's own directory, and over nothing", () => {
  using model = new Model("bert");
  const before = files(model.path);
  model.export({}, model.path);
  assert.deepEqual(files(model.path), [...before, "onnx", "onnx/model.onnx"].sort());
  assert.throws(
    () => model.export({}, model.path),
    (error) => error instanceof UserError && /model.onnx: exists already; remove it/.test(error.message),
  );
  model.export();
  using other = new Model("roberta");
  assert.throws(
    () => other.export({ dtype: "f16" }, model.output),
    (error) =>
      error instanceof UserError && /config.json: is the configuration of another model/.test(error.message),
  );
});

Deno.test("exportOnnxDirectory() overwrites no file that is not the model's", () => {
  using model = new Model("luke");
  mkdirSync(model.output);
  const mine = join(model.output, "merges.txt");
  writeFileSync(mine, "mine");
  assert.throws(
    () => model.export(),
    (error) =>
      error instanceof UserError && /merges.txt: is there already, and not the model's/.test(error.message),
  );
  assert.deepEqual(files(model.output), ["merges.txt"]);
  cpSync(join(model.path, "merges.txt"), mine);
  model.export();
});

Deno.test("exportOnnxDirectory() takes the task from the architecture, and exports no head of fine-tuning", () => {
  using model = new Model("luke_entity_aware");
  model.change({ architectures: ["LukeModel"] });
  assert.equal(model.export().task, "feature-extraction");
  model.change({ architectures: ["LukeForEntityPairClassification"] });
  assert.throws(
    () => model.export(),
    (error) =>
      error instanceof UserError &&
      /LukeForEntityPairClassification, whose head cannot be exported; --task feature-extraction/.test(
        error.message,
      ),
  );
});

Deno.test("exportOnnxDirectory() leaves no model where weights are missing, misshapen or no numbers", () => {
  using model = new Model("roberta");
  model.change({ num_hidden_layers: 3 });
  assert.throws(
    () => model.export(),
    (error) =>
      error instanceof WeightsError && /layer.2.attention.self.query.weight is missing/.test(error.message),
  );
  model.change({ num_hidden_layers: 2, intermediate_size: 45 });
  assert.throws(() => model.export(), /intermediate.dense.weight is \[44, 24\], not \[45, 24\]/);
  model.change({ intermediate_size: 44 });
  const path = join(model.path, "model.safetensors");
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xff, bytes.length - 4));
  assert.throws(
    () => model.export(),
    (error) => error instanceof WeightsError && /^\S+model: .* is NaN/.test(error.message),
  );
  assert.equal(existsSync(model.output), false);
});
