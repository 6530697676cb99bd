import { UserError } from "@lukeforge/corpus";
import type { LukeMetrics } from "@lukeforge/model";

/** Watches for updates that were skipped because a gradient was not finite, and for losses that are not. */
export class SkipWatch {
  readonly #limit: number;
  #inARow = 0;

  /** `limit`: so many skipped updates in a row end the run. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes the metrics of the `updates` updates up to `step`. Which of them were skipped is not known, only how many: they
   * count as "in a row" when all of them were.
   *
   * @throws {UserError} when the limit is reached.
   */
  observe(step: number, updates: number, metrics: LukeMetrics, warn?: (message: string) => void): void {
    const { skippedUpdates, word, entity } = metrics;
    if (!Number.isFinite(word.lossSum + entity.lossSum)) {
      warn?.(`step ${step}: the loss is not finite (words ${word.lossSum}, entities ${entity.lossSum})`);
    }
    if (skippedUpdates === 0) {
      if (updates > 0) this.#inARow = 0;
      return;
    }
    this.#inARow = skippedUpdates >= updates ? this.#inARow + skippedUpdates : 0;
    warn?.(`step ${step}: ${skippedUpdates} of ${updates} updates skipped, their gradients are not finite`);
    if (this.#inARow >= this.#limit && this.#inARow > 0) {
      throw new UserError(
        `step ${step}: ${this.#inARow} updates in a row were skipped because gradients are not finite; ` +
          "lower the learning rate, lengthen the warm-up or clip gradients, and resume from the last checkpoint",
      );
    }
  }
}
