import type { ResolvedMaskingOptions } from "./masking_options.ts";
import type { MaskingTables } from "./masking_tables.ts";
import type { ItemEntity } from "../building/page_items.ts";
import type { RandomStream } from "../random.ts";
import { roundHalfEven } from "./round_half_even.ts";

/** Words as the model sees them, and what it is to predict where. */
export interface MaskedWords {
  /** `[CLS]` words `[SEP]` with the replacements. */
  readonly wordIds: Int32Array;
  /** In the order in which they were chosen; `[CLS]` is 0. */
  readonly positions: number[];
  /** The word ids that stood there. */
  readonly labels: number[];
}

/**
 * LUKE's word masking.
 *
 * 1. With `maskWordsInEntitySpan`, all words of the chosen mentions, one decision a mention.
 * 2. Words in random order (with their subwords, or subwords alone), one decision a word, until max(1, round(words ×
 *    maskedLmProb)) are masked, those of step 1 included; a word longer than what is left of that budget is passed over.
 * 3. If nothing was masked, one position, always by `[MASK]`.
 *
 * A decision: mask, random words (from pad id + 1 to the last id, each drawn for itself) or unchanged.
 *
 * @param wordIds `[CLS]` words `[SEP]`; not changed.
 * @param mentions the mentions of the entities to predict; `start` counts `[CLS]`.
 */
export function maskWords(
  wordIds: Int32Array,
  mentions: readonly ItemEntity[],
  tables: MaskingTables,
  options: ResolvedMaskingOptions,
  random: RandomStream,
): MaskedWords {
  const masked: MaskedWords = { wordIds: wordIds.slice(), positions: [], labels: [] };
  const words = wordIds.length - 2;
  if (options.maskedLmProb === 0 || words < 1) return masked;
  const chosen = new Uint8Array(wordIds.length);

  const mask = (start: number, end: number, always = false): void => {
    const draw = always ? 0 : random.uniform();
    const { randomWordProb, unmaskedWordProb } = options;
    for (let position = start; position < end; position++) {
      if (chosen[position] === 1) continue;
      chosen[position] = 1;
      masked.positions.push(position);
      masked.labels.push(wordIds[position] ?? 0);
      if (always || draw < 1 - randomWordProb - unmaskedWordProb) {
        masked.wordIds[position] = tables.maskId;
      } else if (draw < 1 - unmaskedWordProb) {
        masked.wordIds[position] = random.integer(tables.padId + 1, tables.vocabSize - 1);
      }
    }
  };

  if (options.maskWordsInEntitySpan) {
    for (const { start, length } of mentions) mask(start, Math.min(start + length, words + 1));
  }
  const budget = Math.max(1, roundHalfEven(words * options.maskedLmProb));
  const starts = wordStarts(wordIds, tables, options.wholeWordMasking);
  const order = new Int32Array(starts.length - 1);
  for (let group = 0; group < order.length; group++) order[group] = group;
  random.shuffle(order);
  for (let i = 0; i < order.length; i++) {
    const left = budget - masked.positions.length;
    if (left <= 0) break;
    const group = order[i] ?? 0;
    const start = starts[group] ?? 0;
    const end = starts[group + 1] ?? start;
    if (end - start <= left && isFree(chosen, start, end)) mask(start, end);
  }
  if (masked.positions.length === 0) {
    const last = options.compat === "luke" && words >= 3 ? words - 2 : words;
    const position = random.integer(1, last);
    mask(position, position + 1, true);
  }
  return masked;
}

/** Whether nothing of [start, end) is chosen. */
function isFree(chosen: Uint8Array, start: number, end: number): boolean {
  for (let position = start; position < end; position++) if (chosen[position] === 1) return false;
  return true;
}

/** Where words begin, and at the end where `[SEP]` stands. The first token always opens a word. */
function wordStarts(wordIds: Int32Array, { subwords }: MaskingTables, wholeWords: boolean): Int32Array {
  const starts = new Int32Array(wordIds.length - 1);
  starts[0] = 1;
  let words = 1;
  for (let position = 2; position < wordIds.length - 1; position++) {
    if (!wholeWords || subwords[wordIds[position] ?? 0] !== 1) starts[words++] = position;
  }
  starts[words] = wordIds.length - 1;
  return starts.subarray(0, words + 1);
}
