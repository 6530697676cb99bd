import { BYTE_LEVEL_SPACE } from "./byte_level.ts";

/** BERT's punctuation: ASCII 33–47, 58–64, 91–96, 123–126, and the Unicode categories P*. */
const PUNCTUATION = /^[!-/:-@[-`{-~\p{P}]/u;

/** Whether a WordPiece token continues a word. */
export function isWordPieceSubword(token: string): boolean {
  return token.startsWith("##");
}

/**
 * Whether a byte-level BPE token continues a word: it has no leading space, and its spelling does not start with punctuation.
 * The spelling, not the decoded text: that is LUKE's rule, so `âĢĶ` (an em dash) counts as a continuation.
 */
export function isByteLevelSubword(token: string): boolean {
  return !token.startsWith(BYTE_LEVEL_SPACE) && !PUNCTUATION.test(token);
}
