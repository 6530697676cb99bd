import type { TrainedPiece } from "./unigram_seed_pieces.ts";

/**
 * All ways to spell words with the pieces of a unigram model: expected uses of pieces, and the best spelling. Every character of the
 * words has to be a piece.
 */
export class PieceLattice {
  // Transitions in a hash table of (node, code); node 0 is the root.
  readonly #mask: number;
  readonly #keyNode: Int32Array;
  readonly #keyCode: Int32Array;
  readonly #next: Int32Array;
  readonly #pieceOf: Int32Array;
  readonly #scores: Float64Array;
  readonly #weights: Float64Array;
  // The edges of the word that was last spread out, by where they start.
  #from = new Int32Array(256);
  #to = new Int32Array(256);
  #piece = new Int32Array(256);
  #edges = 0;
  readonly #forward = new Float64Array(65);
  readonly #backward = new Float64Array(65);
  readonly #bestFrom = new Int32Array(65);
  readonly #bestPiece = new Int32Array(65);

  /** Of `pieces` with their log probabilities. */
  constructor(pieces: readonly TrainedPiece[]) {
    const nodes = pieces.reduce((sum, { codes }) => sum + codes.length, 1);
    this.#mask = 2 ** Math.ceil(Math.log2(2 * nodes)) - 1;
    this.#keyNode = new Int32Array(this.#mask + 1).fill(-1);
    this.#keyCode = new Int32Array(this.#mask + 1);
    this.#next = new Int32Array(this.#mask + 1);
    this.#pieceOf = new Int32Array(nodes).fill(-1);
    this.#scores = Float64Array.from(pieces, ({ score }) => score);
    this.#weights = Float64Array.from(pieces, ({ codes, score }) => Math.exp(score + SHIFT * codes.length));
    let used = 1;
    pieces.forEach(({ codes }, id) => {
      let node = 0;
      for (const code of codes) {
        const slot = this.#slot(node, code);
        if (this.#keyNode[slot] === -1) {
          this.#keyNode[slot] = node;
          this.#keyCode[slot] = code;
          this.#next[slot] = used++;
        }
        node = this.#next[slot] ?? 0;
      }
      this.#pieceOf[node] = id;
    });
  }

  /** Adds to `expected` how often each piece is used in a word, over all its spellings by their probability, times `count`. */
  addExpected(codes: Int32Array, start: number, count: number, expected: Float64Array): void {
    const size = this.#spread(codes, start);
    const [forward, backward, weights] = [this.#forward, this.#backward, this.#weights];
    forward.fill(0, 0, size + 1);
    backward.fill(0, 0, size + 1);
    forward[0] = 1;
    backward[size] = 1;
    for (let edge = 0; edge < this.#edges; edge++) {
      const to = this.#to[edge] ?? 0;
      forward[to] = (forward[to] ?? 0) +
        (forward[this.#from[edge] ?? 0] ?? 0) * (weights[this.#piece[edge] ?? 0] ?? 0);
    }
    for (let edge = this.#edges - 1; edge >= 0; edge--) {
      const from = this.#from[edge] ?? 0;
      backward[from] = (backward[from] ?? 0) +
        (backward[this.#to[edge] ?? 0] ?? 0) * (weights[this.#piece[edge] ?? 0] ?? 0);
    }
    const scale = count / (forward[size] ?? 1);
    for (let edge = 0; edge < this.#edges; edge++) {
      const piece = this.#piece[edge] ?? 0;
      expected[piece] = (expected[piece] ?? 0) +
        scale * (forward[this.#from[edge] ?? 0] ?? 0) * (weights[piece] ?? 0) *
          (backward[this.#to[edge] ?? 0] ?? 0);
    }
  }

  /**
   * The pieces of the best spelling of a word, the last one first.
   *
   * @param without a piece that may not be used.
   * @returns the pieces and their log probability; no pieces when there is no spelling.
   */
  best(
    codes: Int32Array,
    start: number,
    without = -1,
  ): { readonly pieces: number[]; readonly score: number } {
    const size = this.#spread(codes, start);
    const best = this.#forward.fill(-Infinity, 0, size + 1);
    best[0] = 0;
    for (let edge = 0; edge < this.#edges; edge++) {
      const [from, to, piece] = [this.#from[edge] ?? 0, this.#to[edge] ?? 0, this.#piece[edge] ?? 0];
      const score = (best[from] ?? 0) + (this.#scores[piece] ?? 0);
      if (piece !== without && score > (best[to] ?? 0)) {
        best[to] = score;
        this.#bestFrom[to] = from;
        this.#bestPiece[to] = piece;
      }
    }
    const score = best[size] ?? -Infinity;
    const pieces: number[] = [];
    if (score > -Infinity) {
      for (let at = size; at > 0; at = this.#bestFrom[at] ?? 0) pieces.push(this.#bestPiece[at] ?? 0);
    }
    return { pieces, score };
  }

  /** Lists the edges of the word at `start`, which ends before a 0 or the end of `codes`; returns its length. */
  #spread(codes: Int32Array, start: number): number {
    this.#edges = 0;
    let from = start;
    for (; from < codes.length && codes[from] !== 0; from++) {
      let node = 0;
      for (let at = from; at < codes.length && codes[at] !== 0;) {
        const slot = this.#slot(node, codes[at] ?? 0);
        if (this.#keyNode[slot] === -1) break;
        at++;
        node = this.#next[slot] ?? 0;
        const piece = this.#pieceOf[node] ?? -1;
        if (piece >= 0) this.#addEdge(from - start, at - start, piece);
      }
    }
    return from - start;
  }

  #addEdge(from: number, to: number, piece: number): void {
    if (this.#edges === this.#from.length) {
      const grown = (list: Int32Array): Int32Array<ArrayBuffer> => {
        const larger = new Int32Array(2 * list.length);
        larger.set(list);
        return larger;
      };
      [this.#from, this.#to, this.#piece] = [grown(this.#from), grown(this.#to), grown(this.#piece)];
    }
    this.#from[this.#edges] = from;
    this.#to[this.#edges] = to;
    this.#piece[this.#edges++] = piece;
  }

  /** Where a transition stands in the table, or would. */
  #slot(node: number, code: number): number {
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(code, 0x85ebca6b)) >>> 7 & this.#mask;
    while (this.#keyNode[slot] !== -1 && (this.#keyNode[slot] !== node || this.#keyCode[slot] !== code)) {
      slot = slot + 1 & this.#mask;
    }
    return slot;
  }
}

/** Added to a log probability for each character of a piece, so that products over a word neither vanish nor overflow. */
const SHIFT = 2.5;
