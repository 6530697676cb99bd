import type { LukeBatch } from "@lukeforge/model";
import type { ItemLengths } from "../dataset/dataset_index.ts";
import type { ItemSource } from "./held_out_batches.ts";
import { type ItemDraw, ItemOrder } from "./item_order.ts";
import { LengthGroups } from "./length_groups.ts";
import type { ItemCollator } from "../masking/masking_collator.ts";
import { packItems, type RowLimits } from "./packing.ts";
import type { TrainingSource } from "./training_source.ts";

/** What the micro-batches of a run depend on besides its data and its masking. Threads take it over by structured cloning. */
export interface BatchRecipe {
  /** The run's seed, of order and masks. */
  readonly seed: number;
  /** Items of an update. */
  readonly batchSize: number;
  /** Items of a micro-step; divides `batchSize`. */
  readonly microBatchSize: number;
  /** Exponent of the sizes of several data sets, see `DatasetSampling`. Default 0.7. */
  readonly samplingSmoothing?: number;
  /** Puts items of similar length into a micro-batch, see {@linkcode LengthGroups}. Default false. */
  readonly groupByLength?: boolean;
  /** Puts several items of a micro-batch into a row, see {@linkcode packItems}. Default: an item a row. */
  readonly pack?: RowLimits;
}

/** Items of one data set, or of several behind each other. */
export interface PretrainingItems extends ItemSource {
  /** Number of each data set's first item, and the number of all items at the end; one data set when not given. */
  readonly boundaries?: readonly number[];
  /** How long an item is, for groups by length; without it the items are read. */
  lengths?(index: number): ItemLengths;
}

/**
 * Micro-batches of one data set or several: update s takes the draws s · batch … (s + 1) · batch − 1 of its {@linkcode ItemOrder},
 * masks depend on (seed, epoch, item).
 */
export class PretrainingSource implements TrainingSource {
  /** Items of all data sets. */
  readonly items: number;
  readonly #data: PretrainingItems;
  readonly #collator: ItemCollator;
  readonly #recipe: BatchRecipe;
  readonly #order: ItemOrder;
  readonly #groups: LengthGroups | undefined;

  /**
   * Draws from `data` and masks with `collator`.
   *
   * @throws {UserError} when a data set is empty or the smoothing not from 0 to 1.
   */
  constructor(data: PretrainingItems, collator: ItemCollator, recipe: BatchRecipe) {
    this.items = data.size;
    this.#data = data;
    this.#collator = collator;
    this.#recipe = recipe;
    this.#order = new ItemOrder(datasetSizes(data), recipe.seed, recipe.samplingSmoothing);
    const lengths = (item: number): ItemLengths => {
      if (data.lengths !== undefined) return data.lengths(item);
      const { wordIds, entities } = data.item(item);
      return { words: wordIds.length, entities: entities.length };
    };
    this.#groups = recipe.groupByLength ? new LengthGroups(this.#order, lengths, recipe) : undefined;
  }

  /** Reads, masks and pads the items of a micro-step. */
  microBatch(step: number, microStep: number): LukeBatch {
    const { seed, pack } = this.#recipe;
    const draws = this.#groups?.draws(step, microStep) ?? this.#draws(step, microStep);
    const items = draws.map(({ epoch, item }) => ({
      item: this.#data.item(item),
      key: { seed, epoch, item },
    }));
    if (pack === undefined) return this.#collator.batch(items);
    return packItems(
      items.map(({ item, key }) => this.#collator.maskItem(item, key)),
      pack,
      this.#collator.padId,
    );
  }

  #draws(step: number, microStep: number): ItemDraw[] {
    const { batchSize, microBatchSize } = this.#recipe;
    const first = step * batchSize + microStep * microBatchSize;
    return Array.from({ length: microBatchSize }, (_, row) => this.#order.at(first + row));
  }
}

/** Items of each of the data sets. */
function datasetSizes({ size, boundaries = [0, size] }: PretrainingItems): number[] {
  return boundaries.slice(1).map((end, i) => end - (boundaries[i] ?? 0));
}
