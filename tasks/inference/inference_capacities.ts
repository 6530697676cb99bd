import type { BatchCapacity } from "@lukeforge/model";

/** The largest inputs of a model. */
export interface InferenceLimits {
  /** Words of a text, `[CLS]` and `[SEP]` included. */
  readonly words: number;
  /** Words of a mention that the network is shown. */
  readonly mentionLength: number;
  /** Mentions of a text; 0 for a network of words only. */
  readonly entities: number;
}

/** Mentions of a text that the largest plan takes. */
export const MOST_MENTIONS = 128;

/** Masked words or entities of a batch: what bounds the logits on the host, rows of a vocabulary of up to a million. */
export const MOST_PLACES = 16;

const SHORTEST = 16;
/** Up to these many words, many texts go into a batch; longer ones fill a device with few. */
const SHORT = 64;
const SHORT_ROWS = 64;
const LONG_ROWS = 8;
const ENTITY_CLASSES = [4, 32, MOST_MENTIONS];

/** The words of the plan that a text of so many words goes to: the next power of two, at least 16. */
export function lengthClass(words: number, limits: Pick<InferenceLimits, "words">): number {
  let length = SHORTEST;
  while (length < words) length *= 2;
  return Math.min(length, Math.max(limits.words, 1));
}

/** Texts of that many words that go into a batch. */
export function batchRows(words: number): number {
  return words <= SHORT ? SHORT_ROWS : LONG_ROWS;
}

/**
 * Capacities for all requests, from one short text to a batch of long ones. A network makes a plan only when a batch needs it and
 * keeps it for the next; it takes the smallest, and among equals the first: those without heads stand first, since a head that
 * is not asked for costs time.
 */
export function inferenceCapacities(limits: InferenceLimits): BatchCapacity[] {
  const lengths: number[] = [];
  for (let length = SHORTEST; length < limits.words; length *= 2) lengths.push(length);
  lengths.push(limits.words);
  const capacities: BatchCapacity[] = [];
  for (const words of lengths) {
    for (const rows of new Set([1, LONG_ROWS, batchRows(words)])) {
      const add = (entities: number, maskedWords: number, maskedEntities: number): void => {
        const { mentionLength } = limits;
        capacities.push({ rows, words, entities, mentionLength, maskedWords, maskedEntities });
      };
      add(0, 0, 0);
      add(0, MOST_PLACES, 0);
      for (const entities of ENTITY_CLASSES) {
        if (limits.entities === 0) break;
        add(entities, 0, 0);
        add(entities, MOST_PLACES, 0);
        add(entities, 0, MOST_PLACES);
      }
    }
  }
  return capacities;
}
