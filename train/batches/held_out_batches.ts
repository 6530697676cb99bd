import type { BatchCapacity, LukeBatch } from "@lukeforge/model";
import {
  batchCapacity,
  collate,
  type ItemExtremes,
  type MaskedItem,
  MaskingCollator,
  type MaskingEntityVocab,
  plainItem,
} from "../masking/masking_collator.ts";
import type { MaskingOptions } from "../masking/masking_options.ts";
import type { MaskingTables } from "../masking/masking_tables.ts";
import type { DatasetItem } from "../building/page_items.ts";

/** Any items in an order: a `Dataset` is one. */
export interface ItemSource {
  /** Number of items. */
  readonly size: number;
  /** Item `index`. @throws {RangeError} when there is none. */
  item(index: number): DatasetItem;
}

/** Options of {@linkcode heldOutWordBatches}. */
export interface HeldOutWordOptions {
  /** Items of a batch. */
  readonly rows: number;
  /** How often each item is masked, each time differently. Default 5. */
  readonly draws?: number;
  /** Default 0. */
  readonly seed?: number;
  /** How words are masked; entities are shown and never masked. */
  readonly masking?: MaskingOptions;
}

/**
 * Batches that measure the word objective: draw 0 of all items in order, then draw 1, … The same seed gives the same masks in
 * every evaluation, so that losses of different checkpoints compare.
 */
export function* heldOutWordBatches(
  source: ItemSource,
  tables: MaskingTables,
  vocab: MaskingEntityVocab,
  options: HeldOutWordOptions,
): Generator<LukeBatch, void, void> {
  const { rows, draws = 5, seed = 0 } = options;
  const collator = new MaskingCollator(tables, vocab, { ...options.masking, maskedEntityProb: 0 });
  for (let draw = 0; draw < draws; draw++) {
    for (let first = 0; first < source.size; first += rows) {
      const items: MaskedItem[] = [];
      for (let index = first; index < Math.min(first + rows, source.size); index++) {
        // Epochs of training count up from 0: these keys never meet theirs.
        items.push(collator.maskItem(source.item(index), { seed, epoch: 0xffffffff - draw, item: index }));
      }
      yield collator.collate(items);
    }
  }
}

/**
 * Batches that mask every mention exactly once, words untouched: round r masks mention r of each item that has one. Batches mix
 * no rounds; the last one of a round may have fewer rows.
 *
 * @param rows items of a batch.
 */
export function* heldOutEntityBatches(
  source: ItemSource,
  tables: MaskingTables,
  vocab: MaskingEntityVocab,
  rows: number,
): Generator<LukeBatch, void, void> {
  let waiting = Array.from({ length: source.size }, (_, index) => index);
  for (let round = 0; waiting.length > 0; round++) {
    const next: number[] = [];
    let items: MaskedItem[] = [];
    for (const index of waiting) {
      const masked = maskMention(source.item(index), round, tables, vocab);
      if (masked === undefined) continue;
      items.push(masked);
      next.push(index);
      if (items.length === rows) {
        yield collate(items, tables.padId);
        items = [];
      }
    }
    if (items.length > 0) yield collate(items, tables.padId);
    waiting = next;
  }
}

function maskMention(
  item: DatasetItem,
  mention: number,
  tables: MaskingTables,
  vocab: MaskingEntityVocab,
): MaskedItem | undefined {
  const { wordIds, entities } = plainItem(item, tables);
  const entity = entities[mention];
  if (entity === undefined) return undefined;
  entities[mention] = { ...entity, id: vocab.maskId };
  return {
    wordIds,
    maskedWordPositions: [],
    maskedWordLabels: [],
    entities,
    maskedEntityIndices: [mention],
    maskedEntityLabels: [entity.id],
  };
}

/** A capacity that holds every batch of {@linkcode heldOutWordBatches} and {@linkcode heldOutEntityBatches}. */
export function heldOutCapacity(
  extremes: ItemExtremes,
  rows: number,
  masking: MaskingOptions = {},
): BatchCapacity {
  const wholeItems = { ...masking, maskedEntityProb: 0, wordOnlyTraining: false };
  return { ...batchCapacity(extremes, rows, wholeItems), maskedEntities: rows };
}
