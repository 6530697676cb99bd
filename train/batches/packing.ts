import type { BatchCapacity, LukeBatch } from "@lukeforge/model";
import { collateRows, type ItemExtremes, type MaskedItem } from "../masking/masking_collator.ts";
import type { MaskingOptions } from "../masking/masking_options.ts";

/** How much a row of several items holds. An item that is larger has a row of its own. */
export interface RowLimits {
  /** Words of a row, with the `[CLS]` and `[SEP]` of its items. */
  readonly words: number;
  /** Entities of a row. */
  readonly entities: number;
}

/**
 * Puts masked items into as few rows as first-fit decreasing finds, in which they do not attend to each other: the batch has the loss
 * of the same items in rows of their own, and less padding. Equal items in an equal order give an equal batch.
 */
export function packItems(items: readonly MaskedItem[], limits: RowLimits, padId: number): LukeBatch {
  const rows: { items: MaskedItem[]; words: number; entities: number }[] = [];
  // Sorting is stable: items of one length stay in their order.
  for (const item of [...items].sort((a, b) => b.wordIds.length - a.wordIds.length)) {
    const [words, entities] = [item.wordIds.length, item.entities.length];
    const row = rows.find((row) =>
      row.words + words <= limits.words && row.entities + entities <= limits.entities
    );
    if (row === undefined) rows.push({ items: [item], words, entities });
    else {
      row.items.push(item);
      row.words += words;
      row.entities += entities;
    }
  }
  return collateRows(rows.map(({ items }) => items), padId);
}

/** Words and entities of all items together, as the metadata of a data set tell them. */
export interface ItemTotals {
  /** Words, without `[CLS]` and `[SEP]`. */
  readonly total_words: number;
  /** Entities. */
  readonly total_entities: number;
}

/** Room for entities in a row, over those that so many words have on average: more is seldom filled, with less, words find no room. */
const ENTITY_ROOM = 1.5;

/**
 * The limits of rows of `words` words, or of as many as the longest item has: room for half as many entities again as so many words
 * have on average, and for those of the item that has most.
 */
export function rowLimits(
  items: ItemExtremes & ItemTotals,
  { wordOnlyTraining = false }: MaskingOptions = {},
  words: number = 0,
): RowLimits {
  const width = Math.max(words, items.longest_item + 2, 3);
  const average = items.total_words === 0 ? 0 : width * items.total_entities / items.total_words;
  const entities = Math.max(items.most_entities, Math.ceil(ENTITY_ROOM * average));
  return { words: width, entities: wordOnlyTraining ? 0 : entities };
}

/**
 * A capacity that no packed batch exceeds whose items have `capacity` in rows of their own. It has as many rows, since all items may be
 * long: those that a batch does not have cost memory, not time.
 */
export function packedCapacity(capacity: BatchCapacity, limits: RowLimits): BatchCapacity {
  return {
    ...capacity,
    words: Math.max(capacity.words, limits.words),
    entities: capacity.entities === 0 ? 0 : Math.max(capacity.entities, limits.entities),
  };
}
