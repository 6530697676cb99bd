import { forEachRepeat } from "./repeated_substrings.ts";
import type { UnigramWords } from "./unigram_words.ts";

/** Pieces of a unigram model in training: code points, and a count or a log probability. */
export interface TrainedPiece {
  /** Code points. */
  readonly codes: Int32Array;
  /** Count or log probability. */
  readonly score: number;
}

/** Options of {@linkcode unigramSeedPieces}. */
export interface UnigramSeedOptions {
  /** Pieces at most, characters included. */
  readonly seedSize: number;
  /** Characters of a piece at most. */
  readonly maxPieceLength: number;
}

/**
 * The pieces that unigram training starts from: every character with its count, then the substrings that occur at least twice
 * in the different words and go on in more than one way, the greatest count × length first. From a suffix array, as
 * SentencePiece and Hugging Face tokenizers make them.
 */
export function unigramSeedPieces(
  { codes, starts, counts }: UnigramWords,
  { seedSize, maxPieceLength }: UnigramSeedOptions,
): TrainedPiece[] {
  const characters = new Map<number, number>();
  counts.forEach((count, word) => {
    for (let i = starts[word] ?? 0; codes[i] !== 0; i++) {
      const code = codes[i] ?? 0;
      characters.set(code, (characters.get(code) ?? 0) + count);
    }
  });
  const pieces: TrainedPiece[] = [...characters]
    .sort(([a, x], [b, y]) => y - x || a - b)
    .map(([code, count]) => ({ codes: Int32Array.of(code), score: count }));
  const places: number[] = [];
  const lengths: number[] = [];
  const scores: number[] = [];
  forEachRepeat(codes, maxPieceLength + 1, (start, length, count) => {
    if (length < 2 || length > maxPieceLength) return;
    places.push(start);
    lengths.push(length);
    scores.push(count * length);
  });
  const room = Math.max(0, seedSize - pieces.length);
  const least = room < scores.length ? Float64Array.from(scores).sort()[scores.length - room] ?? 0 : 0;
  const taken: number[] = [];
  scores.forEach((score, i) => {
    if (score >= least) taken.push(i);
  });
  // The substrings come in the order of their codes; sorting keeps it among equals.
  taken.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  for (const i of taken.slice(0, room)) {
    const start = places[i] ?? 0;
    pieces.push({ codes: codes.slice(start, start + (lengths[i] ?? 0)), score: scores[i] ?? 0 });
  }
  return pieces;
}
