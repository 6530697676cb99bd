import type { DatasetItem, ItemEntity } from "../building/page_items.ts";

/** An item read from a dataset directory. */
export interface StoredItem {
  /** Entity id of the page's own title, −1 when the vocabulary lacks it. */
  readonly pageId: number;
  /** Word ids without `[CLS]` and `[SEP]`. */
  readonly wordIds: Int32Array;
  /** Its entities in the order of their mentions. */
  readonly entities: ItemEntity[];
}

const HEADER_WORDS = 3;
const ENTITY_WORDS = 3;

/** Bytes of the record of an item. */
export function recordBytes(words: number, entities: number): number {
  return 4 * (HEADER_WORDS + words + ENTITY_WORDS * entities);
}

/**
 * The record of an item: page id, number of words n, number of entities m, n word ids, m times entity id, start, length; 32 bits
 * each.
 */
export function encodeItem(item: DatasetItem): Int32Array {
  const words = item.wordIds.length;
  const record = new Int32Array(recordBytes(words, item.entities.length) / 4);
  record[0] = item.pageId;
  record[1] = words;
  record[2] = item.entities.length;
  record.set(item.wordIds, HEADER_WORDS);
  item.entities.forEach(({ id, start, length }, i) => {
    const at = HEADER_WORDS + words + ENTITY_WORDS * i;
    record[at] = id;
    record[at + 1] = start;
    record[at + 2] = length;
  });
  return record;
}

/** The item of a record, or `undefined` when its counts disagree with its length. */
export function decodeItem(record: Int32Array): StoredItem | undefined {
  const [pageId, words, entityCount] = record;
  if (pageId === undefined || words === undefined || entityCount === undefined) return undefined;
  if (words < 0 || entityCount < 0 || recordBytes(words, entityCount) !== record.byteLength) return undefined;
  const end = HEADER_WORDS + words;
  const entities: ItemEntity[] = [];
  for (let at = end; at < record.length; at += ENTITY_WORDS) {
    entities.push({ id: record[at] ?? 0, start: record[at + 1] ?? 0, length: record[at + 2] ?? 0 });
  }
  return { pageId, wordIds: record.subarray(HEADER_WORDS, end), entities };
}
