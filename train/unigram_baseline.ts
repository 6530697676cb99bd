import type { ItemSource } from "./batches/held_out_batches.ts";

/** How often each id occurs in a data set. */
export interface TrainingCounts {
  /** By word id; `[CLS]`, `[SEP]` and padding are not in items. */
  readonly words: Float64Array;
  /** By entity id: one for each mention. */
  readonly entities: Float64Array;
}

/**
 * Counts words and mentions of a training set.
 *
 * @param progress called with items done and their number.
 */
export function countTrainingIds(
  source: ItemSource,
  vocabSize: number,
  entityVocabSize: number,
  progress?: (done: number, total: number | undefined) => void,
): TrainingCounts {
  const words = new Float64Array(vocabSize);
  const entities = new Float64Array(entityVocabSize);
  for (let index = 0; index < source.size; index++) {
    const item = source.item(index);
    for (let i = 0; i < item.wordIds.length; i++) count(words, item.wordIds[i]);
    for (const { id } of item.entities) count(entities, id);
    if ((index + 1) % 1000 === 0 || index + 1 === source.size) progress?.(index + 1, source.size);
  }
  return { words, entities };
}

/** The model that a network has to beat: every prediction by the frequency of ids in the training set, whatever the context. */
export class UnigramBaseline {
  /** The id that occurs most often; the lowest of several. */
  readonly mostFrequent: number;
  readonly #counts: Float64Array;
  readonly #logTotal: number;

  /**
   * A baseline from counts.
   *
   * @param counts occurrences by id.
   */
  constructor(counts: Float64Array) {
    this.#counts = counts;
    this.mostFrequent = counts.reduce((best, value, id) => value > (counts[best] ?? 0) ? id : best, 0);
    this.#logTotal = Math.log(counts.reduce((sum, value) => sum + value, counts.length));
  }

  /** Cross entropy of one label in nats with add-one smoothing: −ln((count + 1) / (total + number of ids)). */
  loss(id: number): number {
    return this.#logTotal - Math.log((this.#counts[id] ?? 0) + 1);
  }
}

function count(counts: Float64Array, id: number | undefined): void {
  if (id !== undefined) counts[id] = (counts[id] ?? 0) + 1;
}
