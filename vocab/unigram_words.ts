/** The different words that a unigram model is trained on, as numbers. */
export interface UnigramWords {
  /** Code points of all words, each word followed by a 0. */
  readonly codes: Int32Array;
  /** Where each word starts in `codes`, and at the end their length. */
  readonly starts: Uint32Array;
  /** Occurrences of each word. */
  readonly counts: Float64Array;
}

/** Longer words are cut, so that probabilities of words stay within the range of a float64. */
const LONGEST_WORD = 48;

/**
 * Words as code points. Characters outside the alphabet cut a word in two: no piece holds them, the encoder has a token for
 * them.
 */
export function unigramWords(
  words: Iterable<readonly [word: string, count: number]>,
  alphabet: ReadonlySet<string>,
): UnigramWords {
  const starts: number[] = [];
  const counts: number[] = [];
  let codes = new Int32Array(1 << 16);
  let size = 0;
  let open = 0;
  const end = (count: number): void => {
    if (open === 0) return;
    starts.push(size - open);
    counts.push(count);
    codes[size++] = 0;
    open = 0;
  };
  for (const [word, count] of words) {
    if (size + 2 * word.length + 1 > codes.length) {
      const grown = new Int32Array(2 * codes.length + 2 * word.length);
      grown.set(codes);
      codes = grown;
    }
    for (const character of word) {
      if (!alphabet.has(character) || open === LONGEST_WORD) end(count);
      if (!alphabet.has(character)) continue;
      codes[size++] = character.codePointAt(0) ?? 0;
      open++;
    }
    end(count);
  }
  starts.push(size);
  return { codes: codes.slice(0, size), starts: Uint32Array.from(starts), counts: Float64Array.from(counts) };
}
