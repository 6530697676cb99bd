/** What a random stream is for: streams of different purposes share no numbers. */
export const PURPOSE = { masking: 1, heldOut: 2, permutation: 3, sampling: 4, lengthGroups: 5 } as const;

/**
 * A stream of random numbers that depends on four integers alone: (seed, epoch, item, purpose). Any item's stream can be
 * opened at once, in any order, on any machine. The generator is Chris Doty-Humphrey's sfc32 (three chaotic words and a counter,
 * period at least 2^32), its state filled from the four integers and mixed by 16 rounds.
 */
export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** Opens the stream. Each argument is taken modulo 2^32. */
  constructor(seed: number, epoch = 0, item = 0, purpose = 0) {
    this.#a = seed | 0;
    this.#b = epoch | 0;
    this.#c = item | 0;
    this.#counter = Math.imul(purpose, 0x9e3779b1) + 1 | 0;
    for (let i = 0; i < 16; i++) this.word();
  }

  /** The next 32 random bits, 0 to 2^32 − 1. */
  word(): number {
    const sum = (this.#a + this.#b | 0) + this.#counter | 0;
    this.#counter = this.#counter + 1 | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = this.#c + (this.#c << 3) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }

  /** A number in [0, 1), a multiple of 2^−32. */
  uniform(): number {
    return this.word() / 2 ** 32;
  }

  /** A whole number in [low, high], both included, without bias. @throws {RangeError} when the range is empty or above 2^32. */
  integer(low: number, high: number): number {
    const range = high - low + 1;
    if (!(range >= 1 && range <= 2 ** 32)) throw new RangeError(`no integers in [${low}, ${high}]`);
    let word = this.word();
    if (word >= 2 ** 32 - range) {
      // Only here can the word be in the last, incomplete round of the range.
      const limit = 2 ** 32 - (2 ** 32 % range);
      while (word >= limit) word = this.word();
    }
    return range === 2 ** 32 ? low + word : low + (word >>> 0) % (range >>> 0);
  }

  /** Puts `items` into random order, in place, and returns them (Fisher and Yates). */
  shuffle<T extends { [index: number]: number; readonly length: number }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      const other = items[j] ?? 0;
      items[j] = items[i] ?? 0;
      items[i] = other;
    }
    return items;
  }
}
