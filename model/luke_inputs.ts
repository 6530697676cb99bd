import { type BatchCapacity, fits, type LukeBatch } from "./luke_batch.ts";
import type { LukeConfig } from "./luke_config.ts";
import { type Lookup, makeLookup } from "./ops/embedding/lookup.ts";

/** A batch in the layout of a plan of some capacity. */
export interface EncodedLukeBatch {
  /** Lookups in each table; names as in the plan. */
  readonly lookups: Readonly<
    Record<"words" | "wordPositions" | "wordTypes" | "entities" | "entityPositions" | "entityTypes", Lookup>
  >;
  /** [rows, words + entities], which item of its row a place belongs to, from 1 on; 0 is padding. */
  readonly mask: Int32Array;
  /** Rows of the concatenated sequence whose word logits are wanted. */
  readonly maskedWords: Int32Array;
  /** Rows of the concatenated sequence whose entity logits are wanted. */
  readonly maskedEntities: Int32Array;
  /** The labels of the masked words, −1 where the batch has none. */
  readonly wordLabels: Int32Array;
  /** The labels of the masked entities, −1 where the batch has none. */
  readonly entityLabels: Int32Array;
}

/** Copies [rows, from] into [rows, to], the rest filled. */
function widen(values: Int32Array, rows: number, from: number, to: number, fill: number): Int32Array {
  if (from === to) return values;
  const wide = new Int32Array(rows * to).fill(fill);
  for (let row = 0; row < rows; row++) wide.set(values.subarray(row * from, (row + 1) * from), row * to);
  return wide;
}

/**
 * Position ids of words: RoBERTa counts words that are not padding from pad id + 1 on and gives padding the pad id; BERT counts
 * all from 0. Each item of a row is counted anew; padding counts on from the item before it. `wordIds` and `mask` are [rows, words],
 * the latter as {@linkcode LukeBatch.wordAttentionMask}.
 */
export function wordPositionIds(
  wordIds: Int32Array,
  mask: Int32Array,
  words: number,
  type: LukeConfig["baseModelType"],
  padId: number,
): Int32Array {
  let count = 0, start = 0, item = 0;
  return wordIds.map((id, i) => {
    const group = mask[i] ?? 0;
    if (i % words === 0 || (group !== 0 && item !== 0 && group !== item)) [count, start, item] = [0, i, 0];
    if (group !== 0) item = group;
    if (type === "bert") return i - start;
    return id === padId ? padId : padId + ++count;
  });
}

/**
 * Throws a RangeError unless the words of each row are of items 1, 2, … in this order, padding anywhere, and the entities of items
 * that the row has; a row without words has the entities of one.
 */
function checkItems({ rows, words, entities, wordAttentionMask, entityAttentionMask }: LukeBatch): void {
  for (let row = 0; row < rows; row++) {
    let items = 0;
    for (let i = row * words; i < (row + 1) * words; i++) {
      const item = wordAttentionMask[i] ?? 0;
      if (item === 0 || item === items) continue;
      if (item !== items + 1) {
        throw new RangeError(
          `row ${row}: a word of item ${item} stands after item ${items} in the attention mask`,
        );
      }
      items = item;
    }
    for (let i = row * entities; i < (row + 1) * entities; i++) {
      const item = entityAttentionMask[i] ?? 0;
      if (item < 0 || item > Math.max(items, 1)) {
        throw new RangeError(`row ${row}: an entity is of item ${item} in the attention mask, of ${items}`);
      }
    }
  }
}

/** Throws a RangeError that names the width when a batch is beyond the capacity; nothing is ever cut. */
function checkFits(batch: LukeBatch, capacity: BatchCapacity): void {
  if (fits(batch, capacity)) return;
  const widths = (["rows", "words", "entities", "mentionLength"] as const)
    .map((name) => `${name} ${batch[name]} of ${capacity[name]}`);
  throw new RangeError(
    `the batch is beyond the plan's capacity: ${
      widths.join(", ")
    }, masked words ${batch.maskedWordPositions.length} of ` +
      `${capacity.maskedWords}, masked entities ${batch.maskedEntityPositions.length} of ${capacity.maskedEntities}`,
  );
}

/** Throws a RangeError when an id is beyond its table: kernels do not look. */
function checkIds(what: string, ids: Int32Array, size: number, least: 0 | -1 = 0): void {
  for (let i = 0; i < ids.length; i++) { // this is many ids a step, and twice as fast as an iterator
    const id = ids[i] ?? least;
    if (id >= size || id < least) throw new RangeError(`${what} ${id} is outside the table of ${size} rows`);
  }
}

/** Throws a RangeError when masked places lie outside the batch, stand twice or have neither one label each nor none at all. */
function checkPlaces(what: string, places: Int32Array, labels: Int32Array, size: number): void {
  if (labels.length > 0 && places.length !== labels.length) {
    throw new RangeError(`${places.length} ${what} have ${labels.length} labels`);
  }
  const seen = new Set<number>();
  for (const place of places) {
    if (place < 0 || place >= size) throw new RangeError(`${what}: ${place} is outside the batch of ${size}`);
    if (seen.has(place)) throw new RangeError(`${what}: ${place} stands twice`);
    seen.add(place);
  }
}

