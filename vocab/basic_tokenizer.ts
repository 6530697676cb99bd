const PUNCTUATION = String.raw`!-\/:-@\[-\x60\{-~\p{P}`;
/** The ideograph blocks that become words of one character; the last long range starts at U+2B920 as in the fast tokenizers. */
const IDEOGRAPHS = String
  .raw`\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}`;
const WORD = new RegExp(`[${PUNCTUATION}${IDEOGRAPHS}]|[^\\s${PUNCTUATION}${IDEOGRAPHS}]+`, "gu");
const REMOVED = /(?![\t\n\r])[\p{C}\uFFFD]/gu;

/**
 * BERT's basic tokenization, what WordPiece splits further: control characters and U+FFFD removed, on request lower case without
 * accents; then words at white space, each punctuation character and each ideograph a word of its own.
 */
export function basicTokens(text: string, lowercase: boolean): string[] {
  let clean = text.replace(REMOVED, "");
  // Σ has no final form in the encoders, which lower-case character by character.
  if (lowercase) clean = clean.normalize("NFD").replace(/\p{Mn}/gu, "").replaceAll("Σ", "σ").toLowerCase();
  return clean.match(WORD) ?? [];
}
