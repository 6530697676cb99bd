import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import type { LukeBatch, MicroStep } from "@lukeforge/model";
import { latestCheckpoint } from "./checkpoint.ts";
import { FakeNetwork, FakeSource } from "./fake_network_fixture.ts";
import { readMetrics } from "./metrics_log.ts";
import { warmupLinear } from "./schedule.ts";
import { train, type TrainingHooks, type TrainingOptions } from "./trainer.ts";
import type { TrainingSource } from "./batches/training_source.ts";

const OPTIONS: TrainingOptions = {
  seed: 7,
  batchSize: 4,
  microBatchSize: 2,
  totalSteps: 11,
  schedule: warmupLinear({ learningRate: 0.1, warmupSteps: 3, totalSteps: 11 }),
  loggingSteps: 4,
  saveSteps: 3,
};
const still: TrainingHooks = { now: () => 0 };

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "trainer-"));
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Every file of a run with its bytes; names of checkpoints included. */
function contents(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile()
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(paths.map((path) => [path.slice(directory.length), readFileSync(path, "latin1")]));
}

/** Trains a fresh network up to a kill right after update `killAfter`, as a crash would leave it. */
async function killedRun(directory: string, killAfter: number, resumeFrom?: string): Promise<void> {
  const crash = new Error("killed");
  const hooks: TrainingHooks = {
    ...still,
    progress: (done) => {
      if (done === killAfter) throw crash;
    },
  };
  const options = resumeFrom === undefined ? OPTIONS : { ...OPTIONS, resumeFrom };
  await assert.rejects(train(new FakeNetwork(), new FakeSource(5), directory, options, hooks), crash);
}

Deno.test("train() gives each update its items, epochs in order, micro-steps within it", async () => {
  await withDirectory(async (directory) => {
    const network = new FakeNetwork();
    const outcome = await train(network, new FakeSource(5), directory, { ...OPTIONS, totalSteps: 2 }, still);
    assert.deepEqual(network.seen, ["0.0:0 1", "0.1:2 3", "1.0:4 101", "1.1:102 103"]);
    assert.deepEqual(outcome, {
      step: 2,
      finished: true,
      checkpoint: join(directory, "checkpoints", "step-2"),
    });
  });
});

Deno.test("train() logs at multiples of loggingSteps and at the end, keeps the two newest checkpoints", async () => {
  await withDirectory(async (directory) => {
    await train(new FakeNetwork(), new FakeSource(5), directory, OPTIONS, still);
    const records = readMetrics(join(directory, "metrics.jsonl"));
    assert.deepEqual(records.map(({ step }) => step), [4, 8, 11]);
    assert.equal(records[0]?.learning_rate, OPTIONS.schedule(3));
    assert.equal(records[0]?.masked_entity_loss, null);
    assert.deepEqual(readdirSync(join(directory, "checkpoints")).sort(), ["step-11", "step-9"]);
  });
});

Deno.test("train() resumed after a kill at any update ends with the same bytes in every file", async () => {
  await withDirectory(async (directory) => {
    const whole = join(directory, "whole");
    await train(new FakeNetwork(), new FakeSource(5), whole, OPTIONS, still);
    for (let killAfter = 3; killAfter < OPTIONS.totalSteps; killAfter++) {
      const resumed = join(directory, `killed-${killAfter}`);
      await killedRun(resumed, killAfter);
      const checkpoint = latestCheckpoint(join(resumed, "checkpoints"));
      if (killAfter === 3) assert.equal(checkpoint, undefined); // killed before the first checkpoint was written
      const options = checkpoint === undefined ? OPTIONS : { ...OPTIONS, resumeFrom: checkpoint.path };
      const network = new FakeNetwork();
      await train(network, new FakeSource(5), resumed, options, still);
      assert.deepEqual(contents(resumed), contents(whole), `killed after update ${killAfter}`);
      assert.equal(network.seen[0]?.startsWith(`${checkpoint?.step ?? 0}.0:`), true, "nothing is replayed");
    }
  });
});

