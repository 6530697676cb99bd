import { MAX_HEAD_SIZE } from "./ops/attention/head_size.ts";
import { MAX_CLASSES } from "./ops/cross_entropy/cross_entropy.ts";

/** Shape of a LUKE network. Names follow Hugging Face's `LukeConfig`, in camel case. */
export interface LukeConfig {
  /** How word positions count: RoBERTa from the pad id on (padding does not count), BERT from 0. */
  readonly baseModelType: "roberta" | "bert";
  /** Word vocabulary size. */
  readonly vocabSize: number;
  /** Entity vocabulary size, special entities included; 0 for a network of words only, such as BERT and RoBERTa. */
  readonly entityVocabSize: number;
  /** Width of the encoder. */
  readonly hiddenSize: number;
  /** Width of the entity table; a bias-free projection follows where it differs from `hiddenSize`. */
  readonly entityEmbSize: number;
  /** Encoder layers. */
  readonly numHiddenLayers: number;
  /** Attention heads; divides `hiddenSize`. */
  readonly numAttentionHeads: number;
  /** Width of the feed-forward layer. */
  readonly intermediateSize: number;
  /** Rows of both position tables. */
  readonly maxPositionEmbeddings: number;
  /** Rows of both token type tables. */
  readonly typeVocabSize: number;
  /** 1e-5 for RoBERTa, 1e-12 for BERT. */
  readonly layerNormEps: number;
  /** Dropout after embeddings, attention output and feed-forward output. */
  readonly hiddenDropoutProb: number;
  /** Dropout of attention probabilities. */
  readonly attentionProbsDropoutProb: number;
  /** Standard deviation of initial weights. */
  readonly initializerRange: number;
  /** Id of the word pad token. */
  readonly padTokenId: number;
  /**
   * Whether words and entities have queries of their own for words and for entities (Yamada et al. 2020, 3.4). For fine-tuning;
   * pretraining does without.
   */
  readonly useEntityAwareAttention: boolean;
  /** Whether the word table decodes words, too; else `lm_head.decoder.weight` does. */
  readonly tieWordEmbeddings: boolean;
}

/** Throws a RangeError that names the field when a configuration cannot be built. */
export function validateLukeConfig(config: LukeConfig): void {
  const counts = [
    "vocabSize",
    "hiddenSize",
    "entityEmbSize",
    "numHiddenLayers",
    "numAttentionHeads",
    "intermediateSize",
    "maxPositionEmbeddings",
    "typeVocabSize",
  ] as const;
  for (const field of counts) {
    if (!Number.isInteger(config[field]) || config[field] < 1) {
      throw new RangeError(`${field} must be a positive integer, got ${config[field]}`);
    }
  }
  if (!Number.isInteger(config.entityVocabSize) || config.entityVocabSize < 0) {
    throw new RangeError(`entityVocabSize must be a count, got ${config.entityVocabSize}`);
  }
  for (const field of ["vocabSize", "entityVocabSize"] as const) {
    if (config[field] > MAX_CLASSES) {
      throw new RangeError(
        `${field} is ${config[field]}, more than the ${MAX_CLASSES} that can be told apart`,
      );
    }
  }
  if (config.entityVocabSize === 0 && config.useEntityAwareAttention) {
    throw new RangeError("entity-aware attention needs entities: entityVocabSize is 0");
  }
  for (const field of ["hiddenDropoutProb", "attentionProbsDropoutProb"] as const) {
    if (!(config[field] >= 0 && config[field] <= 0.99)) {
      throw new RangeError(`${field} must be between 0 and 0.99, got ${config[field]}`);
    }
  }
  if (config.hiddenSize / config.numAttentionHeads > MAX_HEAD_SIZE) {
    throw new RangeError(
      `heads of ${config.hiddenSize / config.numAttentionHeads} are wider than ${MAX_HEAD_SIZE}: ` +
        "raise numAttentionHeads",
    );
  }
  if (config.hiddenSize % config.numAttentionHeads !== 0) {
    throw new RangeError(
      `hiddenSize ${config.hiddenSize} is not divisible by numAttentionHeads ${config.numAttentionHeads}`,
    );
  }
}
