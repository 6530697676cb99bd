import { UserError } from "@lukeforge/corpus";

/** The learning rate of each update, from its 0-based step. */
export type LearningRateSchedule = (step: number) => number;

/** What a schedule is made of. */
export interface ScheduleOptions {
  /** The peak. */
  readonly learningRate: number;
  /** Updates until the peak. */
  readonly warmupSteps: number;
  /** Updates of the whole run. */
  readonly totalSteps: number;
}

/** Names of the schedules, as in LUKE's `--lr-schedule`. */
export const SCHEDULES = ["warmup_linear", "warmup_constant", "constant"] as const;

/** One of {@linkcode SCHEDULES}. */
export type ScheduleName = typeof SCHEDULES[number];

/**
 * Linear warm-up from 0, then linear decay to 0 at `totalSteps`: `lr · s/w` for s < w, else `lr · max(0, (T − s)/(T − w))`.
 * The first update is made with learning rate 0 when there is a warm-up, never at the peak (DeepSpeed before October 2024 did).
 */
export function warmupLinear(
  { learningRate, warmupSteps, totalSteps }: ScheduleOptions,
): LearningRateSchedule {
  return (step) =>
    step < warmupSteps
      ? learningRate * step / warmupSteps
      : learningRate * Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
}

/** Linear warm-up from 0, then the peak throughout. */
export function warmupConstant(
  { learningRate, warmupSteps }: Pick<ScheduleOptions, "learningRate" | "warmupSteps">,
): LearningRateSchedule {
  return (step) => step < warmupSteps ? learningRate * step / warmupSteps : learningRate;
}

/** The same learning rate throughout. */
export function constant(learningRate: number): LearningRateSchedule {
  return () => learningRate;
}

/**
 * The schedule of a name.
 *
 * @throws {UserError} when the name is none of {@linkcode SCHEDULES}, or the warm-up does not end within the run.
 */
export function learningRateSchedule(name: string, options: ScheduleOptions): LearningRateSchedule {
  const { learningRate, warmupSteps, totalSteps } = options;
  if (name === "constant") return constant(learningRate);
  if (name !== "warmup_linear" && name !== "warmup_constant") {
    throw new UserError(`--lr-schedule ${name}: no such schedule; give one of ${SCHEDULES.join(", ")}`);
  }
  if (warmupSteps >= totalSteps && warmupSteps > 0) {
    throw new UserError(
      `--warmup-steps ${warmupSteps}: the run has only ${totalSteps} steps; give fewer warm-up steps or train for longer`,
    );
  }
  return name === "warmup_linear" ? warmupLinear(options) : warmupConstant(options);
}
