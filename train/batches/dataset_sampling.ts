import { UserError } from "@lukeforge/corpus";
import { PURPOSE, RandomStream } from "../random.ts";

/** Draws of a block. Within one, every data set has its quota, in an order by (seed, block). */
export const BLOCK_DRAWS = 4096;
/** Blocks after which quotas repeat; a power of two. */
const CYCLE_BLOCKS = 1024;
const CYCLE_DRAWS = BLOCK_DRAWS * CYCLE_BLOCKS;

/** Which data set a draw is from. */
export interface DatasetDraw {
  /** Number of the data set. */
  readonly dataset: number;
  /** How many draws before this one were from the same data set. */
  readonly ordinal: number;
}

/**
 * Draws from several data sets, p ∝ size^smoothing (mLUKE's language sampling; 1: as large as they are, 0: all alike). Nothing is left
 * to chance but the order: of the 4096 draws of a block each data set has a fixed number, within one of its share, and of the
 * 4,194,304 of a cycle exactly its share, rounded by the largest remainder (at least one, so that the smallest is not forgotten). A
 * draw is found from its number alone.
 */
export class DatasetSampling {
  readonly #sizes: readonly number[];
  readonly #seed: number;
  /** Draws of each data set in a cycle. */
  readonly #shares: readonly number[];
  /** [blocks + 1, data sets]: draws of each before the block of a cycle. */
  readonly #before: Uint32Array;
  #block:
    | { readonly number: number; readonly datasets: Uint16Array; readonly ranks: Uint16Array }
    | undefined;

  /**
   * Sampling of data sets by their sizes.
   *
   * @throws {UserError} when a data set is empty or the smoothing not from 0 to 1.
   */
  constructor(sizes: readonly number[], smoothing: number, seed: number) {
    if (!(smoothing >= 0 && smoothing <= 1)) {
      throw new UserError(`--sampling-smoothing ${smoothing}: must be from 0 to 1`);
    }
    const empty = sizes.findIndex((size) => !(size >= 1));
    if (empty >= 0 || sizes.length > BLOCK_DRAWS) {
      throw new UserError(
        empty >= 0
          ? `data set ${empty + 1} has no items; build it again`
          : `${sizes.length} data sets; join some`,
      );
    }
    this.#sizes = sizes;
    this.#seed = seed;
    this.#shares = apportion(sizes.map((size) => size ** smoothing), CYCLE_DRAWS);
    this.#before = drawsBefore(this.#shares);
  }

  /** Draw number `draw`, from 0. */
  at(draw: number): DatasetDraw {
    const datasets = this.#sizes.length;
    if (datasets === 1) return { dataset: 0, ordinal: draw };
    const number = Math.floor(draw / BLOCK_DRAWS);
    if (this.#block?.number !== number) this.#block = { number, ...this.#drawBlock(number) };
    const slot = draw % BLOCK_DRAWS;
    const dataset = this.#block.datasets[slot] ?? 0;
    const before = this.#before[number % CYCLE_BLOCKS * datasets + dataset] ?? 0;
    const ordinal = Math.floor(number / CYCLE_BLOCKS) * (this.#shares[dataset] ?? 0) + before +
      (this.#block.ranks[slot] ?? 0);
    return { dataset, ordinal };
  }

  /** The data set of each draw of a block, and how many draws of the block before it were from the same. */
  #drawBlock(block: number): { datasets: Uint16Array; ranks: Uint16Array } {
    const count = this.#sizes.length;
    const row = block % CYCLE_BLOCKS * count;
    const datasets = new Uint16Array(BLOCK_DRAWS);
    let slot = 0;
    for (let dataset = 0; dataset < count; dataset++) {
      const quota = (this.#before[row + count + dataset] ?? 0) - (this.#before[row + dataset] ?? 0);
      datasets.fill(dataset, slot, slot += quota);
    }
    new RandomStream(this.#seed, block, 0, PURPOSE.sampling).shuffle(datasets);
    const seen = new Uint16Array(count);
    const ranks = datasets.map((dataset) => {
      const rank = seen[dataset] ?? 0;
      seen[dataset] = rank + 1;
      return rank;
    });
    return { datasets, ranks };
  }
}

/** Whole numbers with sum `total`, in proportion to the weights by the largest remainder; none below 1. */
function apportion(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const exact = weights.map((weight) => weight / sum * total);
  const shares = exact.map(Math.floor);
  const order = exact.map((_, i) => i).sort((a, b) => (exact[b] ?? 0) % 1 - (exact[a] ?? 0) % 1 || a - b);
  const left = total - shares.reduce((a, b) => a + b, 0);
  for (const i of order.slice(0, left)) shares[i] = (shares[i] ?? 0) + 1;
  shares.forEach((share, i) => {
    if (share > 0) return;
    const largest = shares.indexOf(Math.max(...shares));
    shares[largest] = (shares[largest] ?? 0) - 1;
    shares[i] = 1;
  });
  return shares;
}

/**
 * Each block gets the whole part of its share; what remains of all data sets is laid in a row and dealt to the blocks one by one. A
 * data set has fewer such draws than there are blocks, so none gets two, and all blocks get equally many. Dealt in bit-reversed
 * order, they lie evenly in the cycle.
 */
function drawsBefore(shares: readonly number[]): Uint32Array {
  const count = shares.length;
  const quotas = new Uint32Array((CYCLE_BLOCKS + 1) * count);
  let dealt = 0;
  shares.forEach((share, dataset) => {
    for (let block = 0; block < CYCLE_BLOCKS; block++) {
      quotas[(block + 1) * count + dataset] = Math.floor(share / CYCLE_BLOCKS);
    }
    for (let rest = share % CYCLE_BLOCKS; rest > 0; rest--) {
      const place = (reversedBits(dealt++ % CYCLE_BLOCKS) + 1) * count + dataset;
      quotas[place] = (quotas[place] ?? 0) + 1;
    }
  });
  for (let place = count; place < quotas.length; place++) {
    quotas[place] = (quotas[place] ?? 0) + (quotas[place - count] ?? 0);
  }
  return quotas;
}

function reversedBits(block: number): number {
  let reversed = 0;
  for (let bit = 1; bit < CYCLE_BLOCKS; bit *= 2) reversed = 2 * reversed + (block & bit ? 1 : 0);
  return reversed;
}
