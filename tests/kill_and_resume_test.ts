import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { digests, run, runUntil, TemporaryDirectory, TINY } from "./command_line.ts";

/** Records of a log of JSON lines, without what a clock has a part in. */
function withoutTimes(path: string): unknown[] {
  return readFileSync(path, "utf8").trim().split("\n").map((line) => {
    const { tokens_per_second: _, ...record } = JSON.parse(line);
    return record;
  });
}

Deno.test("pretrain killed at three stages and started again ends in the same bits", async (t) => {
  using directory = new TemporaryDirectory();
  const start = (name: string): string[] => ["pretrain", "--output-dir", directory.file(name), ...TINY];
  assert.equal((await run(start("whole"))).code, 0);

  for (
    const [stage, sign] of [
      ["making the corpus", ["pages.db"]],
      ["training", ["checkpoints", "step-10"]],
      ["after the last checkpoint", ["checkpoints", "step-24"]],
    ] as const
  ) {
    await t.step(stage, async () => {
      const name = stage.replaceAll(" ", "-");
      assert.ok(
        await runUntil(directory.file(name, ...sign), start(name)),
        "ended before it could be killed",
      );
      assert.ok(!existsSync(directory.file(name, "results.json")));
      const { code, stdout, errors } = await run(start(name));
      assert.equal(code, 0, errors.join("\n"));
      assert.match(stdout, /^page database: already there/m);

      const whole = digests(directory.file("whole")), resumed = digests(directory.file(name));
      // SQLite writes its own counters; trainer_state.json, results and stages.jsonl hold times.
      const timed =
        /^(pages\.db|results\.json|stages\.jsonl|metrics\.jsonl|config\.json)$|trainer_state\.json$/;
      for (const path of [...whole.keys()].filter((path) => !timed.test(path))) {
        assert.equal(resumed.get(path), whole.get(path), path);
      }
      assert.ok(whole.has("checkpoints/step-24/optimizer.safetensors"));
      const [log, expected] = [name, "whole"].map((run) =>
        withoutTimes(directory.file(run, "metrics.jsonl"))
      );
      assert.deepEqual(log, expected);
    });
  }
});
