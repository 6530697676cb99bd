import { withEntityAwareQueries } from "../luke_parameters.ts";
import { normalArray } from "../random_normal.ts";
import { floatTensor, type RowRange, rowsOf } from "../weights/row_view.ts";
import type { StoredTensor } from "../weights/stored_tensor.ts";
import { WeightsError } from "../weights/weights_error.ts";
import {
  movedPositions,
  rowCount,
  sharedSettings,
  type SourceModel,
  sourceParameters,
  type SpecialWordIds,
  type WrittenModel,
} from "./written_model.ts";

const WORD_TABLE = "luke.embeddings.word_embeddings.weight";
const ENTITY_TABLE = "luke.entity_embeddings.entity_embeddings.weight";
const POOLER = "luke.pooler.dense";

/** What {@linkcode lukeForMaskedLM} writes besides the network as it is. */
export interface LukeForMaskedLMOptions {
  /** Ids of special words. */
  readonly specialWords: SpecialWordIds;
  /** Rows of the word table, its decoder and its bias. Default: all, as they are. */
  readonly words?: readonly RowRange[];
  /** Rows of the entity table and its bias. Default: all, as they are. */
  readonly entities?: readonly RowRange[];
  /**
   * Prepares fine-tuning with entity-aware attention: its queries are copies of the pretrained ones. A network that has them keeps
   * its own. Default false.
   */
  readonly useEntityAwareAttention?: boolean;
  /** The model that the words started from, for `bert_model_name`. */
  readonly bertModelName?: string;
}

/**
 * A network with entities as transformers' `LukeForMaskedLM`.
 *
 * - `lm_head.decoder.weight` and `.bias` are written too: transformers 5 does not tie the first to the word table and takes
 *   `lm_head.bias` from the second. `entity_predictions.decoder.weight` it ties itself; where the words are not tied it ties
 *   nothing, so then that is written as well.
 * - The pooler takes no part in pretraining, but transformers asks for it: without one of the source it is initialised as
 *   upstream initialises it.
 * - transformers' LUKE always counts word positions from the pad id on, as RoBERTa does. Where the network counts them from 0,
 *   as BERT does, the word position table moves down by pad id + 1 rows; both position tables share one size there, so the
 *   entity position table gets as many unused rows at its end. Logits stay the same.
 *
 * @throws {WeightsError} when the network has no entities or a parameter is missing.
 */
export function lukeForMaskedLM(source: SourceModel, options: LukeForMaskedLMOptions): WrittenModel {
  const { config } = source;
  if (config.entityVocabSize === 0) {
    throw new WeightsError(
      "the network has no entities: write it as BertForMaskedLM, RobertaForMaskedLM or XLMRobertaForMaskedLM",
    );
  }
  const words = options.words ?? [[0, config.vocabSize]];
  const entities = options.entities ?? [[0, config.entityVocabSize]];
  const positions = movedPositions(config, "roberta");
  const useEntityAwareAttention = config.useEntityAwareAttention ||
    (options.useEntityAwareAttention ?? false);

  const given = sourceParameters(source);
  const tensors = withEntityAwareQueries(given, { ...config, useEntityAwareAttention });
  const change = (name: string, ranges: readonly RowRange[]): void => {
    const tensor = given.get(name);
    if (tensor !== undefined) tensors.set(name, rowsOf(tensor, ranges));
  };
  change(WORD_TABLE, words);
  change("lm_head.decoder.weight", words);
  change("lm_head.bias", words);
  change(ENTITY_TABLE, entities);
  change("entity_predictions.bias", entities);
  change("luke.embeddings.position_embeddings.weight", positions.rows);
  change("luke.entity_embeddings.position_embeddings.weight", [
    [0, config.maxPositionEmbeddings],
    { zeros: positions.maxPositionEmbeddings - config.maxPositionEmbeddings },
  ]);
  const copy = (from: string, to: string): void => {
    const tensor = tensors.get(from);
    if (tensor !== undefined) tensors.set(to, tensor);
  };
  if (config.tieWordEmbeddings) copy(WORD_TABLE, "lm_head.decoder.weight");
  else copy(ENTITY_TABLE, "entity_predictions.decoder.weight");
  copy("lm_head.bias", "lm_head.decoder.bias");
  for (const [name, tensor] of pooler(source)) tensors.set(name, tensor);
  return {
    settings: {
      model_type: "luke",
      architectures: ["LukeForMaskedLM"],
      ...(options.bertModelName === undefined ? {} : { bert_model_name: options.bertModelName }),
      vocab_size: rowCount(words),
      entity_vocab_size: rowCount(entities),
      entity_emb_size: config.entityEmbSize,
      max_position_embeddings: positions.maxPositionEmbeddings,
      use_entity_aware_attention: useEntityAwareAttention,
      pad_token_id: config.padTokenId,
      bos_token_id: options.specialWords.clsId,
      eos_token_id: options.specialWords.sepId,
      ...sharedSettings(config),
    },
    tensors,
  };
}

/** The pooler of the source, or one as it is initialised: N(0, initializer_range²), no bias. */
export function pooler({ config, tensors }: SourceModel): Map<string, StoredTensor> {
  const size = config.hiddenSize;
  return new Map([
    [
      `${POOLER}.weight`,
      tensors.get(`${POOLER}.weight`) ??
        floatTensor([size, size], normalArray(size * size, config.initializerRange, 0)),
    ],
    [`${POOLER}.bias`, tensors.get(`${POOLER}.bias`) ?? floatTensor([size], new Float32Array(size))],
  ]);
}