Deno.test("train() killed between its last checkpoint and the removal of old ones removes them when resumed", async () => {
  await withDirectory(async (directory) => {
    await train(new FakeNetwork(), new FakeSource(5), directory, OPTIONS, still);
    const checkpoints = join(directory, "checkpoints");
    cpSync(join(checkpoints, "step-9"), join(checkpoints, "step-6"), { recursive: true });
    const resumeFrom = join(checkpoints, "step-11");
    const { finished } = await train(new FakeNetwork(), new FakeSource(5), directory, {
      ...OPTIONS,
      resumeFrom,
    }, still);
    assert.ok(finished);
    assert.deepEqual(readdirSync(checkpoints).sort(), ["step-11", "step-9"]);
  });
});

Deno.test("train() ignores and removes what a killed checkpoint left, whatever part of it was written", async () => {
  await withDirectory(async (directory) => {
    const whole = join(directory, "whole");
    await train(new FakeNetwork(), new FakeSource(5), whole, OPTIONS, still);
    const killed = join(directory, "killed");
    await killedRun(killed, 7);
    const parts = ["model.safetensors", "optimizer.safetensors", "trainer_state.json"];
    for (let written = 0; written <= 2 * parts.length; written++) {
      const run = join(directory, `run-${written}`);
      cpSync(killed, run, { recursive: true });
      const partial = join(run, "checkpoints", "step-9.partial");
      cpSync(join(whole, "checkpoints", "step-9"), partial, { recursive: true });
      // Part i is written as NAME.partial first, then under its name.
      parts.forEach((name, i) => {
        if (i * 2 + 1 > written) rmSync(join(partial, name));
        if (i * 2 + 1 !== written) return;
        rmSync(join(partial, name));
        writeFileSync(join(partial, `${name}.partial`), "torn");
      });
      writeFileSync(
        join(run, "metrics.jsonl"),
        readFileSync(join(run, "metrics.jsonl"), "utf8") + '{"step":8,"lo',
      );
      const checkpoint = latestCheckpoint(join(run, "checkpoints"));
      assert.equal(checkpoint?.step, 6);
      await train(
        new FakeNetwork(),
        new FakeSource(5),
        run,
        { ...OPTIONS, resumeFrom: checkpoint.path },
        still,
      );
      assert.deepEqual(contents(run), contents(whole), `${written} file operations`);
    }
  });
});

Deno.test("train() stopped by its signal checkpoints the update at hand; the resumed network is the same", async () => {
  await withDirectory(async (directory) => {
    const whole = new FakeNetwork();
    await train(whole, new FakeSource(5), join(directory, "whole"), OPTIONS, still);
    const stop = new AbortController();
    const hooks = { ...still, progress: (done: number) => done === 5 ? stop.abort() : undefined };
    const run = join(directory, "run");
    const outcome = await train(new FakeNetwork(), new FakeSource(5), run, {
      ...OPTIONS,
      signal: stop.signal,
    }, hooks);
    assert.equal(outcome.finished, false);
    assert.equal(outcome.step, 5);
    assert.ok(outcome.checkpoint !== undefined && existsSync(outcome.checkpoint));
    const resumed = new FakeNetwork();
    await train(resumed, new FakeSource(5), run, { ...OPTIONS, resumeFrom: outcome.checkpoint }, still);
    assert.deepEqual(await resumed.readParameters(), await whole.readParameters());
    assert.deepEqual(await resumed.readOptimizerState(), await whole.readOptimizerState());
    const [mine, theirs] = [run, join(directory, "whole")].map((path) =>
      readMetrics(join(path, "metrics.jsonl"))
    );
    assert.deepEqual(mine?.map(({ step }) => step), theirs?.map(({ step }) => step));
    mine?.forEach((record, i) => {
      assert.ok(Math.abs((record.loss ?? 0) - (theirs?.[i]?.loss ?? 1)) < 1e-6);
    });
  });
});

Deno.test("train() hears a signal although its network never waits", async () => {
  await withDirectory(async (directory) => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1);
    const options = { ...OPTIONS, totalSteps: 1e6, saveSteps: 0, loggingSteps: 1e6, signal: stop.signal };
    const { step, finished } = await train(new FakeNetwork(), new FakeSource(5), directory, options, still);
    assert.ok(!finished && step > 0);
  });
});

Deno.test("train() goes back to an earlier checkpoint when told to, and removes what lies beyond", async () => {
  await withDirectory(async (directory) => {
    const whole = join(directory, "whole");
    await train(new FakeNetwork(), new FakeSource(5), whole, OPTIONS, still);
    const again = join(directory, "again");
    cpSync(whole, again, { recursive: true });
    const resumeFrom = join(again, "checkpoints", "step-9");
    await train(new FakeNetwork(), new FakeSource(5), again, { ...OPTIONS, resumeFrom }, still);
    assert.deepEqual(contents(again), contents(whole));
  });
});

