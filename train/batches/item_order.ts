import { DatasetSampling } from "./dataset_sampling.ts";
import { Permutation } from "./permutation.ts";

/** One item of one pass over its data set: masks depend on both, and on the seed. */
export interface ItemDraw {
  /** How often the item's data set had been gone through before. */
  readonly epoch: number;
  /** Number of the item in the row of all data sets. */
  readonly item: number;
}

/** mLUKE's. */
export const SAMPLING_SMOOTHING = 0.7;

/**
 * The endless row of a run's draws: pass after pass over the items of a data set, each in an order of its own; of several data sets
 * as {@linkcode DatasetSampling} picks them. Any draw is found at once.
 */
export class ItemOrder {
  /** Number of items of all data sets. */
  readonly items: number;
  readonly #sizes: readonly number[];
  readonly #firsts: readonly number[];
  readonly #seed: number;
  readonly #sampling: DatasetSampling;
  readonly #passes: { epoch: number; permutation: Permutation }[] = [];

  /**
   * The row of draws under a seed.
   *
   * @param sizes items of each data set.
   * @throws {UserError} when a data set is empty or the smoothing not from 0 to 1.
   */
  constructor(sizes: readonly number[], seed: number, samplingSmoothing = SAMPLING_SMOOTHING) {
    const firsts = [0];
    for (const size of sizes) firsts.push((firsts.at(-1) ?? 0) + size);
    this.items = firsts.at(-1) ?? 0;
    this.#sizes = sizes;
    this.#firsts = firsts;
    this.#seed = seed;
    this.#sampling = new DatasetSampling(sizes, samplingSmoothing, seed);
  }

  /** Draw number `draw`, from 0. */
  at(draw: number): ItemDraw {
    const { dataset, ordinal } = this.#sampling.at(draw);
    const size = this.#sizes[dataset] ?? 1;
    const epoch = Math.floor(ordinal / size);
    let pass = this.#passes[dataset];
    if (pass?.epoch !== epoch) {
      pass = { epoch, permutation: new Permutation(size, this.#seed, epoch, dataset) };
      this.#passes[dataset] = pass;
    }
    return { epoch, item: (this.#firsts[dataset] ?? 0) + pass.permutation.at(ordinal % size) };
  }
}
