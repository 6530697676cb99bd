/** What an unknown character costs beyond the worst piece. */
const UNKNOWN_PENALTY = 10;

/** A piece of a word: its id and its number of UTF-16 code units. */
export interface UnigramPiece {
  /** Token id. */
  readonly id: number;
  /** UTF-16 code units of the word. */
  readonly length: number;
}

/**
 * A unigram language model of pieces (Kudo 2018): a word becomes the pieces with the greatest sum of log probabilities, the first
 * found of equals, in float64, as Hugging Face tokenizers computes it (SentencePiece sums in float32 and breaks ties
 * otherwise). Neighbouring unknown characters become one token.
 */
export class UnigramModel {
  // Transitions by node * 2^16 + code unit; node 0 is the root.
  readonly #next = new Map<number, number>();
  readonly #idOfNode = new Map<number, number>();
  readonly #scores: Float64Array;
  // Most words of a text were seen before; the memory is cleared before it grows large.
  readonly #known = new Map<string, readonly UnigramPiece[]>();
  readonly #unkId: number;
  readonly #unkScore: number;

  /**
   * @param pieces by id, with their log probabilities.
   * @param isSpecial ids of special tokens, which no text spells.
   */
  constructor(
    pieces: readonly (readonly [piece: string, score: number])[],
    unkId: number,
    isSpecial: (id: number) => boolean,
  ) {
    this.#unkId = unkId;
    this.#scores = Float64Array.from(pieces, ([, score]) => score);
    let nodes = 1;
    let least = Infinity;
    pieces.forEach(([piece, score], id) => {
      least = Math.min(least, score);
      if (isSpecial(id) || id === unkId || piece === "") return;
      let node = 0;
      for (let i = 0; i < piece.length; i++) {
        const key = node * 0x10000 + piece.charCodeAt(i);
        let next = this.#next.get(key);
        if (next === undefined) this.#next.set(key, next = nodes++);
        node = next;
      }
      this.#idOfNode.set(node, id);
    });
    this.#unkScore = least - UNKNOWN_PENALTY;
  }

  /** The pieces of a word. */
  encode(word: string): readonly UnigramPiece[] {
    let pieces = this.#known.get(word);
    if (pieces === undefined) {
      pieces = this.#search(word);
      if (this.#known.size > 1 << 16) this.#known.clear();
      if (word.length < 64) this.#known.set(word, pieces);
    }
    return pieces;
  }

  #search(word: string): UnigramPiece[] {
    const size = word.length;
    const best = new Float64Array(size + 1).fill(-Infinity);
    const start = new Int32Array(size + 1).fill(-1);
    const ids = new Int32Array(size + 1);
    best[0] = 0;
    for (let from = 0; from < size;) {
      const here = best[from] ?? 0;
      const one = (word.codePointAt(from) ?? 0) > 0xffff ? 2 : 1;
      let hasOne = false;
      for (let node = 0, at = from; at < size;) {
        const next = this.#next.get(node * 0x10000 + word.charCodeAt(at++));
        if (next === undefined) break;
        node = next;
        const id = this.#idOfNode.get(node);
        if (id === undefined) continue;
        const score = here + (this.#scores[id] ?? 0);
        if (score > (best[at] ?? 0)) {
          best[at] = score;
          start[at] = from;
          ids[at] = id;
        }
        if (at === from + one) hasOne = true;
      }
      const end = from + one;
      const score = here + this.#unkScore;
      if (!hasOne && score > (best[end] ?? 0)) {
        best[end] = score;
        start[end] = from;
        ids[end] = this.#unkId;
      }
      from = end;
    }
    const pieces: UnigramPiece[] = [];
    for (let end = size; end > 0;) {
      const from = start[end] ?? 0;
      const id = ids[end] ?? 0;
      const after = pieces.at(-1);
      if (id === this.#unkId && after?.id === id) {
        pieces[pieces.length - 1] = { id, length: after.length + end - from };
      } else pieces.push({ id, length: end - from });
      end = from;
    }
    return pieces.reverse();
  }
}
