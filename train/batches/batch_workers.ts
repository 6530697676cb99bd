import { AnsweringWorker } from "@lukeforge/corpus";
import type { LukeBatch } from "@lukeforge/model";
import type { BatchRequest, MadeBatch } from "./batch_worker.ts";
import type { BatchMaterials } from "./open_pretraining_source.ts";
import type { TrainingSource } from "./training_source.ts";

/** Options of {@linkcode BatchWorkers}. */
export interface BatchWorkersOptions {
  /** Threads, at least 1. */
  readonly workers: number;
  /** Micro-batches that a thread makes ahead of the one that is asked for, at least 1. Default 4. */
  readonly prefetch?: number;
  /** Updates of the run: none is prepared beyond. */
  readonly totalSteps?: number;
}

type BatchThread = AnsweringWorker<BatchRequest, MadeBatch>;

interface Awaited {
  readonly step: number;
  readonly microStep: number;
  readonly batch: Promise<LukeBatch>;
}

/**
 * Micro-batches that threads make ahead of the training. They take turns, so that the batches come in order, and each makes what
 * {@linkcode BatchMaterials} say: the same batches, whatever the number of threads.
 */
export class BatchWorkers implements TrainingSource, AsyncDisposable {
  /** Items of all data sets. */
  readonly items: number;
  readonly #threads: readonly BatchThread[];
  readonly #ahead: number;
  readonly #microSteps: number;
  readonly #totalSteps: number;
  /** What was asked of the threads and is not taken yet, in order. */
  #queue: Awaited[] = [];
  #turn = 0;

  /**
   * Starts the threads.
   *
   * @param items of all data sets, which the threads open for themselves.
   */
  constructor(
    items: number,
    materials: BatchMaterials,
    { workers, prefetch = 4, totalSteps = Infinity }: BatchWorkersOptions,
  ) {
    if (!(Number.isInteger(workers) && workers >= 1 && Number.isInteger(prefetch) && prefetch >= 1)) {
      throw new RangeError(`${workers} threads that make ${prefetch} batches ahead`);
    }
    const { batchSize, microBatchSize } = materials.recipe;
    this.items = items;
    const { size, maskId } = materials.entityVocab; // a whole vocabulary cannot be cloned
    const sent = { ...materials, entityVocab: { size, maskId } };
    this.#threads = Array.from({ length: workers }, () => startThread(sent));
    this.#ahead = workers * prefetch;
    this.#microSteps = batchSize / microBatchSize;
    this.#totalSteps = totalSteps;
  }

  /**
   * The micro-batch of one micro-step of one update. The next ones are in the making; asking for another drops them.
   *
   * @throws {UserError} what the thread found, such as a damaged shard.
   */
  microBatch(step: number, microStep: number): Promise<LukeBatch> {
    const [next] = this.#queue;
    if (next?.step !== step || next.microStep !== microStep) this.#queue = [this.#ask(step, microStep)];
    const [present = this.#ask(step, microStep)] = this.#queue.splice(0, 1);
    let last: Awaited = this.#queue.at(-1) ?? present;
    while (this.#queue.length < this.#ahead) {
      const isLast = last.microStep + 1 === this.#microSteps;
      const following = isLast ? last.step + 1 : last.step;
      if (following >= this.#totalSteps) break;
      last = this.#ask(following, isLast ? 0 : last.microStep + 1);
      this.#queue.push(last);
    }
    return present.batch;
  }

  #ask(step: number, microStep: number): Awaited {
    const thread = this.#threads[this.#turn++ % this.#threads.length];
    if (thread === undefined) throw new RangeError("no thread");
    const batch = thread.ask({ step, microStep }).then((made) => made.batch);
    batch.catch(() => {}); // it is told when the batch is asked for, if ever
    return { step, microStep, batch };
  }

  /** Ends the threads. What is in the making is lost. */
  [Symbol.asyncDispose](): Promise<void> {
    for (const thread of this.#threads) thread.end();
    this.#queue = [];
    return Promise.resolve();
  }
}

function startThread(materials: BatchMaterials): BatchThread {
  const worker = new Worker(new URL("./batch_worker.ts", import.meta.url), { type: "module" });
  const thread: BatchThread = new AnsweringWorker(worker, "a thread that prepares batches");
  thread.tell(materials);
  return thread;
}
