import { PURPOSE, RandomStream } from "../random.ts";

const ROUNDS = 8;

/**
 * A random order of the items 0 … size − 1 in constant memory: a Feistel network over the next power of four, walked until the
 * value falls into the range. Any place of any epoch's order is found at once, so that a run resumes without reading what it
 * has already seen.
 */
export class Permutation {
  /** Number of items. */
  readonly size: number;
  readonly #keys: readonly number[];
  readonly #half: number;

  /**
   * The order of one epoch.
   *
   * @param size number of items, up to 2^52.
   * @param dataset number of the data set, so that several of one size have several orders.
   * @throws {RangeError} when `size` is no whole number from 0 to 2^52.
   */
  constructor(size: number, seed: number, epoch = 0, dataset = 0) {
    if (!Number.isInteger(size) || size < 0 || size > 2 ** 52) {
      throw new RangeError(`a permutation of ${size} items`);
    }
    this.size = size;
    let bits = 1;
    while (4 ** bits < size) bits++;
    this.#half = 2 ** bits;
    const random = new RandomStream(seed, epoch, dataset, PURPOSE.permutation);
    this.#keys = Array.from({ length: ROUNDS }, () => random.word());
  }

  /** The item at `place` of the order. @throws {RangeError} when `place` is outside 0 … size − 1. */
  at(place: number): number {
    if (!Number.isInteger(place) || place < 0 || place >= this.size) {
      throw new RangeError(`place ${place} is not in 0…${this.size - 1}`);
    }
    let value = place;
    do value = this.#encipher(value); while (value >= this.size);
    return value;
  }

  #encipher(value: number): number {
    let left = Math.floor(value / this.#half);
    let right = value % this.#half;
    for (const key of this.#keys) {
      const mixed = (left ^ (mix(right, key) & (this.#half - 1))) >>> 0;
      left = right;
      right = mixed;
    }
    return left * this.#half + right;
  }
}

/** A 32-bit integer hash of `value` under `key` (the finaliser of MurmurHash3, twice keyed). */
function mix(value: number, key: number): number {
  let hash = value ^ key;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) + key | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
