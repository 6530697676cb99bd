import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { UserError } from "@lukeforge/corpus";
import type { LukeBatch } from "@lukeforge/model";
import {
  latestCheckpoint,
  readCheckpoint,
  removeCheckpointsAfter,
  removeOldCheckpoints,
  removePartialCheckpoints,
  writeCheckpoint,
} from "./checkpoint.ts";
import {
  addToInterval,
  EMPTY_INTERVAL,
  type HostCounts,
  type IntervalSums,
  metricsRecord,
} from "./interval_sums.ts";
import { MetricsLog, type MetricsRecord } from "./metrics_log.ts";
import type { LearningRateSchedule } from "./schedule.ts";
import { SkipWatch } from "./skip_watch.ts";
import type { TrainableNetwork } from "./trainable_network.ts";
import type { TrainerState } from "./trainer_state.ts";
import type { TrainingSource } from "./batches/training_source.ts";

/** How to train. */
export interface TrainingOptions {
  /** Seed of the dropout masks, recorded with the run; the source must use the same. */
  readonly seed: number;
  /** Items of an update. */
  readonly batchSize: number;
  /** Items of a micro-step; divides `batchSize`. */
  readonly microBatchSize: number;
  /** Updates of the whole run. */
  readonly totalSteps: number;
  /** Learning rate of each update. */
  readonly schedule: LearningRateSchedule;
  /** A line of `metrics.jsonl` after each multiple of this many updates, and at the end. */
  readonly loggingSteps: number;
  /** A checkpoint after each multiple of this many updates, and at the end; 0: only at the end. */
  readonly saveSteps: number;
  /** Checkpoints that are kept, the newest; 2 when not given. */
  readonly keepCheckpoints?: number;
  /** So many updates skipped in a row end the run (counted in whole intervals between reads of the metrics); 50 when not given. */
  readonly maxSkippedUpdates?: number;
  /**
   * Checkpoint directory to continue from: of this run, or of another one if this run has none yet. Without it the run starts at
   * step 0 from the network's present parameters.
   */
  readonly resumeFrom?: string;
  /** When aborted, the update at hand is finished, a checkpoint written, and {@linkcode train} returns. */
  readonly signal?: AbortSignal;
}

/** What a run tells its caller. Nothing in a hook may depend on time if resumed runs are to be bit-identical. */
export interface TrainingHooks {
  /** After each update: updates made, updates of the run. */
  progress?(done: number, total: number): void;
  /** After each line of the metrics. */
  log?(record: MetricsRecord): void;
  /** After each checkpoint. Metrics of the network are empty then: it may be evaluated, its metrics must be read afterwards. */
  checkpoint?(path: string, step: number): void | Promise<void>;
  /** What a person should know at once; one line. */
  warn?(message: string): void;
  /** Milliseconds of a clock, for `tokens_per_second`; `performance.now` when not given. */
  now?(): number;
}

/** How a run ended. */
export interface TrainingOutcome {
  /** Updates made. */
  readonly step: number;
  /** Whether all updates were made; false when the signal ended the run. */
  readonly finished: boolean;
  /** The last checkpoint; undefined when the signal came before the first update. */
  readonly checkpoint: string | undefined;
}

/**
 * Trains a network: `directory/metrics.jsonl` grows by a line every `loggingSteps`, `directory/checkpoints/step-N/` appears
 * every `saveSteps` and at the end.
 *
 * What an update sees is a function of (seed, step): its micro-batches come from the source by step and micro-step, dropout is keyed
 * by (seed, step, micro-step), the learning rate by the step. So a resumed run goes on bit for bit without reading what was seen
 * before. A checkpoint between two logged steps stores the sums of the unfinished interval; only where a signal took a checkpoint
 * that the schedule does not have may the last bits of the next logged means differ, never the network's.
 *
 * The next micro-batch is made on the host while the device works on the present one.
 *
 * @throws {UserError} when options contradict the data or the checkpoint, the directory holds another run, or too many updates
 * in a row were skipped.
 */
