import { PieceLattice } from "./piece_lattice.ts";
import type { TrainedPiece } from "./unigram_seed_pieces.ts";
import type { UnigramWords } from "./unigram_words.ts";

/** Pieces that are expected to be used less often are dropped. */
const LEAST_EXPECTED = 0.5;

/** One step of expectation maximization, with the sparse prior of SentencePiece: digamma in the place of log. Characters stay. */
export function maximizedPieces(pieces: readonly TrainedPiece[], words: UnigramWords): TrainedPiece[] {
  const lattice = new PieceLattice(pieces);
  const expected = new Float64Array(pieces.length);
  words.counts.forEach((count, word) => {
    lattice.addExpected(words.codes, words.starts[word] ?? 0, count, expected);
  });
  const kept: TrainedPiece[] = [];
  let sum = 0;
  pieces.forEach(({ codes }, id) => {
    const often = expected[id] ?? 0;
    if (often < LEAST_EXPECTED && codes.length > 1) return;
    kept.push({ codes, score: Math.max(often, LEAST_EXPECTED) });
    sum += Math.max(often, LEAST_EXPECTED);
  });
  const logSum = digamma(sum);
  return kept.map(({ codes, score }) => ({ codes, score: digamma(score) - logSum }));
}

/**
 * Leaves out the pieces that the likelihood of the words needs least. What a piece is worth is estimated as SentencePiece does: all
 * its uses are spelled by its best other spelling. Pieces that no word's best spelling uses go, characters and pieces that are not
 * their own best spelling stay.
 *
 * @param size pieces that are left at most, unless more cannot be left out.
 */
export function prunedPieces(
  pieces: readonly TrainedPiece[],
  words: UnigramWords,
  size: number,
): TrainedPiece[] {
  const lattice = new PieceLattice(pieces);
  const uses = new Float64Array(pieces.length);
  let occurrences = 0;
  words.counts.forEach((count, word) => {
    occurrences += count;
    for (const piece of lattice.best(words.codes, words.starts[word] ?? 0).pieces) {
      uses[piece] = (uses[piece] ?? 0) + count;
    }
  });
  const sum = uses.reduce((total, count) => total + count, 0);
  const kept: number[] = [];
  const candidates: { readonly id: number; readonly loss: number }[] = [];
  pieces.forEach(({ codes, score }, id) => {
    const other = codes.length === 1 ? undefined : lattice.best(codes, 0, id);
    const used = uses[id] ?? 0;
    if (other === undefined) kept.push(id);
    else if (other.score > score) {
      if (used > 0) kept.push(id);
    } else if (used > 0) {
      const otherSum = Math.log(sum + used * (other.pieces.length - 1));
      const otherScore = other.pieces.reduce(
        (total, piece) => total + Math.log((uses[piece] ?? 0) + used) - otherSum,
        0,
      );
      candidates.push({ id, loss: used / occurrences * (Math.log(used) - Math.log(sum) - otherScore) });
    }
  });
  candidates.sort((a, b) => b.loss - a.loss || a.id - b.id);
  const chosen = [...kept, ...candidates.slice(0, Math.max(0, size - kept.length)).map(({ id }) => id)];
  return chosen.flatMap((id) => pieces[id] ?? []);
}

/** The logarithmic derivative of the gamma function, by recurrence and its asymptotic series. */
function digamma(x: number): number {
  let result = 0;
  while (x < 7) result -= 1 / x++;
  const y = x - 0.5;
  const square = 1 / (y * y);
  return result + Math.log(y) +
    square * (1 / 24 + square * (-7 / 960 + square * (31 / 8064 + square * (-127 / 30720))));
}
