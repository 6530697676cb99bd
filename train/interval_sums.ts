import type { HeadMetrics, LukeMetrics } from "@lukeforge/model";
import type { MetricsRecord } from "./metrics_log.ts";

/** Work that the host counts. */
export interface HostCounts {
  /** Updates, skipped ones included. */
  readonly updates: number;
  /** Micro-batches. */
  readonly microSteps: number;
  /** Words fed to the network, special tokens included, padding not. */
  readonly tokens: number;
  /** Words and entities of all items. */
  readonly attended: number;
  /** Places for words and entities that the network computed, padding included. */
  readonly places: number;
  /** Time spent, without checkpoints and hooks. */
  readonly seconds: number;
  /** Of that, the time in which the network had nothing to compute because the next micro-batch was not there yet. */
  readonly waiting: number;
}

/** Sums over the steps since the last logged one, in float64 on the host. */
export interface IntervalSums {
  /** Masked words. */
  readonly word: HeadMetrics;
  /** Masked entities. */
  readonly entity: HeadMetrics;
  /** Updates that were skipped because a gradient was not finite. */
  readonly skippedUpdates: number;
  /** What the host counted. */
  readonly host: HostCounts;
}

const EMPTY_HEAD: HeadMetrics = { lossSum: 0, correct: 0, count: 0, sumOfMeans: 0 };
/** Sums over nothing. */
export const EMPTY_INTERVAL: IntervalSums = {
  word: EMPTY_HEAD,
  entity: EMPTY_HEAD,
  skippedUpdates: 0,
  host: { updates: 0, microSteps: 0, tokens: 0, attended: 0, places: 0, seconds: 0, waiting: 0 },
};

/** Adds what the network and the host counted since they were last added. */
export function addToInterval(sums: IntervalSums, metrics: LukeMetrics, host: HostCounts): IntervalSums {
  return {
    word: addFields(sums.word, metrics.word),
    entity: addFields(sums.entity, metrics.entity),
    skippedUpdates: sums.skippedUpdates + metrics.skippedUpdates,
    host: addFields(sums.host, host),
  };
}

/** The line of `metrics.jsonl` for an interval that ends after `step` updates. */
export function metricsRecord(
  step: number,
  { word, entity, skippedUpdates, host }: IntervalSums,
  learningRate: number,
  gradNorm: number,
): MetricsRecord {
  return {
    step,
    loss: ratio(word.sumOfMeans + entity.sumOfMeans, host.microSteps),
    masked_lm_loss: ratio(word.lossSum, word.count),
    masked_lm_accuracy: ratio(word.correct, word.count),
    masked_entity_loss: ratio(entity.lossSum, entity.count),
    masked_entity_accuracy: ratio(entity.correct, entity.count),
    learning_rate: learningRate,
    grad_norm: Number.isFinite(gradNorm) ? gradNorm : null,
    tokens_per_second: ratio(host.tokens, host.seconds),
    data_wait_share: ratio(host.waiting, host.seconds),
    real_token_share: ratio(host.attended, host.places),
    skipped_updates: skippedUpdates,
  };
}

/** Sums as a JSON value; those that are not finite become null there. `undefined` when it is none. */
export function parseInterval(value: unknown): IntervalSums | undefined {
  if (!isObject(value)) return undefined;
  const word = parseFields(value.word, EMPTY_HEAD);
  const entity = parseFields(value.entity, EMPTY_HEAD);
  const host = parseFields(value.host, EMPTY_INTERVAL.host);
  const { skippedUpdates } = value;
  if (!word || !entity || !host || typeof skippedUpdates !== "number") return undefined;
  return { word, entity, skippedUpdates, host };
}

function addFields<T extends { readonly [K in keyof T]: number }>(a: T, b: T): T {
  const names = Object.keys(a) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as T;
}

function parseFields<T extends { readonly [K in keyof T]: number }>(
  value: unknown,
  fields: T,
): T | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.keys(fields).map((name) => [name, value[name] === null ? NaN : value[name]]);
  return entries.every(([, number]) => typeof number === "number")
    ? Object.fromEntries(entries) as T
    : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function ratio(sum: number, count: number): number | null {
  return count > 0 && Number.isFinite(sum) ? sum / count : null;
}
