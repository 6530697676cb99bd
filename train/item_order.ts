import { Permutation } from "./permutation.ts";

/** One item of one pass over its data set: masks depend on both, and on the seed. */
export interface ItemDraw {
  /** How often the item's data set had been gone through before. */
  readonly epoch: number;
  /** Number of the item. */
  readonly item: number;
}

/** The endless row of a run's draws: pass after pass over the items, each in an order of its own. Any draw is found at once. */
export class ItemOrder {
  /** Number of items. */
  readonly items: number;
  readonly #seed: number;
  #pass: { readonly epoch: number; readonly permutation: Permutation } | undefined;

  /** The row of draws under a seed. */
  constructor(items: number, seed: number) {
    this.items = items;
    this.#seed = seed;
  }

  /** Draw number `draw`, from 0. */
  at(draw: number): ItemDraw {
    const epoch = Math.floor(draw / this.items);
    if (this.#pass?.epoch !== epoch) {
      this.#pass = { epoch, permutation: new Permutation(this.items, this.#seed, epoch) };
    }
    return { epoch, item: this.#pass.permutation.at(draw % this.items) };
  }
}
