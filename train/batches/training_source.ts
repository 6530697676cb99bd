import type { LukeBatch } from "@lukeforge/model";

/**
 * Where micro-batches come from. What one holds is a function of the seed, its place in the run and the source's own recipe, so that
 * a resumed run draws the same: which data sets and items, in which rows and with which masks is the source's matter alone.
 */
export interface TrainingSource {
  /** Items of all data sets; so many draws count as an epoch. */
  readonly items: number;
  /** The micro-batch of one micro-step of one update, both counted from 0. */
  microBatch(step: number, microStep: number): LukeBatch | Promise<LukeBatch>;
  /** Ends what makes batches ahead. */
  [Symbol.asyncDispose]?(): PromiseLike<void>;
}
