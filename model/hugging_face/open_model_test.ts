import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lukeParameters } from "../luke_parameters.ts";
import { WeightsError } from "../weights/weights_error.ts";
import { openModel } from "./open_model.ts";
import { MODEL_TYPES, type OpenedModel } from "./opened_model.ts";
import {
  modelDirectory,
  numbers,
  type Settings,
  TemporaryDirectory,
  type Tensors,
  tinySettings,
  tinyTensors,
} from "./testdata_model_directory.ts";

const NOTHING = { missing: [], unexpected: [], misshapen: [], ignored: [], notices: [] };

/** All values of a model by canonical name. */
function values(model: OpenedModel): Map<string, number[]> {
  return new Map(
    [...model.tensors].map(([name, tensor]) => {
      const length = tensor.shape.reduce((a, b) => a * b, 1);
      return [name, [...tensor.readFloats(0, length)]];
    }),
  );
}

/** Opens a directory made of settings and tensors, hands it to `look`, removes it. */
function opened<T>(settings: Settings, tensors: Tensors, look: (model: OpenedModel) => T): T {
  using directory = modelDirectory(settings, tensors);
  using model = openModel(directory.path);
  return look(model);
}

function renamed(tensors: Tensors, rename: (name: string) => string): Tensors {
  return new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
}

const plain = (settings: Settings): Map<string, number[]> => opened(settings, tinyTensors(settings), values);

for (const modelType of MODEL_TYPES) {
  Deno.test(`openModel() opens ${modelType} and gives every tensor LUKE's name`, () => {
    const settings = tinySettings(modelType);
    opened(settings, tinyTensors(settings), (model) => {
      assert.equal(model.modelType, modelType);
      assert.deepEqual([...model.tensors.keys()], lukeParameters(model.config).map(({ name }) => name));
      assert.deepEqual(
        [...model.tensors.values()].map(({ shape }) => shape),
        lukeParameters(model.config).map(({ shape }) => shape),
      );
      const { notices, ...report } = model.report;
      assert.deepEqual({ ...report, notices: [] }, NOTHING);
      assert.equal(notices.length, modelType === "luke" ? 1 : 0); // the decoder that transformers 5 wants
      assert.equal(model.config.baseModelType, modelType === "bert" ? "bert" : "roberta");
    });
  });

  Deno.test(`openModel() opens ${modelType} under older and wrapped names`, () => {
    const settings = tinySettings(modelType);
    const tensors = tinyTensors(settings);
    const expected = plain(settings);
    const renames: readonly ((name: string) => string)[] = [
      (name) =>
        name.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta"),
      (name) => `module.${name}`,
      (name) => `_orig_mod.module.${name}`,
      (name) => `model.${name}`,
      (name) => name.replace(/^(luke|bert|roberta)\./, ""),
      (name) => name.replace(/^(lm_head|cls\.predictions)\.bias$/, "$1.decoder.bias"),
    ];
    for (const rename of renames) {
      opened(settings, renamed(tensors, rename), (model) => {
        assert.deepEqual(values(model), expected, String(rename));
        assert.deepEqual(model.report.unexpected, []);
      });
    }
  });

  Deno.test(`openModel() opens an encoder of ${modelType} without heads and lists them`, () => {
    const settings = tinySettings(modelType);
    const bare = new Map(
      [...tinyTensors(settings)].filter(([name]) => /^(luke|bert|roberta)\./.test(name))
        .map(([name, tensor]) => [name.replace(/^(luke|bert|roberta)\./, ""), tensor]),
    );
    bare.set("pooler.dense.weight", numbers([8, 8], 99));
    bare.set("embeddings.position_ids", { shape: [1, 12], data: new BigInt64Array(12) });
    opened(settings, bare, (model) => {
      assert.ok(model.report.missing.every((name) => /^(lm_head|entity_predictions)\./.test(name)));
      assert.equal(model.report.missing.length, modelType === "luke" ? 10 : 5);
      assert.deepEqual(model.report.ignored.toSorted(), ["embeddings.position_ids", "pooler.dense.weight"]);
      assert.deepEqual(model.report.unexpected, []);
      assert.deepEqual(model.report.notices, []);
    });
  });
}

