const SPACE = 0x20;

/**
 * Where a piece of text ends that BERT encodes by itself: a mark of ASCII punctuation, else what stands up to the next space or such
 * mark, with a space before it. Pieces may hold several words, but no word is cut.
 */
export function bertPieceEnd(text: string, start: number): number {
  let at = start;
  if (text.charCodeAt(at) === SPACE) at++;
  if (isAsciiPunctuation(text.charCodeAt(at))) return at + 1;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === SPACE || isAsciiPunctuation(unit)) break;
  }
  return at;
}

/** What BERT takes for punctuation among the ASCII characters, `$` and `+` too. */
function isAsciiPunctuation(unit: number): boolean {
  return (unit >= 33 && unit <= 47) || (unit >= 58 && unit <= 64) || (unit >= 91 && unit <= 96) ||
    (unit >= 123 && unit <= 126);
}
