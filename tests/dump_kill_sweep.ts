/**
 * `deno task dump-kill-sweep [TRIALS] [SEED] [DUMP]`: kills build-dump-db at random moments, builds again, and compares with a build
 * that was not killed. The dump, unless given, repeats the sample. A line a trial; code 1 when one fails.
 */
import { writeFileSync } from "node:fs";
import { RandomStream } from "@lukeforge/train";
import { TemporaryDirectory } from "./command_line.ts";
import { countArgument } from "./count_argument.ts";
import { buildWhole, killAndBuild } from "./killed_build.ts";
import { repeatedSample } from "./repeated_sample.ts";

const trials = countArgument(0, "TRIALS", 1, 20);
const seed = countArgument(1, "SEED", 0, 0);
const random = new RandomStream(seed);
using directory = new TemporaryDirectory();
let dump = Deno.args[2];
if (dump === undefined) {
  dump = directory.file("sample.xml");
  writeFileSync(dump, repeatedSample(100));
}
const whole = await buildWhole(dump, directory);
console.log(
  `${trials} trials, seed ${seed}; the build that is not killed takes ${whole.milliseconds.toFixed(0)} ms`,
);
let kills = 0, failures = 0;
for (let trial = 1; trial <= trials; trial++) {
  const moment = random.uniform() * whole.milliseconds;
  let result: string;
  try {
    const left = await killAndBuild(dump, directory, whole, moment);
    if (left !== undefined) kills++;
    result = left === undefined ? "had ended" : `left ${left.join(", ") || "nothing"}; same after`;
  } catch (error) {
    failures++;
    result = error instanceof Error ? error.message : String(error);
  }
  console.log(`trial ${trial}: killed after ${moment.toFixed(0)} ms: ${result}`);
}
console.log(`${trials} trials, ${kills} kills, ${failures} failed`);
if (failures > 0) Deno.exitCode = 1;
