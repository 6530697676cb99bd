import { UserError } from "@lukeforge/corpus";
import { basicTokens } from "./basic_tokenizer.ts";
import { compareCodePoints } from "./code_point_order.ts";
import { PairMerger, type WeightedWord } from "./pair_merger.ts";
import {
  BERT_SPECIAL_TOKENS,
  type WordPieceTokenizerJson,
  wordPieceTokenizerJson,
} from "./tokenizer_json.ts";

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
  /** Tokens with the first ids, in order; must hold the five below. Default `[PAD] [UNK] [CLS] [SEP] [MASK]`. */
  readonly specialTokens?: readonly string[];
  /** Texts read (total unknown), then tokens in the vocabulary out of `vocabSize`. */
  readonly progress?: (done: number, total: number | undefined) => void;
}

/** Distinct words held at most while counting: an engine's map ends at 2^24 entries. */
const MAX_WORDS = 1 << 23;
const PREFIX = "##";

/**
 * Trains a WordPiece vocabulary the way Hugging Face tokenizers does (which is how BERT vocabularies of other languages are made):
 * byte-pair merging by frequency over words whose later characters carry `##`. Ids: special tokens; the alphabet by code
 * point; its `##` forms by code point; then merged tokens as they arise. Equally frequent pairs merge in the order of their
 * ids, so the same texts give the same vocabulary. With more than 2^23 distinct words, those seen once so far are forgotten.
 *
 * The result has exactly `vocabSize` tokens unless the texts run out of pairs that occur `minFrequency` times.
 *
 * @returns the contents of a `tokenizer.json`; `tokenizerFromJson` makes a tokenizer of it.
 * @throws {UserError} when `vocabSize` does not hold special tokens and alphabet, or there are no words.
 */
export function trainWordPiece(
  texts: Iterable<string>,
  options: TrainWordPieceOptions,
): WordPieceTokenizerJson {
  const { vocabSize, minFrequency = 2, limitAlphabet = 1000, lowercase = false, progress } = options;
  const specialTokens = options.specialTokens ?? Object.values(BERT_SPECIAL_TOKENS);
  const wordCounts = countWords(texts, lowercase, progress);
  const alphabet = alphabetOf(wordCounts, limitAlphabet);
  const tokens = [...new Set(specialTokens)];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const idOf = (token: string): number => {
    let id = ids.get(token);
    if (id === undefined) {
      ids.set(token, id = tokens.length);
      tokens.push(token);
    }
    return id;
  };
  for (const character of alphabet) idOf(character);
  for (const character of continuing(wordCounts, alphabet)) idOf(PREFIX + character);
  if (tokens.length > vocabSize) {
    throw new UserError(
      `vocab size ${vocabSize}: special tokens and alphabet alone are ${tokens.length} tokens; ask for more (--vocab-size) or lower the alphabet limit (${limitAlphabet})`,
    );
  }

  const merger = new PairMerger(spelledWords(wordCounts, ids));
  while (tokens.length < vocabSize) {
    const best = merger.next();
    if (best === undefined || best.count < minFrequency) break;
    const right = tokens[best.right] ?? "";
    // Two ways to spell a token lead to the same id.
    merger.merge(best.pair, idOf((tokens[best.left] ?? "") + right.slice(PREFIX.length)));
    progress?.(tokens.length, vocabSize);
  }
  return wordPieceTokenizerJson(tokens, lowercase);
}

function countWords(
  texts: Iterable<string>,
  lowercase: boolean,
  progress: TrainWordPieceOptions["progress"],
): Map<string, number> {
  const counts = new Map<string, number>();
  let done = 0;
  for (const text of texts) {
    for (const word of basicTokens(text, lowercase)) counts.set(word, (counts.get(word) ?? 0) + 1);
    if (counts.size > MAX_WORDS) {
      for (const [word, count] of counts) {
        if (count === 1) counts.delete(word);
      }
    }
    progress?.(++done, undefined);
  }
  if (counts.size === 0) throw new UserError("the training texts hold no words; check the corpus");
  return counts;
}

/** The `limit` most frequent characters (of equally frequent ones the smaller code points), in code point order. */
function alphabetOf(wordCounts: ReadonlyMap<string, number>, limit: number): Set<string> {
  const counts = new Map<string, number>();
  for (const [word, count] of wordCounts) {
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  }
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || compareCodePoints(a[0], b[0]));
  return new Set(byCount.slice(0, limit).map(([character]) => character).sort(compareCodePoints));
}

/** The characters of the alphabet that occur after the first place of a word, in code point order. */
function continuing(wordCounts: ReadonlyMap<string, number>, alphabet: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  for (const word of wordCounts.keys()) {
    let first = true;
    for (const character of word) {
      if (!first && alphabet.has(character)) found.add(character);
      first = false;
    }
  }
  return [...found].sort(compareCodePoints);
}

/** Words as ids of characters; characters outside the alphabet are dropped, words of one symbol have nothing to merge. */
function spelledWords(
  wordCounts: ReadonlyMap<string, number>,
  ids: ReadonlyMap<string, number>,
): WeightedWord[] {
  const words: WeightedWord[] = [];
  for (const [word, count] of wordCounts) {
    const symbols: number[] = [];
    let first = true;
    for (const character of word) {
      const id = ids.get(first ? character : PREFIX + character);
      if (id !== undefined) symbols.push(id);
      first = false;
    }
    if (symbols.length > 1) words.push({ symbols, count });
  }
  return words;
}