export async function train(
  network: TrainableNetwork,
  source: TrainingSource,
  directory: string,
  options: TrainingOptions,
  hooks: TrainingHooks = {},
): Promise<TrainingOutcome> {
  const { seed, batchSize, microBatchSize, totalSteps, schedule, signal } = options;
  checkOptions(source, options);
  const checkpoints = join(directory, "checkpoints");
  mkdirSync(checkpoints, { recursive: true });
  removePartialCheckpoints(checkpoints);
  const resumed = await resume(network, source, checkpoints, options, hooks);
  removeOldCheckpoints(checkpoints, options.keepCheckpoints); // a kill may have come between a checkpoint and this

  let step = resumed?.step ?? 0;
  let sums: IntervalSums = resumed?.interval ?? EMPTY_INTERVAL;
  let checkpoint = options.resumeFrom;
  using log = MetricsLog.open(join(directory, "metrics.jsonl"), step);
  const skips = new SkipWatch(options.maxSkippedUpdates ?? 50);
  const now = (): number => hooks.now?.() ?? performance.now();
  const microSteps = batchSize / microBatchSize;

  const prepare = async (step: number, microStep: number): Promise<LukeBatch | undefined> => {
    return step < totalSteps ? await source.microBatch(step, microStep) : undefined;
  };

  let host = NOTHING_DONE;
  let since = now();
  let gradNorm = NaN;
  const readMetrics = async (): Promise<void> => {
    const metrics = await network.readMetrics();
    sums = addToInterval(sums, metrics, { ...host, seconds: (now() - since) / 1000 });
    gradNorm = metrics.gradNorm;
    skips.observe(step, host.updates, metrics, hooks.warn);
    host = NOTHING_DONE;
  };

  const asked = now();
  let batch = await prepare(step, 0);
  let waiting = now() - asked;
  while (batch !== undefined && !signal?.aborted) {
    for (let microStep = 0; microStep < microSteps && batch !== undefined; microStep++) {
      const last = microStep + 1 === microSteps;
      const present: LukeBatch = batch;
      const computing = network.accumulate(present, { seed, step, microStep }).then(now);
      const begun = now();
      const preparing = prepare(last ? step + 1 : step, last ? 0 : microStep + 1);
      const prepared = preparing.then(now);
      const returned = now();
      const [computed, ready] = await Promise.all([computing, prepared]);
      batch = await preparing;
      waiting += waitingTime({ begun, returned, computed, ready });
      host = addBatch(host, present, network, waiting);
      waiting = 0;
    }
    await network.update(schedule(step));
    step++;
    host = { ...host, updates: host.updates + 1 };
    hooks.progress?.(step, totalSteps);
    // A network that computes without waiting never lets the event loop run, and then no signal would be heard.
    if (signal !== undefined) await setImmediate();

    const ended = step >= totalSteps || signal?.aborted === true;
    const logged = step % options.loggingSteps === 0 || step >= totalSteps;
    const saved = ended || (options.saveSteps > 0 && step % options.saveSteps === 0);
    if (!logged && !saved) continue;
    await readMetrics();
    if (logged) {
      const record = metricsRecord(step, sums, schedule(step - 1), gradNorm);
      log.append(record);
      sums = EMPTY_INTERVAL;
      hooks.log?.(record);
    }
    if (saved) {
      const state: TrainerState = {
        step,
        total_steps: totalSteps,
        epoch: step * batchSize / source.items,
        seed,
        items: source.items,
        batch_size: batchSize,
        micro_batch_size: microBatchSize,
        interval: sums,
      };
      checkpoint = await writeCheckpoint(checkpoints, network, state, options.keepCheckpoints);
      await hooks.checkpoint?.(checkpoint, step);
    }
    since = now();
  }
  return { step, finished: step >= totalSteps, checkpoint };
}

