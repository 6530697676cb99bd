import assert from "node:assert/strict";
import { MODEL_TYPES } from "./opened_model.ts";
import { numbers, type Tensors, tinySettings, tinyTensors } from "./testdata_model_directory.ts";
import { NOTHING, opened, plainValues, values } from "./testdata_opened.ts";

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
      assert.deepEqual(values(model), plainValues(settings));
    });
    // A configuration that does not tie.
    const untied = tinySettings(modelType, { tie_word_embeddings: false });
    opened(untied, tensors, (model) => assert.deepEqual(model.report.missing, ["lm_head.decoder.weight"]));
    opened(untied, new Map([...tensors, [decoder, table[1]]]), (model) => {
      assert.equal(model.config.tieWordEmbeddings, false);
      assert.match(model.report.notices.join(), /bias is added, as the file has none of the decoder's own/);
      assert.deepEqual({ ...model.report, notices: [] }, NOTHING);
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
    assert.deepEqual(values(model), plainValues(settings));
  });
  const swapped: Tensors = new Map([...tensors, [decoder, table]]);
  swapped.delete(name);
  opened(settings, swapped, (model) => assert.deepEqual(values(model), plainValues(settings)));
});
