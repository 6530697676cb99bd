import type { LukeConfig } from "../luke_config.ts";
import { lukeParameters } from "../luke_parameters.ts";
import type { RowRange } from "../weights/row_view.ts";
import type { StoredTensor } from "../weights/stored_tensor.ts";
import { WeightsError } from "../weights/weights_error.ts";

/** A network to be written: what {@linkcode OpenedModel} and a checkpoint have. */
export interface SourceModel {
  /** Its shape. */
  readonly config: LukeConfig;
  /**
   * Tensors under the names of {@linkcode lukeParameters}, of which all must be there; `luke.pooler.dense.weight` and `.bias` are
   * taken if they are, others are not.
   */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** A model as a file format has it. */
export interface WrittenModel {
  /** The fields of `config.json`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Tensors under the names of the format, in the order in which they are written. Nothing is read before that. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Ids of special words. */
export interface SpecialWordIds {
  /** Fills rows. */
  readonly padId: number;
  /** Opens a sequence. */
  readonly clsId: number;
  /** Closes a sequence. */
  readonly sepId: number;
}

/** The parameters of `source`, in their order. @throws {WeightsError} when one is missing or has another shape. */
export function sourceParameters({ config, tensors }: SourceModel): Map<string, StoredTensor> {
  const parameters = new Map<string, StoredTensor>();
  const missing: string[] = [];
  for (const { name, shape } of lukeParameters(config)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      missing.push(name);
      continue;
    }
    const isSame = tensor.shape.length === shape.length && shape.every((size, i) => tensor.shape[i] === size);
    if (!isSame) {
      throw new WeightsError(
        `parameter ${name} has the shape [${tensor.shape}], the configuration says [${shape}]; ` +
          "take weights and configuration of one model",
      );
    }
    parameters.set(name, tensor);
  }
  if (missing.length > 0) {
    const more = missing.length > 3 ? ` and ${missing.length - 3} more` : "";
    throw new WeightsError(
      `parameters are missing: ${
        missing.slice(0, 3).join(", ")
      }${more}; take a checkpoint of the whole network`,
    );
  }
  return parameters;
}

/**
 * Where the rows of a word position table go when a network that counts as `from` is written as one that counts as `to`. RoBERTa's
 * first position is pad id + 1, BERT's 0.
 */
export function movedPositions(
  { baseModelType, padTokenId, maxPositionEmbeddings }: LukeConfig,
  to: LukeConfig["baseModelType"],
): { readonly rows: readonly RowRange[]; readonly maxPositionEmbeddings: number } {
  const offset = padTokenId + 1;
  if (baseModelType === to) return { rows: [[0, maxPositionEmbeddings]], maxPositionEmbeddings };
  if (to === "roberta") {
    return {
      rows: [{ zeros: offset }, [0, maxPositionEmbeddings]],
      maxPositionEmbeddings: maxPositionEmbeddings + offset,
    };
  }
  return {
    rows: [[offset, maxPositionEmbeddings]],
    maxPositionEmbeddings: maxPositionEmbeddings - offset,
  };
}

/** The fields of `config.json` that BERT, RoBERTa and LUKE share. */
export function sharedSettings(config: LukeConfig): Record<string, unknown> {
  return {
    dtype: "float32",
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.numHiddenLayers,
    num_attention_heads: config.numAttentionHeads,
    intermediate_size: config.intermediateSize,
    hidden_act: "gelu",
    hidden_dropout_prob: config.hiddenDropoutProb,
    attention_probs_dropout_prob: config.attentionProbsDropoutProb,
    type_vocab_size: config.typeVocabSize,
    initializer_range: config.initializerRange,
    layer_norm_eps: config.layerNormEps,
    classifier_dropout: null,
    tie_word_embeddings: config.tieWordEmbeddings,
  };
}

/** How many rows the ranges come to. */
export function rowCount(ranges: readonly RowRange[]): number {
  return ranges.reduce((sum, range) => sum + ("zeros" in range ? range.zeros : range[1] - range[0]), 0);
}