Deno.test("openModel() does not take another type's names", () => {
  const settings = tinySettings("roberta");
  opened(settings, tinyTensors(tinySettings("bert")), (model) => {
    assert.equal(model.tensors.size, 0);
    assert.ok(model.report.unexpected.includes("bert.embeddings.word_embeddings.weight"));
    assert.ok(model.report.unexpected.includes("cls.predictions.bias"));
    assert.equal(model.report.missing.length, lukeParameters(model.config).length);
  });
});

Deno.test("openModel() lists missing, unexpected and misshapen tensors", () => {
  const settings = tinySettings("bert");
  const tensors = tinyTensors(settings);
  tensors.delete("bert.encoder.layer.1.output.dense.bias");
  tensors.set("bert.encoder.layer.2.output.dense.bias", numbers([8], 1));
  tensors.set("adapter.weight", numbers([2], 1));
  tensors.set("bert.embeddings.word_embeddings.weight", numbers([24, 8], 1)); // a padded vocabulary
  tensors.set("cls.seq_relationship.weight", numbers([2, 8], 1));
  tensors.set("classifier.weight", numbers([3, 8], 1));
  opened(settings, tensors, (model) => {
    assert.deepEqual({ ...model.report, unexpected: model.report.unexpected.toSorted() }, {
      missing: ["luke.encoder.layer.1.output.dense.bias"],
      unexpected: ["adapter.weight", "bert.encoder.layer.2.output.dense.bias"],
      misshapen: [{ name: "luke.embeddings.word_embeddings.weight", found: [24, 8], expected: [20, 8] }],
      ignored: ["cls.seq_relationship.weight", "classifier.weight"],
      notices: ["the head of a fine-tuned model is not read: classifier.weight"],
    });
    assert.ok(!model.tensors.has("luke.embeddings.word_embeddings.weight"));
  });
});

Deno.test("openModel() lists the second of two tensors with one name", () => {
  const settings = tinySettings("bert");
  const tensors = tinyTensors(settings);
  tensors.set("zz", numbers([1], 0));
  const name = "bert.embeddings.LayerNorm.weight";
  const both: Tensors = new Map([...tensors, [`module.${name}`, numbers([8], 5)]]);
  both.delete("zz");
  opened(settings, both, (model) => assert.equal(model.report.unexpected.length, 1));
});

Deno.test("openModel() ties a decoder that equals the word table and keeps one that differs", () => {
  for (const modelType of MODEL_TYPES) {
    const settings = tinySettings(modelType);
    const head = modelType === "bert" ? "cls.predictions" : "lm_head";
    const tensors = tinyTensors(settings);
    const [table] = [...tensors].filter(([name]) => name.endsWith(".word_embeddings.weight"));
    assert.ok(table);
    const decoder = `${head}.decoder.weight`;
    opened(settings, new Map([...tensors, [decoder, table[1]]]), (model) => {
      assert.equal(model.config.tieWordEmbeddings, true);
      assert.deepEqual(model.report, { ...NOTHING, ignored: [decoder] });
    });
    opened(settings, new Map([...tensors, [decoder, numbers([20, 8], 77)]]), (model) => {
      assert.equal(model.config.tieWordEmbeddings, false);
      assert.match(model.report.notices.join(), /decoder\.weight differs from .*word_embeddings\.weight/);
      assert.deepEqual(values(model).get("lm_head.decoder.weight"), [
        ...numbers([20, 8], 77).data as Float32Array,
      ]);
      assert.deepEqual(model.report.ignored, []);
    });
    // One tensor for both, under the decoder's name.
    const swapped = new Map([...tensors, [decoder, table[1]]]);
    swapped.delete(table[0]);
    opened(settings, swapped, (model) => {
      assert.equal(model.config.tieWordEmbeddings, true);
      assert.deepEqual(model.report.missing, []);
      assert.deepEqual(values(model), plain(settings));
    });
    // A configuration that does not tie.
    const untied = tinySettings(modelType, { tie_word_embeddings: false });
    opened(untied, tensors, (model) => assert.deepEqual(model.report.missing, ["lm_head.decoder.weight"]));
    opened(untied, new Map([...tensors, [decoder, table[1]]]), (model) => {
      assert.equal(model.config.tieWordEmbeddings, false);
      assert.deepEqual(model.report, NOTHING);
    });
  }
});

