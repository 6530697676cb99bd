import type { LukeConfig } from "./luke_config.ts";

/** Widths that a plan is built for: the largest batch it holds. */
export interface BatchCapacity {
  /** Rows: items, or several items a row. */
  readonly rows: number;
  /** Words of a row, with [CLS] and [SEP]. */
  readonly words: number;
  /** Entities of a row; 0 for words only. */
  readonly entities: number;
  /** Word positions of a mention. */
  readonly mentionLength: number;
  /** Masked words of the whole batch; 0 where only hidden states are wanted. */
  readonly maskedWords: number;
  /** Masked entities of the whole batch. */
  readonly maskedEntities: number;
}

/**
 * One micro-batch on the host. Matrices are row-major; −1 pads positions. A row is one item, or several, each with its own [CLS] and
 * [SEP], that do not attend to each other; the attention masks tell which item of its row a place belongs to.
 */
export interface LukeBatch {
  /** Rows. */
  readonly rows: number;
  /** Words of the longest row, with [CLS] and [SEP]. */
  readonly words: number;
  /** Entities of the row with the most; 0 where there are none. */
  readonly entities: number;
  /** Word positions kept of a mention. */
  readonly mentionLength: number;
  /** [rows, words], the pad id past the end of a row. */
  readonly wordIds: Int32Array;
  /** [rows, words], k for words of a row's k-th item (1 where a row is one item), 0 for padding; items stand in their order. */
  readonly wordAttentionMask: Int32Array;
  /** [rows, words], token types; all 0 unless given. */
  readonly wordTypeIds?: Int32Array;
  /** [rows, entities], 0 past the last entity. */
  readonly entityIds: Int32Array;
  /** [rows, entities], k for entities of a row's k-th item, in any order, 0 for padding. */
  readonly entityAttentionMask: Int32Array;
  /** [rows, entities, mentionLength], positions of the mention's words with the [CLS] of its item at 0, −1 past the last. */
  readonly entityPositionIds: Int32Array;
  /** [rows, entities], token types; all 0 unless given. */
  readonly entityTypeIds?: Int32Array;
  /** Flat positions row · words + word whose logits are wanted. */
  readonly maskedWordPositions: Int32Array;
  /** The word ids to predict there; empty where only logits are wanted. */
  readonly maskedWordLabels: Int32Array;
  /** Flat positions row · entities + entity whose logits are wanted. */
  readonly maskedEntityPositions: Int32Array;
  /** The entity ids to predict there; empty where only logits are wanted. */
  readonly maskedEntityLabels: Int32Array;
}

/**
 * The capacity that a network of `config` has a plan of: no entities where the network has none. A plan that trains has at least one
 * of everything that the network has, so that every gradient is written.
 */
export function planCapacity(
  capacity: BatchCapacity,
  { entityVocabSize }: Pick<LukeConfig, "entityVocabSize">,
  training: boolean,
): BatchCapacity {
  const least = training ? 1 : 0;
  const entities = entityVocabSize === 0 ? 0 : Math.max(capacity.entities, least);
  return {
    ...capacity,
    entities,
    mentionLength: Math.max(capacity.mentionLength, 1),
    maskedWords: Math.max(capacity.maskedWords, least),
    maskedEntities: entities === 0 ? 0 : Math.max(capacity.maskedEntities, least),
  };
}

/** Whether a plan of this capacity holds the batch. */
export function fits(batch: LukeBatch, capacity: BatchCapacity): boolean {
  return batch.rows <= capacity.rows && batch.words <= capacity.words &&
    batch.entities <= capacity.entities &&
    (batch.entities === 0 || batch.mentionLength <= capacity.mentionLength) &&
    batch.maskedWordPositions.length <= capacity.maskedWords &&
    batch.maskedEntityPositions.length <= capacity.maskedEntities;
}
