import assert from "node:assert/strict";
import { CpuDevice } from "../cpu/cpu_device.ts";
import { TINY_CAPACITY, tinyLukeConfig } from "../testdata_tiny_luke.ts";
import { benchGrowth } from "./growth.ts";
import { lukeStepFlops } from "./luke_flops.ts";
import { benchSteps } from "./step_speed.ts";

Deno.test("benchSteps() accounts for every dispatch and nearly all of the model's operations", async () => {
  const device = await CpuDevice.create({ threads: 1 });
  try {
    const before = device.allocatedBytes;
    const shape = { config: tinyLukeConfig(), capacity: TINY_CAPACITY };
    const rounds: number[] = [];
    const report = await benchSteps(device, shape, { gflops: 10, gigabytes: 1 }, {
      steps: 2,
      progress: (done, total) => rounds.push(done / total),
    });
    assert.equal(device.allocatedBytes, before, "everything is given back");
    assert.equal(report.kernels.reduce((sum, { dispatches }) => sum + dispatches, 0), report.dispatches);
    assert.ok(Math.abs(report.kinds.reduce((sum, [, share]) => sum + share, 0) - 1) < 1e-9);
    assert.ok(report.kinds.every(([kind]) => kind !== "other"), `${report.kinds}`);
    assert.equal(report.steps, 2);
    assert.ok(report.milliseconds > 0 && report.deviceBytes > 0 && report.host.encode > 0);
    assert.equal(report.modelFlops, lukeStepFlops(shape.config, shape.capacity));
    assert.equal(report.mfu.measured, report.gflops / 10);
    assert.equal(report.mfu.f32, undefined);
    assert.deepEqual(rounds, [0, 1 / 4, 2 / 4, 3 / 4]);
  } finally {
    device.destroy();
  }
});

Deno.test("benchGrowth(): 1,000 steps on cpu allocate nothing", async () => {
  const device = await CpuDevice.create({ threads: 1 });
  try {
    const { deviceBytes: [before, after], residentBytes } = await benchGrowth(
      device,
      () => Deno.memoryUsage().rss,
    );
    assert.equal(after, before);
    assert.equal(residentBytes.length, 10);
    const [settled = 0] = residentBytes.slice(2); // the compiler of the host's own code may still be at work before
    const growth = (residentBytes.at(-1) ?? Infinity) - settled;
    assert.ok(growth < 32 * 2 ** 20, `resident memory grew by ${growth} bytes`);
  } finally {
    device.destroy();
  }
});

Deno.test("lukeStepFlops() is three times the forward products", () => {
  const config = tinyLukeConfig({ numHiddenLayers: 2 });
  // One row of 6 words and 3 entities, width 8, inner 12, entity size 6; 4 masked words of 19, 2 masked entities of 11.
  const layer = 9 * 2 * (4 * 8 * 8 + 2 * 8 * 12) + 2 * 2 * 9 * 9 * 8;
  const heads = 4 * 2 * (8 * 8 + 8 * 19) + 2 * 2 * (8 * 6 + 6 * 11);
  const forward = 2 * layer + 3 * 2 * 6 * 8 + heads;
  assert.equal(lukeStepFlops(config, { ...TINY_CAPACITY, rows: 1 }), 3 * forward);
});
