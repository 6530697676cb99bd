import { UserError } from "@lukeforge/corpus";
import type { BatchCapacity, LukeBatch } from "@lukeforge/model";
import {
  collate,
  type ItemCollator,
  type ItemExtremes,
  type MaskedItem,
  type MaskingKey,
  plainItem,
} from "./masking_collator.ts";
import type { MaskingTables } from "./masking_tables.ts";
import type { DatasetItem } from "../building/page_items.ts";
import { PURPOSE, RandomStream } from "../random.ts";

/** How words are masked; the names and defaults of transformers' `DataCollatorForLanguageModeling`. */
export interface LanguageModelingOptions {
  /** Probability with which each token is to be predicted. Default 0.15. */
  readonly mlmProbability?: number;
  /** Of the tokens to predict, the share shown as `[MASK]`. Default 0.8. */
  readonly maskReplaceProb?: number;
  /** Of the tokens to predict, the share replaced by any token of the vocabulary, special ones included. Default 0.1. */
  readonly randomReplaceProb?: number;
  /**
   * Ids that are never predicted, besides padding, `[CLS]`, `[SEP]` and `[MASK]`. transformers adds the unknown token where the
   * data have no `special_tokens_mask` column. Default none.
   */
  readonly specialIds?: readonly number[];
  /** Width of a batch is a multiple of it. Default 1. */
  readonly padToMultipleOf?: number;
  /**
   * False: padding is attended to, as BERT does where its batches lack an attention mask (transformers 2's collator for language
   * modeling made none). Default true.
   */
  readonly attentionMask?: boolean;
}

/** A batch under transformers' names: rows of `shape[1]` int32 numbers, one row behind the other. */
export interface LanguageModelingBatch {
  /** Rows, and words of the longest row with its special tokens. */
  readonly shape: readonly [rows: number, words: number];
  /** Tokens as shown, padded. */
  readonly input_ids: Int32Array;
  /** 1 for tokens, 0 for padding; absent where padding is attended to. */
  readonly attention_mask?: Int32Array;
  /** The tokens to predict, −100 elsewhere. */
  readonly labels: Int32Array;
}

/**
 * Masks as transformers' `DataCollatorForLanguageModeling`: each token for itself with one probability, special tokens never, no whole
 * words, no entities. Unlike there, masks depend on (seed, epoch, item) alone.
 */
export class LanguageModelingCollator implements ItemCollator {
  /** The options with their defaults. */
  readonly options: Required<LanguageModelingOptions>;
  /** What stands behind the last word of a row. */
  readonly padId: number;
  readonly #tables: MaskingTables;
  readonly #special: Uint8Array;

  /** Takes what ids mean and how to mask. @throws {UserError} when the options make no sense. */
  constructor(tables: MaskingTables, options: LanguageModelingOptions = {}) {
    this.options = resolve(options);
    this.padId = tables.padId;
    this.#tables = tables;
    this.#special = new Uint8Array(tables.vocabSize);
    const { padId, clsId, sepId, maskId } = tables;
    for (const id of [padId, clsId, sepId, maskId, ...this.options.specialIds]) this.#special[id] = 1;
  }

