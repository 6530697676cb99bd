/** Widths that a plan is built for: the largest batch it holds. */
export interface BatchCapacity {
  /** Items. */
  readonly rows: number;
  /** Words of an item, with [CLS] and [SEP]. */
  readonly words: number;
  /** Entities of an item. */
  readonly entities: number;
  /** Word positions of a mention. */
  readonly mentionLength: number;
  /** Masked words of the whole batch. */
  readonly maskedWords: number;
  /** Masked entities of the whole batch. */
  readonly maskedEntities: number;
}

/** One micro-batch on the host. Matrices are row-major; −1 pads positions. */
export interface LukeBatch {
  /** Items. */
  readonly rows: number;
  /** Words of the longest item, with [CLS] and [SEP]. */
  readonly words: number;
  /** Entities of the item with the most, at least 1. */
  readonly entities: number;
  /** Word positions kept of a mention. */
  readonly mentionLength: number;
  /** [rows, words], the pad id past the end of an item. */
  readonly wordIds: Int32Array;
  /** [rows, words], 1 for words, 0 for padding. */
  readonly wordAttentionMask: Int32Array;
  /** [rows, entities], 0 past the last entity. */
  readonly entityIds: Int32Array;
  /** [rows, entities], 1 for entities, 0 for padding. */
  readonly entityAttentionMask: Int32Array;
  /** [rows, entities, mentionLength], positions of the mention's words with [CLS] at 0, −1 past the last. */
  readonly entityPositionIds: Int32Array;
  /** Flat positions row · words + word whose logits are wanted. */
  readonly maskedWordPositions: Int32Array;
  /** The word ids to predict there. */
  readonly maskedWordLabels: Int32Array;
  /** Flat positions row · entities + entity whose logits are wanted. */
  readonly maskedEntityPositions: Int32Array;
  /** The entity ids to predict there. */
  readonly maskedEntityLabels: Int32Array;
}

/** Whether a plan of this capacity holds the batch. */
export function fits(batch: LukeBatch, capacity: BatchCapacity): boolean {
  return batch.rows <= capacity.rows && batch.words <= capacity.words &&
    batch.entities <= capacity.entities &&
    batch.mentionLength <= capacity.mentionLength && batch.maskedWordLabels.length <= capacity.maskedWords &&
    batch.maskedEntityLabels.length <= capacity.maskedEntities;
}
