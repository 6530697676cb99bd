import type { BatchCapacity } from "./luke_batch.ts";
import type { LukeConfig } from "./luke_config.ts";

/** A network and the micro-batch it is trained with. */
export interface LukeShape {
  /** The network. */
  readonly config: LukeConfig;
  /** A full micro-batch. */
  readonly capacity: BatchCapacity;
}

/** Names of the {@linkcode LUKE_SHAPES}. */
export const LUKE_SHAPE_NAMES = ["sample", "small", "base", "large"] as const;

/** One of {@linkcode LUKE_SHAPE_NAMES}. */
export type LukeShapeName = (typeof LUKE_SHAPE_NAMES)[number];

function shape(config: Partial<LukeConfig>, capacity: BatchCapacity): LukeShape {
  return {
    config: {
      baseModelType: "roberta",
      vocabSize: 50265,
      entityVocabSize: 20000,
      hiddenSize: 768,
      entityEmbSize: 256,
      numHiddenLayers: 12,
      numAttentionHeads: 12,
      intermediateSize: 3072,
      maxPositionEmbeddings: capacity.words + 2,
      typeVocabSize: 1,
      layerNormEps: 1e-5,
      hiddenDropoutProb: 0.1,
      attentionProbsDropoutProb: 0.1,
      initializerRange: 0.02,
      padTokenId: 1,
      useEntityAwareAttention: false,
      tieWordEmbeddings: true,
      ...config,
    },
    capacity,
  };
}

/**
 * LUKEs by size: `sample` is that of the built-in sample, `base` and `large` are the published encoders (Yamada et al. 2020, on
 * RoBERTa's vocabulary) with a table of 20,000 entities, `small` lies between. About 15 % of the words and a fifth of the entities
 * are masked.
 */
export const LUKE_SHAPES: Readonly<Record<LukeShapeName, LukeShape>> = {
  sample: shape(
    {
      vocabSize: 2000,
      entityVocabSize: 150,
      hiddenSize: 64,
      entityEmbSize: 32,
      numHiddenLayers: 2,
      numAttentionHeads: 4,
      intermediateSize: 256,
    },
    { rows: 32, words: 32, entities: 8, mentionLength: 30, maskedWords: 160, maskedEntities: 64 },
  ),
  small: shape(
    {
      vocabSize: 8000,
      entityVocabSize: 5000,
      hiddenSize: 256,
      entityEmbSize: 64,
      numHiddenLayers: 4,
      numAttentionHeads: 4,
      intermediateSize: 1024,
    },
    { rows: 16, words: 128, entities: 16, mentionLength: 30, maskedWords: 320, maskedEntities: 48 },
  ),
  base: shape(
    {},
    { rows: 2, words: 512, entities: 128, mentionLength: 30, maskedWords: 160, maskedEntities: 48 },
  ),
  large: shape(
    { hiddenSize: 1024, numHiddenLayers: 24, numAttentionHeads: 16, intermediateSize: 4096 },
    { rows: 2, words: 512, entities: 128, mentionLength: 30, maskedWords: 160, maskedEntities: 48 },
  ),
};

/** The largest micro-batch of `rows` items as `capacity` has them: masked places grow with the rows. */
export function withRows(capacity: BatchCapacity, rows: number): BatchCapacity {
  const scaled = (count: number): number => Math.ceil(count * rows / capacity.rows);
  return {
    ...capacity,
    rows,
    maskedWords: scaled(capacity.maskedWords),
    maskedEntities: scaled(capacity.maskedEntities),
  };
}
