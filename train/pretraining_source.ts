import type { LukeBatch } from "@lukeforge/model";
import type { ItemSource } from "./held_out_batches.ts";
import { ItemOrder } from "./item_order.ts";
import type { MaskingCollator } from "./masking_collator.ts";
import type { TrainingSource } from "./training_source.ts";

/** What the micro-batches of a run depend on besides its data and its masking. */
export interface BatchRecipe {
  /** The run's seed, of order and masks. */
  readonly seed: number;
  /** Items of an update. */
  readonly batchSize: number;
  /** Items of a micro-step; divides `batchSize`. */
  readonly microBatchSize: number;
}

/**
 * Micro-batches of a data set: update s takes the draws s · batch … (s + 1) · batch − 1 of its {@linkcode ItemOrder}, masks depend on
 * (seed, epoch, item).
 */
export class PretrainingSource implements TrainingSource {
  /** Items of an epoch. */
  readonly items: number;
  readonly #dataset: ItemSource;
  readonly #collator: MaskingCollator;
  readonly #recipe: BatchRecipe;
  readonly #order: ItemOrder;

  /** Draws from `dataset` and masks with `collator`. */
  constructor(dataset: ItemSource, collator: MaskingCollator, recipe: BatchRecipe) {
    this.items = dataset.size;
    this.#dataset = dataset;
    this.#collator = collator;
    this.#recipe = recipe;
    this.#order = new ItemOrder([dataset.size], recipe.seed);
  }

  /** Reads, masks and pads the items of a micro-step. */
  microBatch(step: number, microStep: number): LukeBatch {
    const { seed, batchSize, microBatchSize } = this.#recipe;
    const first = step * batchSize + microStep * microBatchSize;
    const items = Array.from({ length: microBatchSize }, (_, row) => {
      const { epoch, item } = this.#order.at(first + row);
      return { item: this.#dataset.item(item), key: { seed, epoch, item } };
    });
    return this.#collator.batch(items);
  }
}
