import { batchRows, type InferenceLimits, lengthClass, MOST_PLACES } from "./inference_capacities.ts";

/** What decides which batch an input goes into. */
export interface InputSize {
  /** Words, `[CLS]` and `[SEP]` included. */
  readonly words: number;
  /** Masked words or entities; at most {@linkcode MOST_PLACES}. */
  readonly places: number;
}

/**
 * Divides inputs into batches of similar length, so that little is spent on padding. Returns the indices of each batch; every input is
 * in one.
 */
export function lengthBatches(
  sizes: readonly InputSize[],
  limits: Pick<InferenceLimits, "words">,
): number[][] {
  const order = sizes.keys().toArray().sort((a, b) => (sizes[a]?.words ?? 0) - (sizes[b]?.words ?? 0));
  const batches: number[][] = [];
  let batch: number[] = [], length = 0, places = 0;
  for (const index of order) {
    const size = sizes[index];
    if (size === undefined) continue;
    const itsLength = lengthClass(size.words, limits);
    const isFull = batch.length >= batchRows(length) || places + size.places > MOST_PLACES;
    if (batch.length === 0 || itsLength !== length || isFull) {
      batches.push(batch = []);
      length = itsLength;
      places = 0;
    }
    batch.push(index);
    places += size.places;
  }
  return batches;
}
