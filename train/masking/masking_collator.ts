import type { BatchCapacity, LukeBatch } from "@lukeforge/model";
import {
  type MaskingOptions,
  type ResolvedMaskingOptions,
  resolveMaskingOptions,
} from "./masking_options.ts";
import type { MaskingTables } from "./masking_tables.ts";
import type { DatasetItem, ItemEntity } from "../building/page_items.ts";
import { PURPOSE, RandomStream } from "../random.ts";
import { roundHalfEven } from "./round_half_even.ts";
import { maskWords } from "./word_masking.ts";

/** The part of an entity vocabulary that masking needs. */
export interface MaskingEntityVocab {
  /** Number of ids. */
  readonly size: number;
  /** Id of `[MASK]`. */
  readonly maskId: number;
}

/** Where in training an item is masked; equal keys mask an item equally. */
export interface MaskingKey {
  /** The run's seed. */
  readonly seed: number;
  /** Pass over the data; a new pass masks anew. */
  readonly epoch: number;
  /** Index of the item in its data set. */
  readonly item: number;
}

/** An item as the model sees it, and what it is to predict. Positions count `[CLS]` as 0. */
export interface MaskedItem {
  /** `[CLS]` words `[SEP]`. */
  readonly wordIds: Int32Array;
  /** Positions to predict, in the order in which they were chosen. */
  readonly maskedWordPositions: readonly number[];
  /** The word ids that stood there. */
  readonly maskedWordLabels: readonly number[];
  /** Entities as shown; `start` counts `[CLS]`. */
  readonly entities: readonly ItemEntity[];
  /** Indices into `entities`. */
  readonly maskedEntityIndices: readonly number[];
  /** The entity ids that stood there. */
  readonly maskedEntityLabels: readonly number[];
}

/** What masks items and makes batches of them: {@linkcode MaskingCollator}, `LanguageModelingCollator`. */
export interface ItemCollator {
  /** What stands behind the last word of a row. */
  readonly padId: number;
  /** Masks one item, by its key alone. */
  maskItem(item: DatasetItem, key: MaskingKey): MaskedItem;
  /** Masks items, each under its own key, and makes one batch of them. */
  batch(items: readonly { readonly item: DatasetItem; readonly key: MaskingKey }[]): LukeBatch;
}

/** Makes micro-batches out of items: masks by LUKE's rules, adds `[CLS]` and `[SEP]`, pads. */
export class MaskingCollator implements ItemCollator {
  /** The options with their defaults. */
  readonly options: ResolvedMaskingOptions;
  /** What stands behind the last word of a row. */
  readonly padId: number;
  readonly #tables: MaskingTables;
  readonly #vocab: MaskingEntityVocab;

  /** Takes what ids mean and how to mask. @throws {UserError} when the options make no sense. */
  constructor(tables: MaskingTables, vocab: MaskingEntityVocab, options: MaskingOptions = {}) {
    this.options = resolveMaskingOptions(options);
    this.padId = tables.padId;
    this.#tables = tables;
    this.#vocab = vocab;
  }

