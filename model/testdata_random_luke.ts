import type { BatchCapacity, LukeBatch } from "./luke_batch.ts";
import type { LukeConfig } from "./luke_config.ts";
import type { AdamWOptions } from "./ops/adamw/adamw.ts";
import { testRandom } from "./ops/testdata_generators.ts";
import { tinyLukeConfig } from "./testdata_tiny_luke.ts";

/** A tiny LUKE of odd shape with what it is trained on. */
export interface RandomLuke {
  readonly config: LukeConfig;
  readonly capacities: readonly BatchCapacity[];
  readonly optimizer: AdamWOptions;
  /** The micro-batches of each step. */
  readonly steps: readonly (readonly LukeBatch[])[];
}

/** Random choices from a seed. */
export class Choices {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = testRandom(seed);
  }

  /** An integer from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor((this.#random() + 1) / 2 * (most - least + 1) * 0.9999);
  }

  /** One of several. */
  of<T>(...options: readonly [T, ...T[]]): T {
    return options[this.integer(0, options.length - 1)] ?? options[0];
  }

  /** True once in `times` times. */
  once(times: number): boolean {
    return this.integer(1, times) === 1;
  }
}

/**
 * Odd widths, one to three capacities, an entity table narrower or wider than the network or none, a decoder of words that is tied
 * or not; batches of no item, items without words and entities, mentions of no word, several token types, rows of several items, no masked
 * places.
 */
export function randomLuke(seed: number): RandomLuke {
  const random = new Choices(seed);
  const heads = random.integer(1, 3);
  const hiddenSize = heads * random.of(4, 5, 8);
  const dropout = random.of(0, 0.1, 0.5);
  const wordsOnly = random.once(4);
  const config = tinyLukeConfig({
    baseModelType: random.of("roberta", "bert"),
    hiddenSize,
    numAttentionHeads: heads,
    entityEmbSize: random.of(hiddenSize, 5, hiddenSize + 7),
    numHiddenLayers: random.integer(1, 2),
    intermediateSize: random.integer(5, 33),
    vocabSize: random.integer(5, 300),
    entityVocabSize: wordsOnly ? 0 : random.integer(4, 200),
    typeVocabSize: random.integer(1, 2),
    hiddenDropoutProb: dropout,
    attentionProbsDropoutProb: random.of(0, dropout),
    useEntityAwareAttention: !wordsOnly && random.once(4),
    tieWordEmbeddings: !random.once(3),
    padTokenId: random.integer(0, 1),
  });
  const capacity = (): BatchCapacity => ({
    rows: random.integer(1, 5),
    words: random.integer(2, 9),
    entities: wordsOnly ? 0 : random.integer(0, 4),
    mentionLength: random.integer(1, 4),
    maskedWords: random.integer(0, 9),
    maskedEntities: random.integer(0, 6),
  });
  const capacities = [capacity(), ...Array.from({ length: random.integer(0, 2) }, capacity)] as const;
  const optimizer: AdamWOptions = {
    betas: [0.9, 0.98],
    eps: 1e-2, // so that an update is no sharper a function of gradients than they are of parameters
    weightDecay: random.of(0, 0.01),
    biasCorrection: random.once(2),
    maxGradNorm: random.of(0, 0.1, 1),
  };
  const microSteps = random.of(1, 3);
  const batch = (): LukeBatch => randomBatch(random, config, random.of(...capacities));
  return {
    config,
    capacities,
    optimizer,
    steps: [0, 1].map(() => Array.from({ length: microSteps }, batch)),
  };
}

function randomBatch(random: Choices, config: LukeConfig, capacity: BatchCapacity): LukeBatch {
  const rows = random.of(capacity.rows, random.integer(0, capacity.rows), 1);
  const words = random.integer(1, capacity.words);
  const entities = random.integer(0, capacity.entities);
  const mentionLength = random.integer(1, capacity.mentionLength);
  const wordIds = new Int32Array(rows * words).fill(config.padTokenId);
  const wordAttentionMask = new Int32Array(rows * words);
  const entityIds = new Int32Array(rows * entities);
  const entityAttentionMask = new Int32Array(rows * entities);
  const entityPositionIds = new Int32Array(rows * entities * mentionLength).fill(-1);
  const hasEntities = !random.once(3);
  for (let row = 0; row < rows; row++) {
    const wordCount = random.of(words, random.integer(0, words));
    for (let place = row * words; place < row * words + wordCount; place++) {
      wordIds[place] = random.integer(0, config.vocabSize - 1);
      wordAttentionMask[place] = 1;
    }
    const entityCount = hasEntities ? random.integer(0, entities) : 0;
    for (let place = row * entities; place < row * entities + entityCount; place++) {
      entityIds[place] = random.integer(1, config.entityVocabSize - 1);
      entityAttentionMask[place] = 1;
      const length = random.integer(0, mentionLength);
      for (let i = 0; i < length; i++) entityPositionIds[place * mentionLength + i] = random.integer(0, 9);
    }
  }
  if (random.once(3)) {
    for (let row = 0; row < rows; row++) {
      const items = packRow(random, wordAttentionMask.subarray(row * words, (row + 1) * words));
      const of = entityAttentionMask.subarray(row * entities, (row + 1) * entities);
      of.forEach((seen, i) => of[i] = seen * random.integer(1, items));
    }
  }
  const maskedWordPositions = randomPlaces(random, rows * words, capacity.maskedWords);
  const maskedEntityPositions = randomPlaces(random, rows * entities, capacity.maskedEntities);
  return {
    rows,
    words,
    entities,
    mentionLength,
    wordIds,
    wordAttentionMask,
    entityIds,
    entityAttentionMask,
    entityPositionIds,
    ...(random.once(2) && {
      wordTypeIds: wordIds.map(() => random.integer(0, config.typeVocabSize - 1)),
      entityTypeIds: entityIds.map(() => random.integer(0, config.typeVocabSize - 1)),
    }),
    maskedWordPositions,
    maskedWordLabels: maskedWordPositions.map(() => random.integer(0, config.vocabSize - 1)),
    maskedEntityPositions,
    maskedEntityLabels: maskedEntityPositions.map(() => random.integer(0, config.entityVocabSize - 1)),
  };
}

/**
 * Parts the words of a row into items of two words and more; returns how many, 1 where there is no word. (An item of one word whose
 * only score is dropped can have gradients that f16 does not hold.)
 */
function packRow(random: Choices, mask: Int32Array): number {
  let items = 1, start = 0;
  mask.forEach((seen, i) => {
    if (seen === 1 && i >= start + 2 && random.once(3)) [items, start] = [items + 1, i];
    mask[i] = seen * items;
  });
  return items;
}

/** None, all or some of `count` places, `most` at most, in any order. */
function randomPlaces(random: Choices, count: number, most: number): Int32Array {
  const all = Math.min(count, most);
  const left = Array.from({ length: count }, (_, i) => i);
  const length = random.of(0, all, random.integer(0, all));
  return Int32Array.from({ length }, () => left.splice(random.integer(0, left.length - 1), 1)[0] ?? 0);
}
