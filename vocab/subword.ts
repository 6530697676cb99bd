import { BYTE_LEVEL_SPACE } from "./byte_level.ts";

/** BERT's punctuation: ASCII 33–47, 58–64, 91–96, 123–126, and the Unicode categories P*. */
const PUNCTUATION = /^[!-/:-@[-`{-~\p{P}]/u;

/** Whether a WordPiece token continues a word. */
export function isWordPieceSubword(token: string): boolean {
  return token.startsWith("##");
}

/**
 * Whether a byte-level BPE token continues a word: it has no leading space, and its spelling does not start with punctuation
 * (or, BERT's rule having the last word, it starts with `##`).
 * The spelling, not the decoded text: that is LUKE's rule, so `âĢĶ` (an em dash) counts as a continuation.
 */
export function isByteLevelSubword(token: string): boolean {
  return isWordPieceSubword(token) || !token.startsWith(BYTE_LEVEL_SPACE) && !PUNCTUATION.test(token);
}

/** Scripts written without spaces, where no mark tells where words begin. */
const UNSPACED = /^[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmr}\p{scx=Mymr}]/u;

/**
 * Whether a Unigram piece continues a word by the mark `▁` that opens each word after a space. Punctuation opens a word, as with the
 * other kinds, and so does a piece of a script without spaces: else a Japanese sentence would be one word.
 */
export function isUnigramSubword(piece: string): boolean {
  return !piece.startsWith("▁") && !PUNCTUATION.test(piece) && !UNSPACED.test(piece);
}
