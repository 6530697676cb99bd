import { type IntervalSums, parseInterval } from "./interval_sums.ts";

/** Where a run stands: what a resume needs besides parameters and moments. */
export interface TrainerState {
  /** Updates made. */
  readonly step: number;
  /** Updates of the whole run. */
  readonly total_steps: number;
  /** Passes over the data so far, with the fraction of the present one. */
  readonly epoch: number;
  /** Seed of order, masks and dropout. */
  readonly seed: number;
  /** Items of an epoch. */
  readonly items: number;
  /** Items of an update. */
  readonly batch_size: number;
  /** Items of a micro-step. */
  readonly micro_batch_size: number;
  /** What the metrics of the next logged step already hold. */
  readonly interval: IntervalSums;
}

/** Reads a state from JSON; a string says what is wrong. */
export function parseTrainerState(text: string): TrainerState | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "is not JSON";
  }
  if (typeof value !== "object" || value === null) return "is not a JSON object";
  const fields = value as Record<string, unknown>;
  const counts = ["step", "total_steps", "seed", "items", "batch_size", "micro_batch_size"] as const;
  for (const name of counts) {
    if (!Number.isSafeInteger(fields[name])) return `${name} is not a whole number`;
  }
  if (typeof fields.epoch !== "number") return "epoch is not a number";
  const interval = parseInterval(fields.interval);
  if (interval === undefined) return "interval does not hold the sums of the metrics";
  return { ...fields, interval } as unknown as TrainerState;
}
