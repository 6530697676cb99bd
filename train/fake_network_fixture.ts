import type { HeadMetrics, LukeBatch, LukeMetrics, MicroStep, OptimizerState } from "@lukeforge/model";
import type { TrainableNetwork } from "./trainable_network.ts";
import type { TrainingSource } from "./batches/training_source.ts";

const EMPTY_HEAD: HeadMetrics = { lossSum: 0, correct: 0, count: 0, sumOfMeans: 0 };
const EMPTY: LukeMetrics = {
  word: EMPTY_HEAD,
  entity: EMPTY_HEAD,
  microSteps: 0,
  gradNorm: 0,
  skippedUpdates: 0,
};

/** A network of a few float32 numbers for tests of the loop: every call's arguments and order leave their mark in its bits. */
export class FakeNetwork implements TrainableNetwork {
  readonly parameterShapes: ReadonlyMap<string, readonly number[]> = new Map([["a.weight", [2, 3]], [
    "a.bias",
    [3],
  ]]);
  /** (step, micro-step) of every call of `accumulate`. */
  readonly seen: string[] = [];
  /** Updates that count as not finite. */
  readonly skip = new Set<number>();
  #parameters = new Map<string, Float32Array>();
  #expAvg = new Map<string, Float32Array>();
  #expAvgSq = new Map<string, Float32Array>();
  #lossScale: OptimizerState["lossScale"];
  #gradients = new Map<string, Float32Array>();
  #metrics: LukeMetrics = EMPTY;
  #step = 0;

  constructor() {
    for (const [name, shape] of this.parameterShapes) {
      const length = shape.reduce((product, size) => product * size, 1);
      this.#parameters.set(name, Float32Array.from({ length }, (_, i) => Math.sin(i + name.length)));
      for (const moments of [this.#expAvg, this.#expAvgSq, this.#gradients]) {
        moments.set(name, new Float32Array(length));
      }
    }
  }

  // deno-lint-ignore require-await
  async accumulate(batch: LukeBatch, at: MicroStep): Promise<void> {
    this.seen.push(`${at.step}.${at.microStep}:${batch.wordIds.join(" ")}`);
    this.#step = at.step;
    const key = batch.wordIds.reduce(
      (sum, id) => Math.fround(sum * 1.7 + id),
      at.seed + at.step * 3 + at.microStep,
    );
    for (const [name, gradient] of this.#gradients) {
      const parameter = this.#parameters.get(name) ?? new Float32Array();
      gradient.forEach((old, i) => {
        gradient[i] = (at.microStep === 0 ? 0 : old) + Math.sin(key + i) + 0.1 * (parameter[i] ?? 0);
      });
    }
    const loss = Math.abs(Math.sin(key));
    const { word } = this.#metrics;
    this.#metrics = {
      ...this.#metrics,
      word: {
        lossSum: Math.fround(word.lossSum + loss * batch.rows),
        correct: word.correct,
        count: word.count + batch.rows,
        sumOfMeans: Math.fround(word.sumOfMeans + loss),
      },
    };
  }

  // deno-lint-ignore require-await
  async update(learningRate: number): Promise<void> {
    if (this.skip.has(this.#step)) {
      this.#metrics = { ...this.#metrics, gradNorm: NaN, skippedUpdates: this.#metrics.skippedUpdates + 1 };
      return;
    }
    for (const [name, parameter] of this.#parameters) {
      const gradient = this.#gradients.get(name) ?? new Float32Array();
      const m = this.#expAvg.get(name) ?? new Float32Array();
      const v = this.#expAvgSq.get(name) ?? new Float32Array();
      parameter.forEach((value, i) => {
        const g = gradient[i] ?? 0;
        m[i] = 0.9 * (m[i] ?? 0) + 0.1 * g;
        v[i] = 0.99 * (v[i] ?? 0) + 0.01 * g * g;
        parameter[i] = value - learningRate * (m[i] ?? 0) / (Math.sqrt(v[i] ?? 0) + 1e-6);
      });
    }
    this.#metrics = { ...this.#metrics, gradNorm: 1 };
  }

  // deno-lint-ignore require-await
  async readMetrics(): Promise<LukeMetrics> {
    const metrics = this.#metrics;
    this.#metrics = EMPTY;
    return metrics;
  }

  // deno-lint-ignore require-await
  async readParameters(): Promise<Map<string, Float32Array>> {
    return copyOf(this.#parameters);
  }

  writeParameters(parameters: Map<string, Float32Array>): void {
    this.#parameters = copyOf(parameters);
  }

  // deno-lint-ignore require-await
  async readOptimizerState(): Promise<OptimizerState> {
    return {
      expAvg: copyOf(this.#expAvg),
      expAvgSq: copyOf(this.#expAvgSq),
      ...(this.#lossScale && { lossScale: this.#lossScale }),
    };
  }

  writeOptimizerState({ expAvg, expAvgSq, lossScale }: OptimizerState): void {
    this.#lossScale = lossScale;
    this.#expAvg = copyOf(expAvg);
    this.#expAvgSq = copyOf(expAvgSq);
  }
}

/** Batches whose word ids tell which items of which epoch they hold; by default of the batches of trainer_test.ts. */
export class FakeSource implements TrainingSource {
  readonly items: number;
  readonly #batchSize: number;
  readonly #microBatchSize: number;

  constructor(items: number, { batchSize, microBatchSize } = { batchSize: 4, microBatchSize: 2 }) {
    this.items = items;
    this.#batchSize = batchSize;
    this.#microBatchSize = microBatchSize;
  }

  microBatch(step: number, microStep: number): LukeBatch {
    const first = step * this.#batchSize + microStep * this.#microBatchSize;
    return fakeBatch(Array.from({ length: this.#microBatchSize }, (_, row) => {
      const epoch = Math.floor((first + row) / this.items);
      return epoch * 100 + ((first + row) % this.items + epoch) % this.items;
    }));
  }
}

/** A batch of one word a row, masked. */
export function fakeBatch(words: readonly number[]): LukeBatch {
  const wordIds = Int32Array.from(words);
  return {
    rows: words.length,
    words: 1,
    entities: 0,
    mentionLength: 1,
    wordIds,
    wordAttentionMask: wordIds.map(() => 1),
    entityIds: new Int32Array(),
    entityAttentionMask: new Int32Array(),
    entityPositionIds: new Int32Array(),
    maskedWordPositions: wordIds.map((_, row) => row),
    maskedWordLabels: wordIds,
    maskedEntityPositions: new Int32Array(),
    maskedEntityLabels: new Int32Array(),
  };
}

function copyOf(arrays: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  return new Map([...arrays].map(([name, values]) => [name, values.slice()]));
}
