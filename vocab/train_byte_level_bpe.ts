import { UserError } from "@lukeforge/corpus";
import { BYTE_LEVEL_CHARACTERS, byteLevelSpelling } from "./byte_level.ts";
import { compareCodePoints } from "./code_point_order.ts";
import { gpt2Words } from "./gpt2_words.ts";
import { mergeWords } from "./merge_words.ts";
import {
  BYTE_LEVEL_BPE_LAYOUT,
  checkSpecialTokenLayout,
  type SpecialTokenLayout,
} from "./special_token_layout.ts";
import { type BpeTokenizerJson, byteLevelBpeTokenizerJson } from "./tokenizer_json.ts";
import { countedWords, WordCounts } from "./word_counts.ts";

/** Options of {@linkcode trainByteLevelBpe}. */
export interface TrainByteLevelBpeOptions {
  /** Number of tokens, special ones and the 256 bytes included. */
  readonly vocabSize: number;
  /** Pairs that occur less often are not merged. Default 2. */
  readonly minFrequency?: number;
  /** Special tokens and their places. Default {@linkcode BYTE_LEVEL_BPE_LAYOUT}. */
  readonly layout?: SpecialTokenLayout;
  /** Tokens in the vocabulary out of `vocabSize`. */
  readonly progress?: (done: number, total: number | undefined) => void;
}

/** Counts words as GPT-2 and RoBERTa split text, for {@linkcode trainByteLevelBpe}. */
export function byteLevelWordCounts(): WordCounts {
  return new WordCounts(gpt2Words);
}

/**
 * Trains a byte-level BPE (GPT-2, RoBERTa) as Hugging Face's `ByteLevelBPETokenizer` does, without a prefix space. Ids: special
 * tokens, the 256 bytes by the code points that spell them, then merged tokens as they arise; equally frequent pairs merge in
 * the order of their ids.
 *
 * @param texts the texts, or the words of {@linkcode byteLevelWordCounts}.
 * @returns the contents of a `tokenizer.json`; `tokenizerFromJson` makes a tokenizer of it.
 * @throws {UserError} when `vocabSize` does not hold special tokens and bytes, the special tokens repeat one, or there are no
 * words.
 */
export function trainByteLevelBpe(
  texts: Iterable<string> | WordCounts,
  options: TrainByteLevelBpeOptions,
): BpeTokenizerJson {
  const { vocabSize, minFrequency = 2, layout = BYTE_LEVEL_BPE_LAYOUT, progress } = options;
  checkSpecialTokenLayout(layout);
  const words = countedWords(texts, byteLevelWordCounts);
  const bytes = [...BYTE_LEVEL_CHARACTERS].sort(compareCodePoints);
  const first = [...new Set([...layout.first, ...bytes])];
  const least = first.length + layout.last.length;
  if (least > vocabSize) {
    throw new UserError(
      `vocab size ${vocabSize}: special tokens and the 256 bytes alone are ${least} tokens; ask for more (--vocab-size)`,
    );
  }
  const { tokens, merges } = mergeWords({
    words: spelled(words),
    tokens: first,
    prefix: "",
    vocabSize: vocabSize - layout.last.length,
    minFrequency,
    progress,
  });
  const all = [...tokens, ...layout.last];
  return byteLevelBpeTokenizerJson(
    Object.fromEntries(all.map((token, id) => [token, id])),
    merges.map(([left, right]) => `${tokens[left]} ${tokens[right]}`),
    layout.specials,
  );
}

function* spelled(words: WordCounts): Generator<[string, number]> {
  for (const [word, count] of words) yield [byteLevelSpelling(word), count];
}
