import assert from "node:assert/strict";
import { countingTensors } from "../testdata_tensors.ts";
import { tinyLukeConfig } from "../testdata_tiny_luke.ts";
import { elementCount } from "../weights/element_types.ts";
import type { StoredTensor } from "../weights/stored_tensor.ts";
import { lukeForMaskedLM } from "./luke_for_masked_lm.ts";
import { parseLukeMetadata, parseModelConfig } from "./model_config.ts";
import { originalLuke } from "./original_luke.ts";

Deno.test("originalLuke() names tensors as LUKE's repository, tied ones under each name", () => {
  const config = tinyLukeConfig();
  const { settings, tensors } = originalLuke({ config, tensors: countingTensors(config) }, "roberta-base");
  assert.equal([...tensors.keys()].some((name) => name.startsWith("luke.")), false);
  assert.deepEqual(
    [...tensors.keys()].filter((name) => !/^(encoder|embeddings|entity_embeddings)\./.test(name)),
    [
      "lm_head.dense.weight",
      "lm_head.dense.bias",
      "lm_head.layer_norm.weight",
      "lm_head.layer_norm.bias",
      "lm_head.bias",
      "entity_predictions.transform.dense.weight",
      "entity_predictions.transform.dense.bias",
      "entity_predictions.transform.LayerNorm.weight",
      "entity_predictions.transform.LayerNorm.bias",
      "entity_predictions.bias",
      "pooler.dense.weight",
      "pooler.dense.bias",
      "lm_head.decoder.weight",
      "lm_head.decoder.bias",
      "entity_predictions.decoder.weight",
    ],
  );
  assert.equal(tensors.get("lm_head.decoder.weight"), tensors.get("embeddings.word_embeddings.weight"));
  assert.deepEqual([settings.bert_model_name, settings.entity_emb_size], ["roberta-base", 6]);
});

Deno.test("originalLuke() puts BERT's head over a network that counts positions as BERT", () => {
  const config = tinyLukeConfig({ baseModelType: "bert" });
  const { tensors } = originalLuke({ config, tensors: countingTensors(config) }, "bert-base-cased");
  assert.equal([...tensors.keys()].some((name) => name.startsWith("lm_head.")), false);
  assert.deepEqual([...tensors.keys()].filter((name) => name.startsWith("cls.")), [
    "cls.predictions.transform.dense.weight",
    "cls.predictions.transform.dense.bias",
    "cls.predictions.transform.LayerNorm.weight",
    "cls.predictions.transform.LayerNorm.bias",
    "cls.predictions.bias",
    "cls.predictions.decoder.weight",
    "cls.predictions.decoder.bias",
    "cls.seq_relationship.weight",
    "cls.seq_relationship.bias",
  ]);
  assert.deepEqual(tensors.get("embeddings.position_embeddings.weight")?.shape, [20, 8]);
});

Deno.test("originalLuke() says that a network has entity-aware attention, so that its queries are read again", () => {
  const config = tinyLukeConfig({ useEntityAwareAttention: true });
  const { settings } = originalLuke({ config, tensors: countingTensors(config) }, "roberta-base");
  assert.equal(parseLukeMetadata(settings, "metadata.json", "roberta").config.useEntityAwareAttention, true);
  const without = tinyLukeConfig();
  const { settings: plain } = originalLuke(
    { config: without, tensors: countingTensors(without) },
    "roberta-base",
  );
  assert.equal("use_entity_aware_attention" in plain, false);
});

Deno.test("originalLuke() writes a BERT-based LUKE as BERT, also where Hugging Face's LUKE has moved its positions", () => {
  const bert = tinyLukeConfig({ baseModelType: "bert", padTokenId: 0 });
  const source = { config: bert, tensors: countingTensors(bert) };
  const moved = lukeForMaskedLM(source, { specialWords: { padId: 0, clsId: 2, sepId: 3 } });
  const { config } = parseModelConfig(moved.settings, "config.json");
  assert.deepEqual([config.baseModelType, config.padTokenId], ["roberta", 0]);
  const [direct, again] = [source, { config, tensors: moved.tensors }]
    .map((model) => originalLuke(model, "bert-base-cased"));
  assert.deepEqual(again?.settings, direct?.settings);
  assert.deepEqual([...again?.tensors.keys() ?? []], [...direct?.tensors.keys() ?? []]);
  for (const [name, tensor] of direct?.tensors ?? []) {
    const floats = (stored: StoredTensor | undefined): Float32Array | undefined =>
      stored?.readFloats(0, elementCount(stored.shape));
    assert.deepEqual(floats(again?.tensors.get(name)), floats(tensor), name);
  }
});
