import assert from "node:assert/strict";
import { lukeParameters } from "../luke_parameters.ts";
import { countingTensors, elementsOf } from "../testdata_tensors.ts";
import { tinyLukeConfig } from "../testdata_tiny_luke.ts";
import { floatTensor } from "../weights/row_view.ts";
import { WeightsError } from "../weights/weights_error.ts";
import { lukeForMaskedLM } from "./luke_for_masked_lm.ts";
import type { SourceModel } from "./written_model.ts";

const WORDS = "luke.embeddings.word_embeddings.weight";
const ENTITIES = "luke.entity_embeddings.entity_embeddings.weight";
const POSITIONS = "luke.embeddings.position_embeddings.weight";
const ENTITY_POSITIONS = "luke.entity_embeddings.position_embeddings.weight";
const specialWords = { padId: 1, clsId: 0, sepId: 2 };

function sourceOf(changes: Parameters<typeof tinyLukeConfig>[0] = {}): SourceModel {
  const config = tinyLukeConfig(changes);
  return { config, tensors: countingTensors(config) };
}

Deno.test("lukeForMaskedLM() writes every parameter, the decoder of words, and a pooler", () => {
  const source = sourceOf();
  const { settings, tensors } = lukeForMaskedLM(source, { specialWords });
  assert.deepEqual([...tensors.keys()], [
    ...lukeParameters(source.config).map(({ name }) => name),
    "lm_head.decoder.weight",
    "lm_head.decoder.bias",
    "luke.pooler.dense.weight",
    "luke.pooler.dense.bias",
  ]);
  assert.equal(tensors.get("lm_head.decoder.weight"), tensors.get(WORDS));
  assert.equal(tensors.get("lm_head.decoder.bias"), tensors.get("lm_head.bias"));
  assert.deepEqual(tensors.get("luke.pooler.dense.weight")?.shape, [8, 8]);
  assert.equal(settings.tie_word_embeddings, true);
  assert.deepEqual(
    [settings.vocab_size, settings.entity_vocab_size, settings.pad_token_id, settings.bos_token_id],
    [19, 11, 1, 0],
  );
});

Deno.test("lukeForMaskedLM() keeps a decoder of its own and writes the entities' decoder beside it", () => {
  const source = sourceOf({ tieWordEmbeddings: false });
  const { settings, tensors } = lukeForMaskedLM(source, { specialWords, words: [[0, 19], [3, 4]] });
  assert.equal(settings.tie_word_embeddings, false);
  const own = elementsOf(source.tensors, "lm_head.decoder.weight");
  const decoder = elementsOf(tensors, "lm_head.decoder.weight");
  assert.deepEqual(decoder.subarray(0, own.length), own);
  assert.deepEqual(decoder.subarray(own.length), own.subarray(24, 32));
  assert.equal(tensors.get("entity_predictions.decoder.weight"), tensors.get(ENTITIES));
});

Deno.test("lukeForMaskedLM() takes rows of words and entities with their biases", () => {
  const source = sourceOf();
  const { settings, tensors } = lukeForMaskedLM(source, {
    specialWords,
    words: [[0, 19], [7, 8], [9, 10]],
    entities: [[2, 3], [1, 2], [0, 1], [2, 3]],
  });
  const words = elementsOf(source.tensors, WORDS), bias = elementsOf(source.tensors, "lm_head.bias");
  assert.deepEqual(
    elementsOf(tensors, WORDS).subarray(152),
    Float32Array.of(...words.subarray(56, 64), ...words.subarray(72, 80)),
  );
  assert.deepEqual(
    elementsOf(tensors, "lm_head.decoder.bias").subarray(19),
    Float32Array.of(bias[7] ?? 0, bias[9] ?? 0),
  );
  const entityBias = elementsOf(source.tensors, "entity_predictions.bias");
  assert.deepEqual(
    elementsOf(tensors, "entity_predictions.bias"),
    Float32Array.from([2, 1, 0, 2], (id) => entityBias[id] ?? 0),
  );
  assert.deepEqual(tensors.get(ENTITIES)?.shape, [4, 6]);
  assert.deepEqual([settings.vocab_size, settings.entity_vocab_size], [21, 4]);
});

Deno.test("lukeForMaskedLM() moves BERT's word positions down, so that transformers' counting finds them", () => {
  const source = sourceOf({ baseModelType: "bert" });
  const { settings, tensors } = lukeForMaskedLM(source, { specialWords });
  assert.equal(settings.max_position_embeddings, 22);
  const zeros = new Float32Array(16);
  const words = elementsOf(tensors, POSITIONS), entities = elementsOf(tensors, ENTITY_POSITIONS);
  assert.deepEqual([words.subarray(0, 16), words.subarray(16)], [
    zeros,
    elementsOf(source.tensors, POSITIONS),
  ]);
  assert.deepEqual(
    [entities.subarray(0, 160), entities.subarray(160)],
    [elementsOf(source.tensors, ENTITY_POSITIONS), zeros],
  );
});

Deno.test("lukeForMaskedLM() copies queries for entity-aware attention when asked to, and keeps those of the network", () => {
  const names = ["w2e_query", "e2w_query", "e2e_query"].map((name) =>
    `luke.encoder.layer.0.attention.self.${name}.weight`
  );
  const query = "luke.encoder.layer.0.attention.self.query.weight";
  const prepared = lukeForMaskedLM(sourceOf(), { specialWords, useEntityAwareAttention: true });
  assert.equal(prepared.settings.use_entity_aware_attention, true);
  for (const name of names) assert.equal(prepared.tensors.get(name), prepared.tensors.get(query));
  const own = sourceOf({ useEntityAwareAttention: true });
  const kept = lukeForMaskedLM(own, { specialWords });
  assert.equal(kept.settings.use_entity_aware_attention, true);
  for (const name of names) assert.equal(kept.tensors.get(name), own.tensors.get(name));
});

Deno.test("lukeForMaskedLM() keeps the pooler of the source", () => {
  const source = sourceOf();
  const pooler = floatTensor([8, 8], new Float32Array(64).fill(3));
  const tensors = new Map([...source.tensors, ["luke.pooler.dense.weight", pooler]]);
  const written = lukeForMaskedLM({ ...source, tensors }, { specialWords });
  assert.equal(written.tensors.get("luke.pooler.dense.weight"), pooler);
});

Deno.test("lukeForMaskedLM() refuses networks of words, missing and misshapen parameters", () => {
  const refused = (source: SourceModel, message: RegExp): void =>
    assert.throws(
      () => lukeForMaskedLM(source, { specialWords }),
      (error) => error instanceof WeightsError && message.test(error.message),
    );
  const source = sourceOf();
  refused(sourceOf({ entityVocabSize: 0 }), /no entities: write it as BertForMaskedLM/);
  refused({ ...source, tensors: new Map() }, /missing: luke\.embeddings\.word_embeddings\.weight, .* more/);
  const misshapen = new Map([...source.tensors, [WORDS, floatTensor([2, 8], new Float32Array(16))]]);
  refused({ ...source, tensors: misshapen }, /word_embeddings\.weight has the shape \[2,8\], .* \[19,8\]/);
});
