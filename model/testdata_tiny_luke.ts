import { type BatchCapacity, type LukeBatch, planCapacity } from "./luke_batch.ts";
import type { LukeConfig } from "./luke_config.ts";
import { testRandom } from "./ops/testdata_generators.ts";

/** A LUKE so small that the references run it in milliseconds. Word 1 and entity 0 are padding. */
export function tinyLukeConfig(changes: Partial<LukeConfig> = {}): LukeConfig {
  return {
    baseModelType: "roberta",
    vocabSize: 19,
    entityVocabSize: 11,
    hiddenSize: 8,
    entityEmbSize: 6,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    intermediateSize: 12,
    maxPositionEmbeddings: 20,
    typeVocabSize: 1,
    layerNormEps: 1e-5,
    hiddenDropoutProb: 0,
    attentionProbsDropoutProb: 0,
    initializerRange: 0.2,
    padTokenId: 1,
    useEntityAwareAttention: false,
    tieWordEmbeddings: true,
    ...changes,
  };
}

/** The capacity that {@linkcode tinyLukeBatch} fills by default. */
export const TINY_CAPACITY: BatchCapacity = {
  rows: 2,
  words: 6,
  entities: 3,
  mentionLength: 4,
  maskedWords: 4,
  maskedEntities: 2,
};

/**
 * A batch whose first item is full; every further one is a word and an entity shorter than the one before. Two words and one
 * entity of each item are to be predicted; a network of words only gets no entities.
 */
export function tinyLukeBatch(
  config: LukeConfig,
  seed: number,
  capacity: BatchCapacity = TINY_CAPACITY,
): LukeBatch {
  const { rows, words, entities, mentionLength } = planCapacity(capacity, config, false);
  const random = testRandom(seed);
  const below = (end: number): number => Math.floor((random() + 1) / 2 * end * 0.9999);
  const wordIds = new Int32Array(rows * words).fill(config.padTokenId);
  const wordAttentionMask = new Int32Array(rows * words);
  const entityIds = new Int32Array(rows * entities);
  const entityAttentionMask = new Int32Array(rows * entities);
  const entityPositionIds = new Int32Array(rows * entities * mentionLength).fill(-1);
  const maskedWordPositions: number[] = [];
  const maskedEntityPositions: number[] = [];
  for (let row = 0; row < rows; row++) {
    const wordCount = Math.max(words - row, 3);
    const entityCount = Math.min(Math.max(entities - row, 1), entities);
    for (let i = 0; i < wordCount; i++) {
      wordIds[row * words + i] = 2 + below(config.vocabSize - 2);
      wordAttentionMask[row * words + i] = 1;
    }
    maskedWordPositions.push(row * words + 1, row * words + wordCount - 1);
    for (let e = 0; e < entityCount; e++) {
      const entity = row * entities + e;
      entityIds[entity] = 1 + below(config.entityVocabSize - 1);
      entityAttentionMask[entity] = 1;
      const length = 1 + below(Math.min(mentionLength, wordCount - 1));
      for (let j = 0; j < length; j++) entityPositionIds[entity * mentionLength + j] = j + 1;
    }
    if (entities > 0) maskedEntityPositions.push(row * entities);
  }
  const labels = (count: number, end: number): Int32Array =>
    Int32Array.from({ length: count }, () => below(end));
  return {
    rows,
    words,
    entities,
    mentionLength,
    wordIds,
    wordAttentionMask,
    entityIds,
    entityAttentionMask,
    entityPositionIds,
    maskedWordPositions: Int32Array.from(maskedWordPositions),
    maskedWordLabels: labels(maskedWordPositions.length, config.vocabSize),
    maskedEntityPositions: Int32Array.from(maskedEntityPositions),
    maskedEntityLabels: labels(maskedEntityPositions.length, config.entityVocabSize),
  };
}