/** [rows, columns] of `ids`, zeros where there are none. Throws a RangeError when there are more or fewer. */
function typeIds(what: string, ids: Int32Array | undefined, length: number): Int32Array {
  if (ids && ids.length !== length) throw new RangeError(`${ids.length} ${what}s for ${length} places`);
  return ids ?? new Int32Array(length);
}

/**
 * Lays a batch out for a plan of `capacity`. Throws a RangeError for ids outside the tables, items that are not numbered as a
 * batch numbers them, and batches beyond the capacity.
 */
export function encodeLukeBatch(
  batch: LukeBatch,
  capacity: BatchCapacity,
  config: LukeConfig,
): EncodedLukeBatch {
  checkFits(batch, capacity);
  checkItems(batch);
  const { rows } = batch;
  const wordIds = widen(batch.wordIds, rows, batch.words, capacity.words, config.padTokenId);
  const wordMask = widen(batch.wordAttentionMask, rows, batch.words, capacity.words, 0);
  const entityIds = widen(batch.entityIds, rows, batch.entities, capacity.entities, 0);
  const entityMask = widen(batch.entityAttentionMask, rows, batch.entities, capacity.entities, 0);
  const mentions = widen(
    batch.entityPositionIds,
    rows * batch.entities,
    batch.mentionLength,
    capacity.mentionLength,
    -1,
  );
  const wordTypes = widen(
    typeIds("word type id", batch.wordTypeIds, rows * batch.words),
    rows,
    batch.words,
    capacity.words,
    0,
  );
  const entityTypes = widen(
    typeIds("entity type id", batch.entityTypeIds, rows * batch.entities),
    rows,
    batch.entities,
    capacity.entities,
    0,
  );
  const { mentionLength } = capacity;
  const entityPositions = widen(
    mentions,
    rows,
    batch.entities * mentionLength,
    capacity.entities * mentionLength,
    -1,
  );
  const positionsOf = (ids: Int32Array, mask: Int32Array, words: number): Int32Array =>
    wordPositionIds(ids, mask, words, config.baseModelType, config.padTokenId);
  // Capacities and rows of several items may be wider than the table: padding behind its end takes the last row.
  const positions = positionsOf(wordIds, wordMask, capacity.words)
    .map((position) => Math.min(position, config.maxPositionEmbeddings - 1));

  checkIds("word id", wordIds, config.vocabSize);
  checkIds(
    "word position",
    positionsOf(batch.wordIds, batch.wordAttentionMask, batch.words)
      .filter((_, place) => batch.wordAttentionMask[place] !== 0),
    config.maxPositionEmbeddings,
  );
  checkIds("entity id", entityIds, config.entityVocabSize);
  checkIds("entity position", entityPositions, config.maxPositionEmbeddings, -1);
  checkIds("word type id", wordTypes, config.typeVocabSize);
  checkIds("entity type id", entityTypes, config.typeVocabSize);
  checkIds("word label", batch.maskedWordLabels, config.vocabSize);
  checkIds("entity label", batch.maskedEntityLabels, config.entityVocabSize);
  checkPlaces("masked word positions", batch.maskedWordPositions, batch.maskedWordLabels, rows * batch.words);
  checkPlaces(
    "masked entity positions",
    batch.maskedEntityPositions,
    batch.maskedEntityLabels,
    rows * batch.entities,
  );

  const length = capacity.words + capacity.entities;
  const mask = new Int32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    mask.set(wordMask.subarray(row * capacity.words, (row + 1) * capacity.words), row * length);
    mask.set(
      entityMask.subarray(row * capacity.entities, (row + 1) * capacity.entities),
      row * length + capacity.words,
    );
  }
  const place = (flat: number, width: number, offset: number): number =>
    Math.floor(flat / width) * length + offset + flat % width;
  // A label under 0 has no loss.
  const labelsOr = (labels: Int32Array, places: Int32Array): Int32Array =>
    labels.length > 0 ? labels : new Int32Array(places.length).fill(-1);
  const paddedPosition = config.baseModelType === "roberta" ? config.padTokenId : undefined;
  return {
    lookups: {
      words: makeLookup(wordIds, 1, config.padTokenId),
      wordPositions: makeLookup(positions, 1, paddedPosition),
      wordTypes: makeLookup(wordTypes, 1),
      entities: makeLookup(entityIds, 1, 0),
      entityPositions: makeLookup(entityPositions, mentionLength),
      entityTypes: makeLookup(entityTypes, 1),
    },
    mask,
    maskedWords: batch.maskedWordPositions.map((flat) => place(flat, batch.words, 0)),
    maskedEntities: batch.maskedEntityPositions.map((flat) => place(flat, batch.entities, capacity.words)),
    wordLabels: labelsOr(batch.maskedWordLabels, batch.maskedWordPositions),
    entityLabels: labelsOr(batch.maskedEntityLabels, batch.maskedEntityPositions),
  };
}
