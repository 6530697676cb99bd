const SPACE = 0x20;

/**
 * Where a piece of text ends that BERT encodes by itself: a mark of ASCII punctuation, else what stands up to the next space or such
 * mark, with a space before it. Pieces may hold several words, but no word is cut.
 *
 * @param ideographs whether each CJK ideograph is a word, as with `handle_chinese_chars`: it is a piece then. kitoken 0.10 takes
 * quadratic time for a piece of many.
 */
export function bertPieceEnd(text: string, start: number, ideographs = false): number {
  let at = start;
  if (text.charCodeAt(at) === SPACE) at++;
  if (isAsciiPunctuation(text.charCodeAt(at))) return at + 1;
  for (const first = at; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === SPACE || isAsciiPunctuation(unit)) break;
    if (!ideographs || unit < FIRST_IDEOGRAPH) continue;
    const character = text.codePointAt(at) ?? 0;
    if (isIdeograph(character)) return at > first ? at : at + (character > 0xffff ? 2 : 1);
  }
  return at;
}

const FIRST_IDEOGRAPH = 0x3400;

/** CJK ideographs as BERT has them. As in the fast tokenizers, the last long range starts at U+2B920. */
export function isIdeograph(character: number): boolean {
  return (character >= 0x4e00 && character <= 0x9fff) || (character >= 0x3400 && character <= 0x4dbf) ||
    (character >= 0x20000 && character <= 0x2a6df) || (character >= 0x2a700 && character <= 0x2b73f) ||
    (character >= 0x2b740 && character <= 0x2b81f) || (character >= 0x2b920 && character <= 0x2ceaf) ||
    (character >= 0xf900 && character <= 0xfaff) || (character >= 0x2f800 && character <= 0x2fa1f);
}

/** What BERT takes for punctuation among the ASCII characters, `$` and `+` too. */
function isAsciiPunctuation(unit: number): boolean {
  return (unit >= 33 && unit <= 47) || (unit >= 58 && unit <= 64) || (unit >= 91 && unit <= 96) ||
    (unit >= 123 && unit <= 126);
}
