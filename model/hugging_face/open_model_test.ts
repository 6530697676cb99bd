import assert from "node:assert/strict";
import { lukeParameters } from "../luke_parameters.ts";
import { MODEL_TYPES } from "./opened_model.ts";
import { numbers, type Tensors, tinySettings, tinyTensors } from "./testdata_model_directory.ts";
import { NOTHING, opened, plainValues, renamed, values } from "./testdata_opened.ts";

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
    const expected = plainValues(settings);
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

Deno.test("openModel() refuses weights of integers", () => {
  const settings = tinySettings("bert");
  const tensors = tinyTensors(settings);
  tensors.set("bert.embeddings.LayerNorm.weight", { shape: [8], data: new Int32Array(8) });
  assert.throws(
    () => opened(settings, tensors, () => {}),
    /bert\.embeddings\.LayerNorm\.weight is stored as I32, not as floating point numbers/,
  );
});
