import {
  BYTES_PER_ELEMENT,
  elementCount,
  type OpenedModel,
  type StoredDType,
  type WeightsReport,
} from "@lukeforge/model";
import { type ModelCheck, modelChecks } from "./model_checks.ts";

/** Scalars by part of a network, tied weights once. */
export interface ParameterCounts {
  /** The table of words. */
  readonly word_embeddings: number;
  /** Positions, types and layer norm of words. */
  readonly word_positions: number;
  /** The table of entities, and its projection. */
  readonly entity_embeddings: number;
  /** Positions, types and layer norm of entities. */
  readonly entity_positions: number;
  /** All layers. */
  readonly encoder: number;
  /** The head that predicts words, without a decoder that is tied. */
  readonly word_head: number;
  /** The head that predicts entities. */
  readonly entity_head: number;
  /** All of these. */
  readonly total: number;
  /** What the file has and the network has not: copies of tied weights, poolers, other heads. */
  readonly unused: number;
}

/** What `model-info` tells. */
export interface ModelFacts {
  /** The directory or file. */
  readonly path: string;
  /** The class in transformers that the file was written from, or that opens it. */
  readonly architecture: string;
  /** `bert`, `roberta`, `xlm-roberta` or `luke`. */
  readonly model_type: string;
  /** How word positions count. */
  readonly base_model_type: string;
  /** Encoder layers. */
  readonly num_hidden_layers: number;
  /** Width of the encoder. */
  readonly hidden_size: number;
  /** Attention heads. */
  readonly num_attention_heads: number;
  /** Width of the feed-forward layer. */
  readonly intermediate_size: number;
  /** Rows of the position tables. */
  readonly max_position_embeddings: number;
  /** Rows of the token type tables. */
  readonly type_vocab_size: number;
  /** Epsilon of layer norms. */
  readonly layer_norm_eps: number;
  /** Words. */
  readonly vocab_size: number;
  /** Entities; 0 for a network of words only. */
  readonly entity_vocab_size: number;
  /** Width of the entity table; 0 for a network of words only. */
  readonly entity_emb_size: number;
  /** Whether words and entities have queries of their own for each other. */
  readonly use_entity_aware_attention: boolean;
  /** Whether the word table decodes words. */
  readonly tie_word_embeddings: boolean;
  /** How the weights are stored. */
  readonly format: string;
  /** Bytes of all tensors in the file. */
  readonly bytes: number;
  /** Scalars in the file by element type. */
  readonly dtypes: Readonly<Partial<Record<StoredDType, number>>>;
  /** Scalars by part. */
  readonly parameters: ParameterCounts;
  /** What does not match, what is not read, and what one should know. */
  readonly report: WeightsReport;
  /** What was checked. */
  readonly checks: readonly ModelCheck[];
}

/** The classes that read files with heads. */
const MASKED_LANGUAGE_MODELS: Readonly<Record<string, string>> = {
  "bert": "BertForMaskedLM",
  "roberta": "RobertaForMaskedLM",
  "xlm-roberta": "XLMRobertaForMaskedLM",
  "luke": "LukeForMaskedLM",
};

/**
 * Looks an opened model over.
 *
 * @param progress takes scalars that were read and all that will be; giving it has every value checked.
 */
export async function modelFacts(
  model: OpenedModel,
  progress?: (done: number, total: number) => void,
): Promise<ModelFacts> {
  const { config, settings, weights } = model;
  const dtypes: Partial<Record<StoredDType, number>> = {};
  let bytes = 0;
  for (const { dtype, shape } of weights.tensors.values()) {
    const count = elementCount(shape);
    dtypes[dtype] = (dtypes[dtype] ?? 0) + count;
    bytes += count * BYTES_PER_ELEMENT[dtype];
  }
  const hasEntities = config.entityVocabSize > 0;
  return {
    path: model.path,
    architecture: Array.isArray(settings.architectures) && typeof settings.architectures[0] === "string"
      ? settings.architectures[0]
      : MASKED_LANGUAGE_MODELS[model.modelType] ?? model.modelType,
    model_type: model.modelType,
    base_model_type: config.baseModelType,
    num_hidden_layers: config.numHiddenLayers,
    hidden_size: config.hiddenSize,
    num_attention_heads: config.numAttentionHeads,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositionEmbeddings,
    type_vocab_size: config.typeVocabSize,
    layer_norm_eps: config.layerNormEps,
    vocab_size: config.vocabSize,
    entity_vocab_size: config.entityVocabSize,
    entity_emb_size: hasEntities ? config.entityEmbSize : 0,
    use_entity_aware_attention: config.useEntityAwareAttention,
    tie_word_embeddings: config.tieWordEmbeddings,
    format: model.format,
    bytes,
    dtypes,
    parameters: countParameters(model),
    report: model.report,
    checks: await modelChecks(model, progress),
  };
}

function countParameters({ tensors, weights, report }: OpenedModel): ParameterCounts {
  const sum = (pattern: RegExp): number => {
    let scalars = 0;
    for (const [name, { shape }] of tensors) if (pattern.test(name)) scalars += elementCount(shape);
    return scalars;
  };
  let unused = 0;
  for (const name of [...report.ignored, ...report.unexpected]) {
    unused += elementCount(weights.tensors.get(name)?.shape ?? [0]);
  }
  return {
    word_embeddings: sum(/^luke\.embeddings\.word_embeddings\./),
    word_positions: sum(/^luke\.embeddings\.(?!word_embeddings\.)/),
    entity_embeddings: sum(/^luke\.entity_embeddings\.entity_embedding/),
    entity_positions: sum(/^luke\.entity_embeddings\.(?!entity_embedding)/),
    encoder: sum(/^luke\.encoder\./),
    word_head: sum(/^lm_head\./),
    entity_head: sum(/^entity_predictions\./),
    total: sum(/^/),
    unused,
  };
}
