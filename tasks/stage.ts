import { existsSync } from "node:fs";
import { duration, type ProgressCallback, ProgressLine, type Terminal } from "./progress.ts";
import { recordStageTime } from "./stage_times.ts";

/** Where a command reports: progress to a terminal, results as lines. */
export interface Reporter {
  /** Where progress is drawn. */
  readonly progress: Terminal;
  /** Prints one line of results. */
  line(text: string): void;
}

/** A step of a command that makes one file or directory. */
export interface Stage {
  /** What it does, as people read it: "entity vocabulary". */
  readonly name: string;
  /** What it counts, in the plural. */
  readonly unit: string;
  /** What it makes. It appears under this name only when it is whole, so that a finished stage is known by it. */
  readonly output: string;
  /** Does the work; returns what it made, in a few words. */
  readonly make: (progress: ProgressCallback) => string | Promise<string>;
}

/**
 * Runs a stage unless its output exists, with progress and a line about the result.
 *
 * @returns seconds it took; undefined when it was already there.
 */
export async function runStage(stage: Stage, reporter: Reporter): Promise<number | undefined> {
  if (existsSync(stage.output)) {
    reporter.line(`${stage.name}: already there (${stage.output})`);
    return undefined;
  }
  const line = new ProgressLine(reporter.progress, stage.name, stage.unit);
  const begun = performance.now();
  let result: string;
  try {
    result = await stage.make((done, total, note) => line.update(done, total, note));
  } finally {
    line.clear();
  }
  const seconds = (performance.now() - begun) / 1000;
  reporter.line(`${stage.name}: ${result} (${duration(seconds)})`);
  return seconds;
}

/** {@linkcode runStage}, the time recorded in the log `stageTimes`. */
export async function runTimed(stage: Stage, stageTimes: string, reporter: Reporter): Promise<void> {
  const seconds = await runStage(stage, reporter);
  if (seconds !== undefined) recordStageTime(stageTimes, stage.name, seconds);
}