function checkOptions(source: TrainingSource, options: TrainingOptions): void {
  const { batchSize, microBatchSize, loggingSteps, saveSteps, totalSteps } = options;
  if (source.items < 1) throw new UserError("the data set has no items; build it again");
  for (
    const [name, value, least] of [
      ["batch size", batchSize, 1],
      ["micro-batch size", microBatchSize, 1],
      ["logging steps", loggingSteps, 1],
      ["save steps", saveSteps, 0],
      ["total steps", totalSteps, 1],
    ] as const
  ) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new UserError(`${name} ${value}: must be a whole number of at least ${least}`);
    }
  }
  if (batchSize % microBatchSize !== 0) {
    throw new UserError(
      `batch size ${batchSize} is not a multiple of the micro-batch size ${microBatchSize}; choose a divisor of it`,
    );
  }
}

async function resume(
  network: TrainableNetwork,
  source: TrainingSource,
  checkpoints: string,
  options: TrainingOptions,
  hooks: TrainingHooks,
): Promise<TrainerState | undefined> {
  const { resumeFrom } = options;
  const present = latestCheckpoint(checkpoints);
  const isOwn = resumeFrom !== undefined && resolve(dirname(resumeFrom)) === resolve(checkpoints);
  if (present !== undefined && !isOwn) {
    throw new UserError(
      `${present.path}: the directory holds a run already; resume it or choose another output directory`,
    );
  }
  if (resumeFrom === undefined) return undefined;
  const state = await readCheckpoint(resumeFrom, network);
  for (
    const [what, recorded, given] of [
      ["seed", state.seed, options.seed],
      ["batch size", state.batch_size, options.batchSize],
      ["number of items", state.items, source.items],
    ] as const
  ) {
    if (recorded !== given) {
      throw new UserError(
        `${resumeFrom}: was written with ${what} ${recorded}, not ${given}; resume with the run's own options and data`,
      );
    }
  }
  if (state.total_steps !== options.totalSteps) {
    hooks.warn?.(
      `resuming with ${options.totalSteps} steps instead of ${state.total_steps}: the learning rate schedule changes`,
    );
  }
  if (state.micro_batch_size !== options.microBatchSize) {
    hooks.warn?.(
      `resuming with micro-batches of ${options.microBatchSize} instead of ${state.micro_batch_size}: ` +
        "the run is valid, but not bit-identical to an uninterrupted one",
    );
  }
  removeCheckpointsAfter(checkpoints, state.step);
  return state;
}

/** Work that was not yet added to the sums of an interval. */
type Work = Omit<HostCounts, "seconds">;
const NOTHING_DONE: Work = { updates: 0, microSteps: 0, tokens: 0, attended: 0, places: 0, waiting: 0 };

function addBatch(work: Work, batch: LukeBatch, network: TrainableNetwork, waiting: number): Work {
  const words = attended(batch.wordAttentionMask);
  const places = network.computedPlaces?.(batch) ?? batch.rows * (batch.words + batch.entities);
  return {
    ...work,
    microSteps: work.microSteps + 1,
    tokens: work.tokens + words,
    attended: work.attended + words + attended(batch.entityAttentionMask),
    places: work.places + places,
    waiting: work.waiting + waiting / 1000,
  };
}

function attended(mask: Int32Array): number {
  let places = 0;
  for (const item of mask) if (item > 0) places++;
  return places;
}

/** What is heard of a device within so many milliseconds after the host was busy had ended before. */
const AT_ONCE = 0.05;

/**
 * Milliseconds for which the network waited for its next batch: from the end of the computation, or from `begun` where the host made
 * the batch itself and heard at once afterwards that the computation had ended. A GPU that has other work queued does not wait
 * then: for one the figure is an upper bound.
 */
function waitingTime(
  { begun, returned, computed, ready }: Record<"begun" | "returned" | "computed" | "ready", number>,
): number {
  const onThisThread = computed - returned < AT_ONCE ? returned - begun : 0;
  return onThisThread + Math.max(0, ready - Math.max(computed, returned));
}