Deno.test("train() refuses a directory with a run, and a checkpoint of other options", async () => {
  await withDirectory(async (directory) => {
    const start = (change: Partial<TrainingOptions>, items = 5): Promise<unknown> =>
      train(new FakeNetwork(), new FakeSource(items), directory, { ...OPTIONS, ...change }, still);
    await start({});
    const resumeFrom = join(directory, "checkpoints", "step-9");
    const refused = (message: RegExp) => (error: unknown): boolean =>
      error instanceof UserError && message.test(error.message);
    await assert.rejects(start({}), refused(/step-11: the directory holds a run already/));
    const foreign = join(directory, "elsewhere", "checkpoints", "step-9");
    cpSync(resumeFrom, foreign, { recursive: true });
    await assert.rejects(
      start({ resumeFrom: foreign }),
      refused(/step-11: the directory holds a run already/),
    );
    await assert.rejects(start({ resumeFrom, seed: 8 }), refused(/step-9: .*seed 7, not 8/));
    await assert.rejects(start({ resumeFrom, batchSize: 8 }), refused(/batch size 4, not 8/));
    await assert.rejects(start({ resumeFrom }, 6), refused(/number of items 5, not 6/));
    await assert.rejects(start({ microBatchSize: 3 }), refused(/not a multiple of the micro-batch size 3/));
    await assert.rejects(start({ loggingSteps: 0 }), refused(/logging steps 0/));
  });
});

Deno.test("train() warns of skipped updates and gives up after too many in a row", async () => {
  await withDirectory(async (directory) => {
    const network = new FakeNetwork();
    network.skip.add(5);
    const warnings: string[] = [];
    const hooks = { ...still, warn: (message: string) => void warnings.push(message) };
    await train(network, new FakeSource(5), join(directory, "some"), OPTIONS, hooks);
    assert.deepEqual(warnings, ["step 6: 1 of 2 updates skipped, their gradients are not finite"]);
    assert.equal(readMetrics(join(directory, "some", "metrics.jsonl"))[1]?.skipped_updates, 1);

    const broken = new FakeNetwork();
    for (let step = 2; step < 20; step++) broken.skip.add(step);
    const options = { ...OPTIONS, loggingSteps: 1, maxSkippedUpdates: 4 };
    await assert.rejects(
      train(broken, new FakeSource(5), join(directory, "all"), options, hooks),
      (error) => error instanceof UserError && /^step 6: 4 updates in a row/.test(error.message),
    );
  });
});

Deno.test("train() measures how long it waits for data, and the share of places that are not padding", async () => {
  await withDirectory(async (directory) => {
    let clock = 0;
    class TimedNetwork extends FakeNetwork {
      override accumulate(batch: LukeBatch, at: MicroStep): Promise<void> {
        clock += 6;
        return super.accumulate(batch, at);
      }
      computedPlaces(batch: LukeBatch): number {
        return 4 * batch.rows;
      }
    }
    /** Takes 2 ms for a micro-batch: in this thread, or in another one, which is as fast as the network or slower. */
    const sourceOf = (kind: "here" | "in time" | "late"): TrainingSource => {
      const source = new FakeSource(5);
      return {
        items: 5,
        microBatch: (step, microStep) => {
          const batch = source.microBatch(step, microStep);
          if (kind === "here") clock += 2;
          if (kind !== "late") return batch;
          return new Promise((resolve) =>
            setTimeout(() => {
              clock += 2;
              resolve(batch);
            })
          );
        },
      };
    };
    for (const [kind, waited] of [["here", 2 / 8], ["in time", 0], ["late", 2 / 8]] as const) {
      clock = 0;
      const run = join(directory, kind);
      const options = { ...OPTIONS, totalSteps: 100, loggingSteps: 100, saveSteps: 0 };
      await train(new TimedNetwork(), sourceOf(kind), run, options, { now: () => clock });
      const [record] = readMetrics(join(run, "metrics.jsonl"));
      assert.ok(
        Math.abs((record?.data_wait_share ?? NaN) - waited) < 0.005,
        `${kind}: ${record?.data_wait_share}`,
      );
      assert.equal(record?.real_token_share, 1 / 4);
    }
  });
});