  /**
   * Masks one item. The result depends on the key and the item alone, not on its batch or on what was masked before.
   *
   * Entities first: max(1, round(entities × maskedEntityProb)) of them, chosen at random, each replaced by `[MASK]`, by a random
   * entity (ids above `[MASK]`'s) or left. Then words, see {@linkcode maskWords}.
   */
  maskItem(item: DatasetItem, key: MaskingKey): MaskedItem {
    const random = new RandomStream(key.seed, key.epoch, key.item, PURPOSE.masking);
    const plain = plainItem(item, this.#tables, this.options.wordOnlyTraining);
    const { entities, indices, labels } = this.#maskEntities(plain.entities, random);
    const masked = maskWords(
      plain.wordIds,
      this.options.maskWordsInEntitySpan ? indices.flatMap((index) => plain.entities[index] ?? []) : [],
      this.#tables,
      this.options,
      random,
    );
    return {
      wordIds: masked.wordIds,
      maskedWordPositions: masked.positions,
      maskedWordLabels: masked.labels,
      entities,
      maskedEntityIndices: indices,
      maskedEntityLabels: labels,
    };
  }

  /** Masks items, each under its own key, and makes one batch of them. */
  batch(items: readonly { readonly item: DatasetItem; readonly key: MaskingKey }[]): LukeBatch {
    return this.collate(items.map(({ item, key }) => this.maskItem(item, key)));
  }

  /** Pads masked items to a batch; see {@linkcode collate}. */
  collate(items: readonly MaskedItem[]): LukeBatch {
    return collate(items, this.padId);
  }

  #maskEntities(
    shown: readonly ItemEntity[],
    random: RandomStream,
  ): { entities: readonly ItemEntity[]; indices: number[]; labels: number[] } {
    const { maskedEntityProb, randomEntityProb, unmaskedEntityProb } = this.options;
    if (maskedEntityProb === 0 || shown.length === 0) return { entities: shown, indices: [], labels: [] };
    const count = Math.max(1, roundHalfEven(shown.length * maskedEntityProb));
    const order = shown.map((_, i) => i);
    const indices = random.shuffle(order).slice(0, count);
    const entities = shown.slice();
    const labels: number[] = [];
    const firstRandom = this.#vocab.maskId + 1;
    for (const index of indices) {
      const entity = shown[index];
      if (entity === undefined) continue;
      labels.push(entity.id);
      const draw = random.uniform();
      if (draw < 1 - randomEntityProb - unmaskedEntityProb || firstRandom >= this.#vocab.size) {
        entities[index] = withId(entity, this.#vocab.maskId);
      } else if (draw < 1 - unmaskedEntityProb) {
        entities[index] = withId(entity, random.integer(firstRandom, this.#vocab.size - 1));
      }
    }
    return { entities, indices, labels };
  }
}

function withId({ start, length }: ItemEntity, id: number): ItemEntity {
  return { id, start, length };
}

/** `[CLS]` words `[SEP]` with nothing masked, and the entities with positions that count `[CLS]`. */
export function plainItem(
  item: DatasetItem,
  tokenizer: { readonly clsId: number; readonly sepId: number },
  wordOnly = false,
): { wordIds: Int32Array; entities: ItemEntity[] } {
  const wordIds = new Int32Array(item.wordIds.length + 2);
  wordIds[0] = tokenizer.clsId;
  wordIds.set(item.wordIds, 1);
  wordIds[wordIds.length - 1] = tokenizer.sepId;
  const entities = wordOnly
    ? []
    : item.entities.map(({ id, start, length }) => ({ id, start: start + 1, length }));
  return { wordIds, entities };
}

/**
 * Pads masked items to one batch of an item a row, as wide as its longest item, its most entities (none for words only) and its
 * longest mention (at least 1).
 *
 * @param padToMultipleOf the number of words is a multiple of it.
 */
export function collate(items: readonly MaskedItem[], padId: number, padToMultipleOf = 1): LukeBatch {
  return collateRows(items.map((item) => [item]), padId, padToMultipleOf);
}

/** As {@linkcode collate} with any number of items a row, one behind the other; they do not attend to each other. */
export function collateRows(
  packed: readonly (readonly MaskedItem[])[],
  padId: number,
  padToMultipleOf = 1,
): LukeBatch {
  const rows = packed.length;
  let words = 0, entities = 0, mentionLength = 1;
  for (const items of packed) {
    words = Math.max(words, items.reduce((sum, { wordIds }) => sum + wordIds.length, 0));
    entities = Math.max(entities, items.reduce((sum, item) => sum + item.entities.length, 0));
    for (const item of items) {
      for (const { length } of item.entities) mentionLength = Math.max(mentionLength, length);
    }
  }
  words = Math.ceil(words / padToMultipleOf) * padToMultipleOf;
  const wordIds = new Int32Array(rows * words).fill(padId);
  const wordAttentionMask = new Int32Array(rows * words);
  const entityIds = new Int32Array(rows * entities);
  const entityAttentionMask = new Int32Array(rows * entities);
  const entityPositionIds = new Int32Array(rows * entities * mentionLength).fill(-1);
  const wordPositions: number[] = [], wordLabels: number[] = [];
  const entityPositions: number[] = [], entityLabels: number[] = [];
  packed.forEach((items, row) => {
    let word = row * words, entity = row * entities; // where the item begins
    items.forEach((item, k) => {
      wordIds.set(item.wordIds, word);
      wordAttentionMask.fill(k + 1, word, word + item.wordIds.length);
      item.entities.forEach(({ id, start, length }, i) => {
        const flat = entity + i;
        entityIds[flat] = id;
        entityAttentionMask[flat] = k + 1;
        for (let p = 0; p < length; p++) entityPositionIds[flat * mentionLength + p] = start + p;
      });
      for (const position of item.maskedWordPositions) wordPositions.push(word + position);
      wordLabels.push(...item.maskedWordLabels);
      for (const index of item.maskedEntityIndices) entityPositions.push(entity + index);
      entityLabels.push(...item.maskedEntityLabels);
      word += item.wordIds.length;
      entity += item.entities.length;
    });
  });
  return {
    rows,
    words,
    entities,
    mentionLength,
    wordIds,
    wordAttentionMask,
    entityIds,
    entityAttentionMask,
    entityPositionIds,
    maskedWordPositions: Int32Array.from(wordPositions),
    maskedWordLabels: Int32Array.from(wordLabels),
    maskedEntityPositions: Int32Array.from(entityPositions),
    maskedEntityLabels: Int32Array.from(entityLabels),
  };
}

/** The longest things in a data set, as its metadata tell them. */
export interface ItemExtremes {
  /** Words of the longest item, without `[CLS]` and `[SEP]`. */
  readonly longest_item: number;
  /** Entities of the item that has most. */
  readonly most_entities: number;
  /** Words of the longest mention. */
  readonly longest_mention: number;
}

/** A capacity that no batch of `rows` items exceeds, however they are masked. */
export function batchCapacity(
  extremes: ItemExtremes,
  rows: number,
  options: MaskingOptions = {},
): BatchCapacity {
  const { maskedLmProb, maskedEntityProb, maskWordsInEntitySpan, wordOnlyTraining } = resolveMaskingOptions(
    options,
  );
  const entities = wordOnlyTraining ? 0 : extremes.most_entities;
  const longest = Math.max(1, extremes.longest_item);
  const maskedEntities = maskedEntityProb === 0 || entities === 0
    ? 0
    : Math.max(1, roundHalfEven(entities * maskedEntityProb));
  const budget = Math.max(1, roundHalfEven(longest * maskedLmProb));
  const spans = maskWordsInEntitySpan ? maskedEntities * extremes.longest_mention : 0;
  return {
    rows,
    words: longest + 2,
    entities,
    mentionLength: entities === 0 ? 1 : Math.max(1, extremes.longest_mention),
    maskedWords: maskedLmProb === 0 ? 0 : rows * Math.min(longest, Math.max(budget, spans)),
    maskedEntities: rows * maskedEntities,
  };
}