Deno.test("openModel() adds the decoder's bias where there are two", () => {
  for (const modelType of MODEL_TYPES) {
    const settings = tinySettings(modelType);
    const head = modelType === "bert" ? "cls.predictions" : "lm_head";
    const tensors = tinyTensors(settings);
    const bias = tensors.get(`${head}.bias`);
    assert.ok(bias);
    opened(settings, new Map([...tensors, [`${head}.decoder.bias`, bias]]), (model) => {
      assert.deepEqual(model.report.ignored, [`${head}.decoder.bias`]);
    });
    opened(settings, new Map([...tensors, [`${head}.decoder.bias`, numbers([20], 55)]]), (model) => {
      assert.deepEqual(values(model).get("lm_head.bias"), [...numbers([20], 55).data as Float32Array]);
      assert.deepEqual(model.report.ignored, [`${head}.bias`]);
      assert.match(model.report.notices.join(), /decoder\.bias differs/);
    });
  }
});

Deno.test("openModel() decodes entities with their table", () => {
  const settings = tinySettings("luke");
  const tensors = tinyTensors(settings);
  const [name, decoder] = [
    "luke.entity_embeddings.entity_embeddings.weight",
    "entity_predictions.decoder.weight",
  ];
  const table = tensors.get(name);
  assert.ok(table);
  opened(settings, new Map([...tensors, [decoder, table]]), (model) => {
    assert.deepEqual(model.report.ignored, [decoder]);
    assert.equal(model.report.notices.length, 1);
  });
  opened(settings, new Map([...tensors, [decoder, numbers([7, 4], 33)]]), (model) => {
    assert.deepEqual(model.report.ignored, [decoder]);
    assert.match(model.report.notices.join(), /entity_predictions\.decoder\.weight differs/);
    assert.deepEqual(values(model), plain(settings));
  });
  const swapped: Tensors = new Map([...tensors, [decoder, table]]);
  swapped.delete(name);
  opened(settings, swapped, (model) => assert.deepEqual(values(model), plain(settings)));
});

Deno.test("openModel() copies the queries that entity-aware attention lacks and ignores those that are not used", () => {
  const aware = tinySettings("luke", { use_entity_aware_attention: true });
  opened(aware, tinyTensors(tinySettings("luke")), (model) => {
    assert.deepEqual(model.report.missing, []);
    const query = values(model).get("luke.encoder.layer.1.attention.self.query.weight");
    for (const kind of ["w2e", "e2w", "e2e"]) {
      assert.deepEqual(values(model).get(`luke.encoder.layer.1.attention.self.${kind}_query.weight`), query);
    }
    assert.match(model.report.notices.join(), /^12 weights of entity-aware attention/);
  });
  opened(tinySettings("luke"), tinyTensors(aware), (model) => {
    assert.equal(model.report.ignored.length, 12);
    assert.deepEqual(model.report.unexpected, []);
  });
});

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
    const expected = plain(tinySettings("luke"));
    for (const [name, numbers] of values(model)) {
      if (!name.startsWith("lm_head.")) assert.deepEqual(numbers, expected.get(name), name);
    }
  }
});

Deno.test("openModel() opens a file by the configuration beside it", () => {
  const settings = tinySettings("bert");
  using directory = modelDirectory(settings);
  directory.write("vocab.txt", "[PAD]\n");
  using model = openModel(join(directory.path, "model.safetensors"));
  assert.equal(model.report.missing.length, 0);
  assert.equal(model.tokenizerPath, directory.path);
  assert.deepEqual(model.settings, settings);
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
  refuses(/there is no config\.json/);
  directory.write("config.json", "{");
  refuses(/config\.json: is not JSON .*; restore the file/);
  directory.write("config.json", "[]");
  refuses(/config\.json: is not a JSON object/);
  directory.write("config.json", {});
  refuses(/config\.json: model_type is missing/);
  directory.write("config.json", tinySettings("bert"));
  refuses(/./); // no weights
  mkdirSync(join(directory.path, "model"));
  writeFileSync(join(directory.path, "model.safetensors"), "short");
  refuses(/model\.safetensors/);
});

Deno.test("openModel() refuses weights of integers", () => {
  const settings = tinySettings("bert");
  const tensors = tinyTensors(settings);
  tensors.set("bert.embeddings.LayerNorm.weight", { shape: [8], data: new Int32Array(8) });
  assert.throws(
    () => opened(settings, tensors, () => {}),
    /bert\.embeddings\.LayerNorm\.weight is stored as I32, not as floating point numbers/,
  );
});
