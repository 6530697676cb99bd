import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { MetricsLog, type MetricsRecord, readMetrics } from "./metrics_log.ts";

const record = (step: number): MetricsRecord => ({
  step,
  loss: 2,
  masked_lm_loss: 1,
  masked_lm_accuracy: 0.5,
  masked_entity_loss: null,
  masked_entity_accuracy: null,
  learning_rate: 1e-5,
  grad_norm: 3,
  tokens_per_second: 100,
  data_wait_share: 0.01,
  real_token_share: 0.5,
  skipped_updates: 0,
});

function withLog(work: (path: string, directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "metrics-"));
  try {
    work(join(directory, "metrics.jsonl"), directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function write(path: string, from: number, steps: number[]): void {
  using log = MetricsLog.open(path, from);
  for (const step of steps) log.append(record(step));
}

Deno.test("MetricsLog appends records that readMetrics() returns", () => {
  withLog((path) => {
    assert.deepEqual(readMetrics(path), []);
    write(path, 0, [2, 4]);
    write(path, 4, [6]);
    assert.deepEqual(readMetrics(path), [2, 4, 6].map(record));
  });
});

Deno.test("MetricsLog.open() cuts the log back to the step of the checkpoint", () => {
  withLog((path, directory) => {
    write(path, 0, [2, 4, 6]);
    write(path, 4, [6, 8]);
    assert.deepEqual(readMetrics(path), [2, 4, 6, 8].map(record));
    assert.deepEqual(readdirSync(directory), ["metrics.jsonl"]);
  });
});

Deno.test("MetricsLog.open() survives a kill at every byte of the last line, and a stale partial file", () => {
  withLog((path) => {
    write(path, 0, [2, 4]);
    const whole = readFileSync(path);
    const first = whole.indexOf(10) + 1;
    writeFileSync(`${path}.partial`, "torn");
    for (let length = first; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      assert.deepEqual(readMetrics(path), [record(2)]);
      write(path, 2, [4]);
      assert.deepEqual(readFileSync(path), whole);
    }
  });
});

Deno.test("MetricsLog.open() names a line that is not a record", () => {
  withLog((path) => {
    writeFileSync(path, '{"step":1}\noops\n{"step":3}\n');
    assert.throws(
      () => MetricsLog.open(path, 9),
      (error) => error instanceof UserError && /line 2/.test(error.message),
    );
  });
});
