import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { WeightsError } from "../weights/weights_error.ts";
import { writeWeights } from "../weights/write_weights.ts";
import { openModel } from "./open_model.ts";
import {
  modelDirectory,
  numbers,
  tar,
  TemporaryDirectory,
  type Tensors,
  tinySettings,
  tinyTensors,
} from "./testdata_model_directory.ts";
import { NOTHING, plainValues, renamed, values } from "./testdata_opened.ts";

/** LUKE as its own repository writes it: no prefix, everything tied twice. */
function originalTensors(base: "bert" | "roberta"): Tensors {
  const bert = tinyTensors(tinySettings("bert"));
  const luke = tinyTensors(tinySettings("luke"));
  const head = [...(base === "bert" ? bert : luke)].filter(([name]) => /^(lm_head|cls)\./.test(name));
  const rest = [...luke].filter(([name]) => !name.startsWith("lm_head."));
  const tensors: Tensors = new Map(
    [...rest, ...head].map(([name, tensor]) => [name.replace(/^luke\./, ""), tensor]),
  );
  const tie = (copy: string, of: string): void => {
    const tensor = tensors.get(of);
    assert.ok(tensor);
    tensors.set(copy, tensor);
  };
  const prefix = base === "bert" ? "cls.predictions" : "lm_head";
  tie(`${prefix}.decoder.weight`, "embeddings.word_embeddings.weight");
  tie(`${prefix}.decoder.bias`, `${prefix}.bias`);
  tie("entity_predictions.decoder.weight", "entity_embeddings.entity_embeddings.weight");
  tensors.set("pooler.dense.weight", numbers([8, 8], 9));
  tensors.set("pooler.dense.bias", numbers([8], 9));
  tensors.set("cls_entity_predictions.bias", numbers([4], 9));
  if (base === "bert") tensors.set("cls.seq_relationship.bias", numbers([2], 9));
  return tensors;
}

const METADATA = {
  model_config: {
    ...tinySettings("luke"),
    model_type: "bert",
    bert_model_name: "anything",
    cls_entity_prediction: true,
  },
  max_seq_length: 512,
  arguments: {},
};

Deno.test("openModel() opens LUKE of its own repository, over RoBERTa and over BERT, and finds its vocabulary", () => {
  for (const base of ["bert", "roberta"] as const) {
    using directory = new TemporaryDirectory();
    directory.write("metadata.json", METADATA);
    const vocab = directory.write("entity_vocab.jsonl", "");
    directory.weights("model.safetensors", originalTensors(base));
    using model = openModel(directory.path);
    assert.equal(model.modelType, "luke");
    assert.equal(model.config.baseModelType, base);
    assert.equal(model.config.padTokenId, base === "bert" ? 0 : 1);
    assert.deepEqual([model.report.missing, model.report.unexpected, model.report.misshapen], [[], [], []]);
    assert.deepEqual(model.report.notices, []);
    assert.equal(model.entityVocabPath, vocab);
    assert.equal(model.tokenizerPath, undefined);
    const expected = plainValues(tinySettings("luke"));
    for (const [name, numbers] of values(model)) {
      if (!name.startsWith("lm_head.")) assert.deepEqual(numbers, expected.get(name), name);
    }
  }
});

Deno.test("openModel() opens a DeepSpeed run by its directory, checkpoints, tag or file", () => {
  using directory = new TemporaryDirectory();
  directory.write("run/metadata.json", METADATA);
  const vocab = directory.write("run/entity_vocab.tsv", "");
  directory.write("run/entity_vocab.jsonl", "");
  directory.write("run/checkpoints/latest", "epoch2\n");
  // Weights are told by their content: these are safetensors under DeepSpeed's name.
  const file = "checkpoints/epoch2/mp_rank_00_model_states.pt";
  directory.weights(join("run", file), renamed(originalTensors("roberta"), (name) => `module.${name}`));
  for (const path of ["", "checkpoints", "checkpoints/epoch2", file]) {
    using model = openModel(join(directory.path, "run", path));
    assert.deepEqual(
      [model.report.missing, model.report.unexpected, model.report.misshapen],
      [[], [], []],
      path,
    );
    assert.equal(model.entityVocabPath, vocab);
  }
});

