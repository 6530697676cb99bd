import type { ItemLengths } from "../dataset/dataset_index.ts";
import type { ItemDraw, ItemOrder } from "./item_order.ts";
import { PURPOSE, RandomStream } from "../random.ts";

/** Micro-batches that are grouped together where an update is a single one. */
const WINDOW_MICRO_BATCHES = 64;

/**
 * Micro-batches of items of similar length, so that little of them is padding. Where an update has several micro-batches, its own
 * items are grouped: the update sees the same items as without groups. Where it has one, the items of 64 updates are. The order of
 * the micro-batches of such a window is drawn by (seed, window), so that lengths do not follow each other. Only the lengths of one
 * window are read to begin anywhere.
 */
export class LengthGroups {
  readonly #order: ItemOrder;
  readonly #lengths: (item: number) => ItemLengths;
  readonly #seed: number;
  readonly #microBatchSize: number;
  readonly #microSteps: number;
  readonly #windowSteps: number;
  #window: { readonly number: number; readonly microBatches: readonly (readonly ItemDraw[])[] } | undefined;

  /**
   * Groups the draws of an order.
   *
   * @param lengths how long an item is.
   */
  constructor(
    order: ItemOrder,
    lengths: (item: number) => ItemLengths,
    { seed, batchSize, microBatchSize }: {
      readonly seed: number;
      readonly batchSize: number;
      readonly microBatchSize: number;
    },
  ) {
    this.#order = order;
    this.#lengths = lengths;
    this.#seed = seed;
    this.#microBatchSize = microBatchSize;
    this.#microSteps = batchSize / microBatchSize;
    this.#windowSteps = this.#microSteps > 1 ? 1 : WINDOW_MICRO_BATCHES;
  }

  /** The draws of one micro-step of one update, the shortest first. */
  draws(step: number, microStep: number): readonly ItemDraw[] {
    const number = Math.floor(step / this.#windowSteps);
    if (this.#window?.number !== number) this.#window = { number, microBatches: this.#group(number) };
    return this.#window.microBatches[step % this.#windowSteps * this.#microSteps + microStep] ?? [];
  }

  #group(window: number): ItemDraw[][] {
    const size = this.#microBatchSize;
    const microBatches = this.#windowSteps * this.#microSteps;
    const first = window * microBatches * size;
    const drawn = Array.from({ length: microBatches * size }, (_, i) => {
      const draw = this.#order.at(first + i);
      return { draw, ...this.#lengths(draw.item) };
    });
    drawn.sort((a, b) => a.words - b.words || a.entities - b.entities); // equal ones stay in their order
    const places = new RandomStream(this.#seed, window, 0, PURPOSE.lengthGroups)
      .shuffle(Int32Array.from({ length: microBatches }, (_, i) => i));
    return Array.from(
      places,
      (place) => drawn.slice(place * size, (place + 1) * size).map(({ draw }) => draw),
    );
  }
}
