import { UserError } from "@lukeforge/corpus";
import { compareCodePoints } from "./code_point_order.ts";
import { checkSpecialTokenLayout, type SpecialTokenLayout, UNIGRAM_LAYOUT } from "./special_token_layout.ts";
import { type UnigramTokenizerJson, unigramTokenizerJson } from "./tokenizer_json.ts";
import { alphabetOf } from "./train_wordpiece.ts";
import { unigramSeedPieces } from "./unigram_seed_pieces.ts";
import { maximizedPieces, prunedPieces } from "./unigram_training.ts";
import { unigramWords } from "./unigram_words.ts";
import { countedWords, WordCounts } from "./word_counts.ts";

/** Options of {@linkcode trainUnigram}; their names are those of Hugging Face's `UnigramTrainer`. */
export interface TrainUnigramOptions {
  /** Number of tokens, special ones and alphabet included. */
  readonly vocabSize: number;
  /** Distinct characters kept, the most frequent ones. Default 1000. */
  readonly limitAlphabet?: number;
  /** Pieces that training starts from. Default 1,000,000. */
  readonly seedSize?: number;
  /** Share of the pieces that each round of pruning leaves. Default 0.75. */
  readonly shrinkingFactor?: number;
  /** Steps of expectation maximization before each pruning. Default 2. */
  readonly nSubIterations?: number;
  /** Characters of a piece at most. Default 16. */
  readonly maxPieceLength?: number;
  /** Special tokens and their places. Default {@linkcode UNIGRAM_LAYOUT}. */
  readonly layout?: SpecialTokenLayout;
  /** Rounds of pruning done, out of about so many. */
  readonly progress?: (done: number, total: number | undefined) => void;
}

const SPACE = "▁";

/** Counts words with their `▁`, as XLM-RoBERTa splits text at white space, for {@linkcode trainUnigram}. */
export function metaspaceWordCounts(): WordCounts {
  return new WordCounts((text) => (text.match(/[^\p{White_Space}▁]+/gu) ?? []).map((word) => SPACE + word));
}

/**
 * Trains a unigram language model (Kudo 2018) as SentencePiece and Hugging Face's `UnigramTrainer` do: from all frequent
 * substrings, by expectation maximization, leaving out in rounds those that the likelihood needs least, until a tenth more than
 * `vocabSize` are left, of which the most probable stay. All characters of the alphabet stay. The same words give the same
 * pieces.
 *
 * Ids: special tokens first and last as the layout says, pieces between them by falling probability (rounded to float32, as a
 * SentencePiece model holds it). Text is not normalized.
 *
 * @param texts the texts, or the words of {@linkcode metaspaceWordCounts}.
 * @returns the contents of a `tokenizer.json`; there are fewer tokens than `vocabSize` where the texts have fewer pieces.
 * @throws {UserError} when `vocabSize` does not hold special tokens and alphabet, the special tokens repeat one, or there are no
 * words.
 */
export function trainUnigram(
  texts: Iterable<string> | WordCounts,
  options: TrainUnigramOptions,
): UnigramTokenizerJson {
  const { vocabSize, limitAlphabet = 1000, seedSize = 1_000_000, shrinkingFactor = 0.75, progress } = options;
  const { nSubIterations = 2, maxPieceLength = 16, layout = UNIGRAM_LAYOUT } = options;
  if (!(shrinkingFactor > 0 && shrinkingFactor < 1)) {
    throw new RangeError(`shrinking factor ${shrinkingFactor}: must lie between 0 and 1`);
  }
  checkSpecialTokenLayout(layout);
  const counted = countedWords(texts, metaspaceWordCounts);
  const alphabet = alphabetOf(counted, limitAlphabet);
  alphabet.add(SPACE);
  alphabet.delete("\0"); // ends words in training
  const least = alphabet.size + layout.first.length + layout.last.length;
  if (least > vocabSize) {
    throw new UserError(
      `vocab size ${vocabSize}: special tokens and alphabet alone are ${least} tokens; ask for more (--vocab-size) or lower the alphabet limit (--limit-alphabet ${limitAlphabet})`,
    );
  }
  const words = unigramWords(counted, alphabet);
  const size = vocabSize - layout.first.length - layout.last.length;
  const wanted = Math.floor(size * 1.1);
  let pieces = unigramSeedPieces(words, { seedSize, maxPieceLength });
  const total = pieces.reduce((sum, { score }) => sum + score, 0);
  pieces = pieces.map(({ codes, score }) => ({ codes, score: Math.log(score / total) }));
  const rounds = Math.max(1, Math.ceil(Math.log(pieces.length / wanted) / -Math.log(shrinkingFactor)) + 1);
  for (let round = 1;; round++) {
    for (let i = 0; i < nSubIterations; i++) pieces = maximizedPieces(pieces, words);
    progress?.(round, Math.max(round, rounds));
    if (pieces.length <= wanted) break;
    const before = pieces.length;
    pieces = prunedPieces(pieces, words, Math.max(wanted, Math.floor(before * shrinkingFactor)));
    if (pieces.length === before) break;
  }
  const special = (token: string): [string, number] => [token, 0];
  const all = [
    ...layout.first.map(special),
    ...chosenPieces(pieces, size, layout),
    ...layout.last.map(special),
  ];
  return unigramTokenizerJson(all, new Uint8Array(), layout.specials);
}

/** All single characters and the most probable of the others, by falling probability. */
function chosenPieces(
  pieces: ReturnType<typeof maximizedPieces>,
  size: number,
  layout: SpecialTokenLayout,
): [string, number][] {
  const taken = new Set([...layout.first, ...layout.last]);
  const all = pieces
    .map(({ codes, score }) => ({
      piece: String.fromCodePoint(...codes),
      score: Math.fround(score),
      isCharacter: codes.length === 1,
    }))
    .filter(({ piece }) => !taken.has(piece));
  const byScore = (a: typeof all[number], b: typeof all[number]): number =>
    b.score - a.score || compareCodePoints(a.piece, b.piece);
  const characters = all.filter(({ isCharacter }) => isCharacter);
  const others = all.filter(({ isCharacter }) => !isCharacter);
  return [...characters, ...others.slice(0, size - characters.length)].sort(byScore)
    .map(({ piece, score }) => [piece, score]);
}
