import assert from "node:assert/strict";
import type { LukeConfig } from "../luke_config.ts";
import { lukeParameters } from "../luke_parameters.ts";
import { tinyLukeConfig } from "../testdata_tiny_luke.ts";
import type { StoredTensor } from "../weights/stored_tensor.ts";
import { WeightsError } from "../weights/weights_error.ts";
import { exportOnnx, type OnnxExportModel, type OnnxExportOptions } from "./export_onnx.ts";
import type { ByteSource } from "./protobuf_message.ts";

const FILL_MASK: OnnxExportOptions = { task: "fill-mask", dataFile: "model.onnx_data" };

/** A model whose every element is `value`; elements are made when they are read. */
function model(config: LukeConfig, value = 0.5): OnnxExportModel & { tensors: Map<string, StoredTensor> } {
  const tensors = lukeParameters(config).map(({ name, shape }): [string, StoredTensor] => [
    name,
    { dtype: "F32", shape, readFloats: (begin, end) => new Float32Array(end - begin).fill(value) },
  ]);
  return {
    modelType: config.entityVocabSize > 0 ? "luke" : config.baseModelType,
    config,
    tensors: new Map(tensors),
  };
}

function read(source: ByteSource | undefined): Uint8Array {
  const bytes = new Uint8Array(source?.length ?? 0);
  let at = 0;
  for (const chunk of source?.chunks() ?? []) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  assert.equal(at, bytes.length);
  return bytes;
}

Deno.test("exportOnnx() has types as inputs where they can matter", () => {
  const inputs = (changes: Partial<LukeConfig>): readonly string[] =>
    exportOnnx(model(tinyLukeConfig(changes)), FILL_MASK).inputs;
  assert.deepEqual(inputs({}), [
    "input_ids",
    "attention_mask",
    "entity_ids",
    "entity_attention_mask",
    "entity_position_ids",
  ]);
  assert.deepEqual(inputs({ typeVocabSize: 2 }), [
    "input_ids",
    "attention_mask",
    "token_type_ids",
    "entity_ids",
    "entity_attention_mask",
    "entity_token_type_ids",
    "entity_position_ids",
  ]);
  const words = { entityVocabSize: 0, typeVocabSize: 2 };
  assert.deepEqual(inputs({ ...words, baseModelType: "bert" }), [
    "input_ids",
    "attention_mask",
    "token_type_ids",
  ]);
  assert.deepEqual(inputs({ ...words, baseModelType: "roberta" }), ["input_ids", "attention_mask"]);
});

Deno.test("exportOnnx() holds a tied table once and needs no heads for hidden states", () => {
  const config = tinyLukeConfig({ vocabSize: 5000, entityVocabSize: 3000 });
  const both = model(config);
  const count = lukeParameters(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  const { length } = read(exportOnnx(both, FILL_MASK).model);
  assert.ok(length > 4 * count && length < 4 * count + 20_000, `${length} bytes for ${count} parameters`);
  for (const name of both.tensors.keys()) if (!name.startsWith("luke.")) both.tensors.delete(name);
  assert.deepEqual(exportOnnx(both, { ...FILL_MASK, task: "feature-extraction" }).outputs, [
    "last_hidden_state",
    "entity_last_hidden_state",
  ]);
  assert.throws(() => exportOnnx(both, FILL_MASK), (error) => {
    assert.ok(error instanceof WeightsError);
    assert.match(
      error.message,
      /for fill-mask: lm_head.dense.weight is missing; lm_head.dense.bias is missing; /,
    );
    return true;
  });
});

Deno.test("exportOnnx() names a tensor of another shape", () => {
  const tiny = model(tinyLukeConfig());
  const tensor: StoredTensor = { dtype: "F32", shape: [3], readFloats: () => new Float32Array(3) };
  tiny.tensors.set("luke.embeddings.LayerNorm.bias", tensor);
  assert.throws(() => exportOnnx(tiny, FILL_MASK), /luke.embeddings.LayerNorm.bias is \[3\], not \[8\]/);
});

Deno.test("exportOnnx() puts weights beside a model that would be beyond 2 GiB, on pages of their own", () => {
  const small = exportOnnx(model(tinyLukeConfig()), { ...FILL_MASK, externalData: true });
  assert.ok(read(small.data).length % 4 === 0);
  const config = tinyLukeConfig({ hiddenSize: 1024, entityEmbSize: 1024, entityVocabSize: 520_000 });
  const { model: file, data } = exportOnnx(model(config), FILL_MASK);
  assert.ok(data && data.length > 520_000 * 1024 * 4);
  const text = new TextDecoder("latin1").decode(read(file));
  // After the key stand the tag and the length of its value, a byte each.
  const offsets = text.split("offset").slice(1).map((rest) => parseInt(rest.slice(2)));
  assert.ok(offsets.length > 10);
  assert.deepEqual(offsets.filter((offset) => offset % 4096 !== 0), []);
  assert.equal(exportOnnx(model(config), { ...FILL_MASK, dtype: "f16" }).data, undefined);
});

Deno.test("exportOnnx() refuses values that are no numbers, values beyond f16 and unknown opsets", () => {
  const config = tinyLukeConfig();
  assert.throws(() => read(exportOnnx(model(config, NaN), FILL_MASK).model), /element 0 is NaN/);
  assert.throws(
    () => read(exportOnnx(model(config, 65520), { ...FILL_MASK, dtype: "f16" }).model),
    (error) => error instanceof WeightsError && /is 65520, beyond f16; export as f32/.test(error.message),
  );
  read(exportOnnx(model(config, 65504), { ...FILL_MASK, dtype: "f16" }).model);
  assert.throws(() => exportOnnx(model(config), { ...FILL_MASK, opset: 16 }), /choose one of 17, 18/);
});
