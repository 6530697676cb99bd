import { UserError } from "@lukeforge/corpus";
import { basicTokens } from "./basic_tokenizer.ts";
import { compareCodePoints } from "./code_point_order.ts";
import { mergeWords } from "./merge_words.ts";
import {
  checkSpecialTokenLayout,
  type SpecialTokenLayout,
  WORD_PIECE_LAYOUT,
} from "./special_token_layout.ts";
import { type WordPieceTokenizerJson, wordPieceTokenizerJson } from "./tokenizer_json.ts";
import { countedWords, WordCounts } from "./word_counts.ts";

/** Options of {@linkcode trainWordPiece}. */
export interface TrainWordPieceOptions {
  /** Number of tokens, special ones and alphabet included. */
  readonly vocabSize: number;
  /** Pairs that occur less often are not merged. Default 2. */
  readonly minFrequency?: number;
  /** Distinct characters kept, the most frequent ones. Default 1000. */
  readonly limitAlphabet?: number;
  /** Lower-cases and strips accents. Default false. */
  readonly lowercase?: boolean;
  /** Special tokens and their places. Default {@linkcode WORD_PIECE_LAYOUT}. */
  readonly layout?: SpecialTokenLayout;
  /**
   * The `##` forms of the alphabet in the order of their ids. Default: by code point. Hugging Face's trainer takes them in the
   * order of a hash table, which changes from run to run; with its order here the vocabularies are the same.
   */
  readonly continuingAlphabet?: readonly string[];
  /** Tokens in the vocabulary out of `vocabSize`. */
  readonly progress?: (done: number, total: number | undefined) => void;
}

const PREFIX = "##";

/** Counts words as BERT splits text, for {@linkcode trainWordPiece}. */
export function wordPieceWordCounts(lowercase = false): WordCounts {
  return new WordCounts((text) => basicTokens(text, lowercase));
}

/**
 * Trains a WordPiece vocabulary the way Hugging Face tokenizers does (which is how BERT vocabularies of other languages are made):
 * byte-pair merging by frequency over words whose later characters carry `##`. Ids: special tokens; the alphabet by code
 * point; its `##` forms by code point; then merged tokens as they arise. Equally frequent pairs merge in the order of their
 * ids, so the same texts give the same vocabulary.
 *
 * The result has exactly `vocabSize` tokens unless the texts run out of pairs that occur `minFrequency` times.
 *
 * @param texts the texts, or the words of {@linkcode wordPieceWordCounts}, which were lower-cased or not when they were counted.
 * @returns the contents of a `tokenizer.json`; `tokenizerFromJson` makes a tokenizer of it.
 * @throws {UserError} when `vocabSize` does not hold special tokens and alphabet, the special tokens repeat one, or there are no
 * words.
 */
export function trainWordPiece(
  texts: Iterable<string> | WordCounts,
  options: TrainWordPieceOptions,
): WordPieceTokenizerJson {
  const { vocabSize, minFrequency = 2, limitAlphabet = 1000, lowercase = false } = options;
  const { layout = WORD_PIECE_LAYOUT, progress } = options;
  checkSpecialTokenLayout(layout);
  const words = countedWords(texts, () => wordPieceWordCounts(lowercase));
  const alphabet = alphabetOf(words, limitAlphabet);
  const later = options.continuingAlphabet ?? continuing(words, alphabet).map((one) => PREFIX + one);
  const tokens = [...new Set([...layout.first, ...alphabet, ...later])];
  const least = tokens.length + layout.last.length;
  if (least > vocabSize) {
    throw new UserError(
      `vocab size ${vocabSize}: special tokens and alphabet alone are ${least} tokens; ask for more (--vocab-size) or lower the alphabet limit (--limit-alphabet ${limitAlphabet})`,
    );
  }
  const merged = mergeWords({
    words,
    tokens,
    prefix: PREFIX,
    vocabSize: vocabSize - layout.last.length,
    minFrequency,
    progress,
  });
  return wordPieceTokenizerJson([...merged.tokens, ...layout.last], lowercase, layout.specials);
}

/** The `limit` most frequent characters (of equally frequent ones the smaller code points), in code point order. */
export function alphabetOf(words: Iterable<readonly [string, number]>, limit: number): Set<string> {
  const counts = new Map<string, number>();
  for (const [word, count] of words) {
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  }
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || compareCodePoints(a[0], b[0]));
  return new Set(byCount.slice(0, limit).map(([character]) => character).sort(compareCodePoints));
}

/** The characters of the alphabet that occur after the first place of a word, in code point order. */
function continuing(words: Iterable<readonly [string, number]>, alphabet: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  for (const [word] of words) {
    let first = true;
    for (const character of word) {
      if (!first && alphabet.has(character)) found.add(character);
      first = false;
    }
  }
  return [...found].sort(compareCodePoints);
}
