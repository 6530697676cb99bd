const WORD =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
const CONTRACTION_AFTER_WHITE_SPACE = /(?! )\p{White_Space}'(?:[stmd]|re|ve|ll)/u;

/** GPT-2's words: contractions, letters, numbers and others, each with the space before it, and white space. */
export function gpt2Words(text: string): string[] {
  return text.match(WORD) ?? [];
}

/**
 * A byte-level encoder that is right about contractions after white space that is no space (`\n't`), where kitoken 0.10 splits
 * the apostrophe off: such texts are cut into words before they are encoded.
 */
export function withContractions(encode: (text: string) => number[]): (text: string) => number[] {
  return (text) => CONTRACTION_AFTER_WHITE_SPACE.test(text) ? gpt2Words(text).flatMap(encode) : encode(text);
}
