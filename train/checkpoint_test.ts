import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { readSafetensors, writeSafetensors } from "@lukeforge/model";
import {
  latestCheckpoint,
  listCheckpoints,
  readCheckpoint,
  readCheckpointParameters,
  removePartialCheckpoints,
  writeCheckpoint,
} from "./checkpoint.ts";
import { FakeNetwork } from "./fake_network_fixture.ts";
import { EMPTY_INTERVAL } from "./interval_sums.ts";
import type { TrainerState } from "./trainer_state.ts";

const state = (step: number): TrainerState => ({
  step,
  total_steps: 100,
  epoch: step / 10,
  seed: 3,
  items: 10,
  batch_size: 1,
  micro_batch_size: 1,
  interval: { ...EMPTY_INTERVAL, word: { lossSum: NaN, correct: 1, count: 2, sumOfMeans: 0.1 } },
});

async function withDirectory(work: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "checkpoint-"));
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const refused = (message: RegExp) => (error: unknown): boolean =>
  error instanceof UserError && message.test(error.message) && !error.message.includes("\n");

Deno.test("writeCheckpoint() writes what readCheckpoint() reads, under Hugging Face names", async () => {
  await withDirectory(async (directory) => {
    const network = new FakeNetwork();
    await network.accumulate(
      {
        rows: 1,
        words: 1,
        entities: 0,
        mentionLength: 1,
        wordIds: new Int32Array([3]),
        wordAttentionMask: new Int32Array([1]),
        entityIds: new Int32Array(),
        entityAttentionMask: new Int32Array(),
        entityPositionIds: new Int32Array(),
        maskedWordPositions: new Int32Array(),
        maskedWordLabels: new Int32Array(),
        maskedEntityPositions: new Int32Array(),
        maskedEntityLabels: new Int32Array(),
      },
      { seed: 1, step: 0, microStep: 0 },
    );
    await network.update(0.5);
    const path = await writeCheckpoint(directory, network, state(12));
    assert.deepEqual(readdirSync(directory), ["step-12"]);
    assert.deepEqual(readdirSync(path).sort(), [
      "model.safetensors",
      "optimizer.safetensors",
      "trainer_state.json",
    ]);
    assert.deepEqual([...readSafetensors(join(path, "optimizer.safetensors")).keys()], [
      "exp_avg.a.bias",
      "exp_avg.a.weight",
      "exp_avg_sq.a.bias",
      "exp_avg_sq.a.weight",
    ]);
    assert.deepEqual(readSafetensors(join(path, "model.safetensors")).get("a.weight")?.shape, [2, 3]);
    const other = new FakeNetwork();
    assert.deepEqual(await readCheckpoint(path, other), state(12));
    assert.deepEqual(await other.readParameters(), await network.readParameters());
    assert.deepEqual(await other.readOptimizerState(), await network.readOptimizerState());
    const weightsOnly = new FakeNetwork();
    await readCheckpointParameters(path, weightsOnly);
    assert.deepEqual(await weightsOnly.readParameters(), await network.readParameters());
    assert.deepEqual(await weightsOnly.readOptimizerState(), await new FakeNetwork().readOptimizerState());
  });
});

Deno.test("readCheckpoint() brings a loss scale back, and none where there was none", async () => {
  await withDirectory(async (directory) => {
    for (const lossScale of [{ scale: 2 ** 13, updates: 77 }, undefined]) {
      const network = new FakeNetwork();
      const moments = await network.readOptimizerState();
      network.writeOptimizerState({ ...moments, ...(lossScale && { lossScale }) });
      const path = await writeCheckpoint(directory, network, state(3));
      const restored = new FakeNetwork();
      await readCheckpoint(path, restored);
      assert.deepEqual((await restored.readOptimizerState()).lossScale, lossScale);
    }
  });
});

Deno.test("latestCheckpoint() compares steps as numbers and passes over what is unfinished", async () => {
  await withDirectory((directory) => {
    assert.equal(latestCheckpoint(join(directory, "none")), undefined);
    for (const name of ["step-9", "step-10", "step-11.partial", "step-10.old.partial", "epoch9", "step-x"]) {
      mkdirSync(join(directory, name));
    }
    assert.deepEqual(latestCheckpoint(directory), { step: 10, path: join(directory, "step-10") });
    removePartialCheckpoints(directory);
    assert.deepEqual(readdirSync(directory).sort(), ["epoch9", "step-10", "step-9", "step-x"]);
  });
});

Deno.test("writeCheckpoint() keeps the newest checkpoints and replaces one of the same step", async () => {
  await withDirectory(async (directory) => {
    const network = new FakeNetwork();
    for (const step of [8, 9, 10, 10]) await writeCheckpoint(directory, network, state(step), 2);
    assert.deepEqual(listCheckpoints(directory).map(({ step }) => step), [9, 10]);
    assert.deepEqual(readdirSync(directory).sort(), ["step-10", "step-9"]);
  });
});

Deno.test("readCheckpoint() names the file that is missing, cut or of another network, and the remedy", async () => {
  await withDirectory(async (directory) => {
    const broken = async (damage: (path: string) => void, message: RegExp): Promise<void> => {
      const path = await writeCheckpoint(directory, new FakeNetwork(), state(1));
      damage(path);
      await assert.rejects(readCheckpoint(path, new FakeNetwork()), refused(message));
    };
    const remedy = "remove .*step-1 and resume from an earlier one";
    for (const name of ["model.safetensors", "optimizer.safetensors", "trainer_state.json"]) {
      await broken((path) => rmSync(join(path, name)), new RegExp(`step-1/${name}: .*${remedy}`));
      await broken((path) => truncateSync(join(path, name), 40), new RegExp(`step-1/${name}: .*${remedy}`));
      await broken((path) => truncateSync(join(path, name), 0), new RegExp(`step-1/${name}: .*${remedy}`));
    }
    await broken(
      (path) => writeFileSync(join(path, "trainer_state.json"), '{"step":1.5}'),
      /step is not a whole number/,
    );
    const weights = (shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
    await broken(
      (path) => writeSafetensors(join(path, "model.safetensors"), new Map([["a.weight", weights([3, 2])]])),
      /tensor a\.weight of shape \[3,2\], but this network has shape \[2,3\]/,
    );
    await broken(
      (path) => writeSafetensors(join(path, "model.safetensors"), new Map([["a.weight", weights([2, 3])]])),
      /model\.safetensors: lacks parameter a\.bias/,
    );
    await broken(
      (path) =>
        writeSafetensors(join(path, "optimizer.safetensors"), new Map([["exp_avg.a.bias", weights([3])]])),
      /optimizer\.safetensors: holds one moment of a\.bias only/,
    );
    assert.match(
      readFileSync(join(directory, "step-1", "trainer_state.json"), "utf8"),
      /"lossSum": null/,
    );
  });
});