  /** Masks one item, `[CLS]` and `[SEP]` added. The result depends on the key and the item alone. */
  maskItem(item: DatasetItem, key: MaskingKey): MaskedItem {
    return this.maskSequence(plainItem(item, this.#tables, true).wordIds, key);
  }

  /** Masks a sequence that has its special tokens already, wherever they stand. */
  maskSequence(ids: ArrayLike<number>, key: MaskingKey): MaskedItem {
    const random = new RandomStream(key.seed, key.epoch, key.item, PURPOSE.masking);
    const { mlmProbability, maskReplaceProb, randomReplaceProb } = this.options;
    const wordIds = Int32Array.from(ids);
    const positions: number[] = [], labels: number[] = [];
    for (let position = 0; position < wordIds.length; position++) {
      const id = wordIds[position] ?? 0;
      if (this.#special[id] === 1 || random.uniform() >= mlmProbability) continue;
      positions.push(position);
      labels.push(id);
      const draw = random.uniform();
      if (draw < maskReplaceProb) wordIds[position] = this.#tables.maskId;
      else if (draw < maskReplaceProb + randomReplaceProb) {
        wordIds[position] = random.integer(0, this.#tables.vocabSize - 1);
      }
    }
    return {
      wordIds,
      maskedWordPositions: positions,
      maskedWordLabels: labels,
      entities: [],
      maskedEntityIndices: [],
      maskedEntityLabels: [],
    };
  }

  /** Masks items, each under its own key, and makes one batch of them for training on words only. */
  batch(items: readonly { readonly item: DatasetItem; readonly key: MaskingKey }[]): LukeBatch {
    return this.collate(items.map(({ item, key }) => this.maskItem(item, key)));
  }

  /** Pads masked items to a batch. */
  collate(items: readonly MaskedItem[]): LukeBatch {
    const batch = collate(items, this.padId, this.options.padToMultipleOf);
    return this.options.attentionMask ? batch : {
      ...batch,
      wordAttentionMask: new Int32Array(batch.wordIds.length).fill(1),
    };
  }

  /** Pads masked items to arrays under transformers' names. */
  arrays(items: readonly MaskedItem[]): LanguageModelingBatch {
    const { rows, words, wordIds, wordAttentionMask, maskedWordPositions, maskedWordLabels } = this.collate(
      items,
    );
    const labels = new Int32Array(wordIds.length).fill(-100);
    maskedWordPositions.forEach((position, i) => labels[position] = maskedWordLabels[i] ?? 0);
    return {
      shape: [rows, words],
      input_ids: wordIds,
      ...(this.options.attentionMask && { attention_mask: wordAttentionMask }),
      labels,
    };
  }
}

/**
 * A capacity for batches of `rows` items. How many tokens are to be predicted is left to chance: there is room for nine standard
 * deviations above the mean, which one batch in 10¹³ would exceed (the network refuses such a batch).
 */
export function languageModelingCapacity(
  extremes: Pick<ItemExtremes, "longest_item">,
  rows: number,
  options: LanguageModelingOptions = {},
): BatchCapacity {
  const { mlmProbability: p, padToMultipleOf } = resolve(options);
  const longest = Math.max(1, extremes.longest_item);
  const tokens = rows * longest;
  const maskedWords = Math.ceil(tokens * p + 9 * Math.sqrt(tokens * p * (1 - p))) + 12;
  return {
    rows,
    words: Math.ceil((longest + 2) / padToMultipleOf) * padToMultipleOf,
    entities: 0,
    mentionLength: 1,
    maskedWords: p === 0 ? 0 : Math.min(tokens, maskedWords),
    maskedEntities: 0,
  };
}

function resolve(options: LanguageModelingOptions): Required<LanguageModelingOptions> {
  const resolved = {
    mlmProbability: 0.15,
    maskReplaceProb: 0.8,
    randomReplaceProb: 0.1,
    specialIds: [],
    padToMultipleOf: 1,
    attentionMask: true,
    ...options,
  };
  for (const name of ["mlmProbability", "maskReplaceProb", "randomReplaceProb"] as const) {
    if (!(resolved[name] >= 0 && resolved[name] <= 1)) {
      throw new UserError(`${name} ${resolved[name]}: must be from 0 to 1`);
    }
  }
  if (resolved.maskReplaceProb + resolved.randomReplaceProb > 1) {
    throw new UserError("maskReplaceProb and randomReplaceProb: exceed 1 together; lower one of them");
  }
  if (!(Number.isInteger(resolved.padToMultipleOf) && resolved.padToMultipleOf >= 1)) {
    throw new UserError(`padToMultipleOf ${resolved.padToMultipleOf}: must be a whole number from 1`);
  }
  return resolved;
}
