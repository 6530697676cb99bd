/**
 * `deno task kill-sweep [TRIALS] [SEED]`: kills a tiny run on the sample at random moments, starts it again until it ends, and
 * compares it with a run that was not killed. A line a trial, then a summary; code 1 when a run differs or fails.
 */
import { existsSync, rmSync } from "node:fs";
import { latestCheckpoint, RandomStream } from "@lukeforge/train";
import { run, runAndSignal, TemporaryDirectory, TINY } from "./command_line.ts";
import { countArgument } from "./count_argument.ts";
import { assertSameRun } from "./same_run.ts";

const trials = countArgument(0, "TRIALS", 1, 30);
const seed = countArgument(1, "SEED", 0, 0);
const random = new RandomStream(seed);
using directory = new TemporaryDirectory();
const start = (name: string): string[] => [
  ...["pretrain", "--output-dir", directory.file(name), ...TINY],
  ...["--max-steps", "600", "--save-steps", "25"], // so that training is about half of it
];

/** What a run makes, in order; the number of those that exist tells where it was killed. */
const OUTPUTS = [
  "pages.db",
  "tokenizer",
  "entity_vocab.jsonl",
  "dataset",
  "held_out",
  "metrics.jsonl",
  "model",
  "predictions.txt",
];

/** Where the run `name` stands: the last of its outputs, or the last checkpoint during training. */
function placeOf(name: string): string {
  const last = OUTPUTS.findLast((output) => existsSync(directory.file(name, output))) ?? "start";
  return last === "metrics.jsonl"
    ? `step ${latestCheckpoint(directory.file(name, "checkpoints"))?.step ?? 0}`
    : last;
}

let begun = performance.now();
const whole = await run(start("whole"));
if (whole.code !== 0) throw new Error(whole.errors.join("\n"));
let duration = performance.now() - begun;
console.log(
  `${trials} trials, seed ${seed}; the run that is not killed takes ${(duration / 1000).toFixed(1)} s`,
);

let kills = 0, failures = 0;
for (let trial = 1; trial <= trials; trial++) {
  const name = `trial-${trial}`;
  const killed: string[] = [];
  let problem: string | undefined;
  for (;;) {
    const moment = random.uniform() * duration;
    begun = performance.now();
    const end = await runAndSignal(start(name), "SIGKILL", () => performance.now() - begun >= moment);
    if (end.code === 137) {
      killed.push(`${(moment / 1000).toFixed(2)} s (${placeOf(name)})`);
      continue;
    }
    if (end.code !== 0) problem = `code ${end.code}: ${end.errors.join(" ")}`;
    if (end.code !== 0 || killed.length > 0) break;
    // Ended before its moment, as where the first run was slowed down by others: that shows nothing.
    duration = Math.min(duration, performance.now() - begun);
    rmSync(directory.file(name), { recursive: true });
  }
  try {
    if (problem === undefined) assertSameRun(directory.file(name), directory.file("whole"));
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  kills += killed.length;
  if (problem !== undefined) failures++;
  console.log(`trial ${trial}: killed after ${killed.join(", ")}: ${problem ?? "same"}`);
  rmSync(directory.file(name), { recursive: true, force: true });
}
console.log(`${trials} trials, ${kills} kills, ${failures} differ or failed`);
if (failures > 0) Deno.exitCode = 1;
