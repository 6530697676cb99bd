import { UserError } from "@lukeforge/corpus";

/**
 * The optimizer steps of a run: items / batch × epochs, rounded up (LUKE's `compute-total-training-steps`).
 *
 * @param items sizes of the data sets, added up.
 * @throws {UserError} when a number is not positive.
 */
export function totalTrainingSteps(items: readonly number[], trainBatchSize: number, epochs: number): number {
  const total = items.reduce((sum, size) => sum + size, 0);
  if (!(total > 0)) throw new UserError("the data sets have no items; build them again");
  if (!(Number.isInteger(trainBatchSize) && trainBatchSize > 0)) {
    throw new UserError(`--train-batch-size ${trainBatchSize}: must be a whole number above 0`);
  }
  if (!(epochs > 0 && Number.isFinite(epochs))) {
    throw new UserError(`--num-epochs ${epochs}: must be a number above 0`);
  }
  return Math.ceil(total / trainBatchSize * epochs);
}

/** The line that upstream's command prints. */
export function totalTrainingStepsLine(steps: number): string {
  return `Total training steps: ${steps}`;
}