Deno.test("openModel() opens an archive of LUKE's own repository and leaves nothing behind", () => {
  using directory = new TemporaryDirectory();
  directory.weights("model.safetensors", originalTensors("roberta"));
  const archive = tar({
    "model.safetensors": readFileSync(join(directory.path, "model.safetensors")),
    "metadata.json": JSON.stringify(METADATA),
    "entity_vocab.tsv": "[PAD]\t0\n",
  });
  writeFileSync(join(directory.path, "luke.tar"), archive);
  writeFileSync(join(directory.path, "luke.tar.gz"), gzipSync(archive));
  for (const name of ["luke.tar", "luke.tar.gz"]) {
    let vocab: string | undefined;
    {
      using model = openModel(join(directory.path, name));
      assert.deepEqual([model.report.missing, model.report.unexpected, model.report.misshapen], [[], [], []]);
      assert.equal(model.config.baseModelType, "roberta");
      vocab = model.entityVocabPath;
      assert.equal(vocab && readFileSync(vocab, "utf8"), "[PAD]\t0\n");
    }
    assert.ok(vocab && !existsSync(dirname(vocab)));
  }
  writeFileSync(join(directory.path, "empty.tar"), tar({ "readme": "nothing" }));
  assert.throws(() => openModel(join(directory.path, "empty.tar")), /empty\.tar: there is no config\.json/);
  writeFileSync(join(directory.path, "other.tar"), tar({ "metadata.json": "{}" }));
  assert.throws(
    () => openModel(join(directory.path, "other.tar")),
    /other\.tar: metadata\.json: has no model_config/,
  );
});

Deno.test("openModel() opens shards, and halves as the numbers they stand for", () => {
  const settings = tinySettings("luke");
  const tensors = [...tinyTensors(settings)];
  using directory = new TemporaryDirectory();
  directory.write("config.json", settings);
  const shards = [0, 1].map((rest) => `model-0000${rest + 1}-of-00002.safetensors`);
  shards.forEach((name, rest) => directory.weights(name, new Map(tensors.filter((_, i) => i % 2 === rest))));
  const weight_map = Object.fromEntries(tensors.map(([name], i) => [name, shards[i % 2]]));
  directory.write("model.safetensors.index.json", { metadata: {}, weight_map });
  for (const path of [directory.path, join(directory.path, "model.safetensors.index.json")]) {
    using model = openModel(path);
    assert.match(model.format, /2 shards/);
    assert.deepEqual(values(model), plainValues(settings));
  }
  for (const [dtype, bound] of [["f16", 2 ** -11], ["bf16", 2 ** -8]] as const) {
    using halves = new TemporaryDirectory();
    halves.write("config.json", settings);
    using model = openModel(directory.path);
    writeWeights(halves.path, model.tensors, { dtype });
    using half = openModel(halves.path);
    assert.deepEqual(half.report, model.report);
    const exact = values(model);
    for (const [name, numbers] of values(half)) {
      assert.ok(numbers.every((value, i) => {
        const whole = exact.get(name)?.[i] ?? NaN;
        return Math.abs(value - whole) <= bound * Math.abs(whole) + 1e-7;
      }));
    }
  }
});

Deno.test("openModel() opens a file by the configuration beside it", () => {
  const settings = tinySettings("bert");
  using directory = modelDirectory(settings);
  directory.write("vocab.txt", "[PAD]\n");
  for (const name of ["model.safetensors", "config.json"]) {
    using model = openModel(join(directory.path, name));
    assert.equal(model.report.missing.length, 0);
    assert.equal(model.tokenizerPath, directory.path);
    assert.deepEqual(model.settings, settings);
  }
});

Deno.test("openModel() follows modules.json of sentence-transformers to the encoder", () => {
  using directory = new TemporaryDirectory();
  directory.write("modules.json", [{
    idx: 0,
    path: "0_Transformer",
    type: "sentence_transformers.models.Transformer",
  }]);
  directory.write("config.json", { __version__: { sentence_transformers: "0.3" } });
  directory.write("0_Transformer/config.json", tinySettings("bert"));
  directory.weights("0_Transformer/model.safetensors", tinyTensors(tinySettings("bert")));
  using model = openModel(directory.path);
  assert.deepEqual(model.report, NOTHING);
});

Deno.test("openModel() says what is wrong with a directory, in one line", () => {
  using directory = new TemporaryDirectory();
  const refuses = (message: RegExp): void => {
    assert.throws(
      () => openModel(directory.path),
      (error) =>
        error instanceof WeightsError && message.test(error.message) && !error.message.includes("\n"),
    );
  };
  assert.throws(() => openModel(join(directory.path, "absent")), /there is no such file or directory/);
  refuses(/there is no config\.json.*; give a directory that has one$/);
  directory.write("trainer_state.json", {});
  refuses(/there is no config\.json.*, or make one of this checkpoint by convert-model$/);
  directory.write("config.json", "{");
  refuses(/config\.json: is not JSON .*; restore the file/);
  directory.write("config.json", "[]");
  refuses(/config\.json: is not a JSON object/);
  directory.write("config.json", {});
  refuses(/config\.json: model_type is missing/);
  mkdirSync(join(directory.path, "model"));
  directory.write("model/config.json", tinySettings("bert"));
  refuses(/config\.json: is that of no model; the directory's model is .*model, give that/); // a run of pretrain
  directory.write("config.json", tinySettings("bert"));
  refuses(/./); // no weights
  writeFileSync(join(directory.path, "model.safetensors"), "short");
  refuses(/model\.safetensors/);
});
