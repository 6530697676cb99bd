/** What two runs of the same command have in common, however often one of them was killed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { digests } from "./command_line.ts";

/** SQLite writes its own counters; the others hold times. */
const OF_THE_CLOCK =
  /^(pages\.db|results\.json|stages\.jsonl|metrics\.jsonl|config\.json)$|trainer_state\.json$/;

/** Holds that two run directories have the same files: datasets, weights, optimizer state bit for bit, metrics apart from times. */
export function assertSameRun(actual: string, expected: string): void {
  const is = digests(actual), was = digests(expected);
  assert.deepEqual([...is.keys()], [...was.keys()]);
  for (const [path, digest] of was) {
    if (!OF_THE_CLOCK.test(path)) assert.equal(is.get(path), digest, path);
  }
  assert.ok([...was.keys()].some((path) => /^checkpoints.*optimizer\.safetensors$/.test(path)));
  assert.deepEqual(metricsWithoutTimes(actual), metricsWithoutTimes(expected));
}

function metricsWithoutTimes(directory: string): unknown[] {
  return readFileSync(join(directory, "metrics.jsonl"), "utf8").trim().split("\n").map((line) => {
    const { tokens_per_second: _, data_wait_share: __, ...record } = JSON.parse(line);
    return record;
  });
}
