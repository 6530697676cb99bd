import type { LukeBatch } from "@lukeforge/model";
import type { ItemSource } from "./held_out_batches.ts";
import type { MaskingCollator } from "./masking_collator.ts";
import { Permutation } from "./permutation.ts";
import type { ItemDraw, TrainingSource } from "./trainer.ts";

/** Micro-batches of a data set: a fresh order each epoch, masks from (seed, epoch, item). */
export class PretrainingSource implements TrainingSource {
  /** Items of an epoch. */
  readonly items: number;
  readonly #dataset: ItemSource;
  readonly #collator: MaskingCollator;
  readonly #seed: number;
  #order: { readonly epoch: number; readonly permutation: Permutation } | undefined;

  /**
   * Draws from `dataset` and masks with `collator`.
   *
   * @param seed of order and masks; the run's.
   */
  constructor(dataset: ItemSource, collator: MaskingCollator, seed: number) {
    this.items = dataset.size;
    this.#dataset = dataset;
    this.#collator = collator;
    this.#seed = seed;
  }

  /** The item at a place of an epoch's order. */
  itemAt(epoch: number, place: number): number {
    if (this.#order?.epoch !== epoch) {
      this.#order = { epoch, permutation: new Permutation(this.items, this.#seed, epoch) };
    }
    return this.#order.permutation.at(place);
  }

  /** Reads, masks and pads items into one micro-batch. */
  microBatch(draws: readonly ItemDraw[]): LukeBatch {
    return this.#collator.batch(draws.map(({ epoch, item }) => ({
      item: this.#dataset.item(item),
      key: { seed: this.#seed, epoch, item },
    })));
  }
}
