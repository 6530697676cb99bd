/** Distinct words held at most; nine in ten words of a text are among the most frequent ten thousand. */
const MOST_WORDS = 1 << 17;
/** Longer words are rare, and not worth their memory. */
const LONGEST_WORD = 24;
/** Ids of a word that are held; words of more are encoded each time. */
const MOST_IDS = 8;

/**
 * An encoder that remembers the ids of words: a text is cut into words, of which most have been met before. Memory: about 13 MB.
 *
 * @param wordEnd where the word ends that begins at a place of a text; the model encodes words independently of each other.
 * @param encode the ids of a word.
 * @param mostWords words held at most; with more, all are forgotten.
 */
export function rememberingWords(
  wordEnd: (text: string, start: number) => number,
  encode: (word: string) => number[],
  mostWords = MOST_WORDS,
): (text: string) => number[] {
  const table = new WordTable(mostWords);
  return (text) => {
    const ids: number[] = [];
    for (let start = 0; start < text.length;) {
      const end = wordEnd(text, start);
      if (!table.copyIds(text, start, end, ids)) {
        const encoded = encode(text.slice(start, end));
        for (const id of encoded) ids.push(id);
        table.add(text, start, end, encoded);
      }
      start = end;
    }
    return ids;
  };
}

/** Words and their ids in flat memory: a map of strings takes several times as long to make the string and to find it. */
class WordTable {
  readonly #mostWords: number;
  /** Number of the word + 1; 0: free. */
  readonly #slots: Int32Array;
  readonly #hashes: Int32Array;
  readonly #units: Uint16Array;
  readonly #lengths: Uint8Array;
  readonly #ids: Int32Array;
  readonly #counts: Uint8Array;
  #words = 0;

  constructor(mostWords: number) {
    this.#mostWords = mostWords;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * mostWords)));
    this.#hashes = new Int32Array(mostWords);
    this.#units = new Uint16Array(mostWords * LONGEST_WORD);
    this.#lengths = new Uint8Array(mostWords);
    this.#ids = new Int32Array(mostWords * MOST_IDS);
    this.#counts = new Uint8Array(mostWords);
  }

  /** Appends the ids of a word to `ids`; false when the word is not known. */
  copyIds(text: string, start: number, end: number, ids: number[]): boolean {
    if (end - start > LONGEST_WORD) return false;
    const hash = hashOf(text, start, end);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask;; slot = slot + 1 & mask) {
      const word = (this.#slots[slot] ?? 0) - 1;
      if (word < 0) return false;
      if (this.#hashes[word] !== hash || !this.#equals(word, text, start, end)) continue;
      const from = word * MOST_IDS;
      const to = from + (this.#counts[word] ?? 0);
      for (let at = from; at < to; at++) ids.push(this.#ids[at] ?? 0);
      return true;
    }
  }

  /** Takes a word that is not known. */
  add(text: string, start: number, end: number, ids: readonly number[]): void {
    if (end - start > LONGEST_WORD || ids.length > MOST_IDS) return;
    if (this.#words === this.#mostWords) {
      this.#slots.fill(0);
      this.#words = 0;
    }
    const hash = hashOf(text, start, end);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = slot + 1 & mask;
    const word = this.#words++;
    this.#slots[slot] = word + 1;
    this.#hashes[word] = hash;
    this.#lengths[word] = end - start;
    for (let at = start; at < end; at++) this.#units[word * LONGEST_WORD + at - start] = text.charCodeAt(at);
    this.#counts[word] = ids.length;
    this.#ids.set(ids, word * MOST_IDS);
  }

  #equals(word: number, text: string, start: number, end: number): boolean {
    if (this.#lengths[word] !== end - start) return false;
    const first = word * LONGEST_WORD - start;
    for (let at = start; at < end; at++) if (this.#units[first + at] !== text.charCodeAt(at)) return false;
    return true;
  }
}

function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash ^ hash >>> 15;
}
