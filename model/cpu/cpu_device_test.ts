import assert from "node:assert/strict";
import type { Dispatch, View } from "../device.ts";
import { DeviceError } from "../device_error.ts";
import { LukeNetwork } from "../luke_network.ts";
import { accumulateKernel } from "../ops/accumulate/accumulate.ts";
import { geluForward } from "../ops/gelu/gelu.ts";
import { gatherRowsKernel } from "../ops/rows/rows.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "../testdata_tiny_luke.ts";
import { CpuDevice } from "./cpu_device.ts";

interface CpuView extends View {
  readonly allocation: ReturnType<CpuDevice["allocate"]>;
}

function floats(device: CpuDevice, label: string, values: Float32Array): CpuView {
  const allocation = device.allocate(label, "f32", values.length);
  device.write(allocation, 0, values);
  return { allocation, offset: 0, length: values.length };
}

/** y = x over `length` elements: 3 everywhere. */
function copying(
  device: CpuDevice,
  length: number,
): { dispatch: Dispatch; y: CpuView; views: readonly CpuView[] } {
  const x = floats(device, "x", new Float32Array(length).fill(3));
  const y = floats(device, "y", new Float32Array(length));
  const views = [x, y];
  return { dispatch: { kernel: accumulateKernel, views, sizes: { count: length, accumulate: 0 } }, y, views };
}

async function assertThree(device: CpuDevice, y: View): Promise<void> {
  assert.ok((await device.read(y)).every((value) => value === 3));
}

/** Fails instead of waiting for ever. */
async function within<T>(seconds: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${seconds} s`)), seconds * 1000);
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

Deno.test("CpuDevice.run() rejects when a kernel traps in one worker, and the others do not hang", async () => {
  const device = await CpuDevice.create({ threads: 4 });
  const { dispatch, y } = copying(device, 50_000);
  const table = floats(device, "table", new Float32Array(64));
  const result = floats(device, "result", new Float32Array(64));
  const index = device.allocate("index", "i32", 64);
  device.write(index, 0, Int32Array.of(2 ** 29 / 64 - 1));
  const outside: Dispatch = {
    kernel: gatherRowsKernel,
    views: [table, { allocation: index, offset: 0, length: 1 }, result],
    sizes: { rows: 1, columns: 64, x_rows: 2 ** 29 / 64, first_x_row: 0, keep: 0 },
  };
  // One tile: one worker takes it, the others are at the barrier before the next dispatch.
  const program = await device.compile([dispatch, outside, dispatch]);
  await assert.rejects(within(20, device.run(program, {})), (error: Error) => {
    assert.ok(error instanceof DeviceError);
    assert.match(error.message, /^the cpu device has failed: RuntimeError: memory access out of bounds/);
    return true;
  });
  await assert.rejects(within(20, device.run(program, {})), /the cpu device has failed/);
  await assert.rejects(device.read(y), DeviceError);
  assert.throws(() => device.allocate("more", "f32", 1), DeviceError);
  device.destroy();
});

Deno.test("CpuDevice.compile() names a kernel that the cpu does not have", async () => {
  const device = await CpuDevice.create({ threads: 2 });
  const { dispatch, y } = copying(device, 64);
  const unknown = { ...dispatch, kernel: { ...accumulateKernel, name: "no_such_kernel" } };
  await assert.rejects(async () => await device.compile([unknown]), /there is no cpu kernel no_such_kernel/);
  await device.run(await device.compile([dispatch]), {});
  await assertThree(device, y);
  device.destroy();
});

Deno.test("CpuDevice.destroy() makes every further use an error", async () => {
  for (const threads of [1, 2]) {
    const device = await CpuDevice.create({ threads });
    const { dispatch, y } = copying(device, 64);
    const program = await device.compile([dispatch]);
    device.destroy();
    device.destroy();
    const gone = { name: "DeviceError", message: "the cpu device has been destroyed" };
    await assert.rejects(within(20, device.run(program, {})), gone);
    await assert.rejects(device.read(y), gone);
    assert.throws(() => device.allocate("x", "f32", 1), gone);
    await assert.rejects(async () => await device.compile([dispatch]), gone);
  }
});

Deno.test("CpuDevice.run() refuses a run beside another and sizes beyond the capacity", async () => {
  const device = await CpuDevice.create({ threads: 2 });
  const { dispatch, y } = copying(device, 64);
  const program = await device.compile([
    { ...dispatch, sizes: { ...dispatch.sizes, count: { scalar: "rows", times: 1, capacity: 64 } } },
  ]);
  const first = device.run(program, { rows: 64 });
  await assert.rejects(device.run(program, { rows: 64 }), /await one run before the next/);
  await first;
  await assert.rejects(device.run(program, { rows: 65 }), /count is 65, beyond the plan's capacity 64/);
  await assert.rejects(device.run(program, {}), /scalar rows is not given/);
  await assertThree(device, y);
  device.destroy();
});

Deno.test("CpuDevice workers see memory that grew after they started", async () => {
  const device = await CpuDevice.create({ threads: 3 });
  const small = copying(device, 1000);
  const early = await device.compile([small.dispatch]);
  await device.run(early, {});
  for (const length of [2 ** 20, 2 ** 22]) {
    const large = copying(device, length);
    const program = await device.compile([large.dispatch]);
    await device.run(program, {});
    await assertThree(device, large.y);
    device.write(small.y.allocation, 0, new Float32Array(1000));
    await device.run(early, {});
    await assertThree(device, small.y);
  }
  device.destroy();
});

for (const threads of [1, 2]) {
  Deno.test(`CpuDevice computes beyond 2 GiB with ${threads} threads`, async () => {
    const device = await CpuDevice.create({ threads });
    // Never touched, so that it takes address space but no memory.
    const below = device.allocate("what lies below", "f32", 2 ** 29);
    const { dispatch, y } = copying(device, 10_000);
    const program = await device.compile([dispatch]);
    await within(20, device.run(program, {}));
    await assertThree(device, y);
    device.release(program);
    device.free(below);
    device.destroy();
  });
}

Deno.test("CpuDevice.allocate() names what does not fit in 4 GiB", async () => {
  const device = await CpuDevice.create({ threads: 1 });
  assert.throws(() => device.allocate("entity table", "f32", 2 ** 30), (error: Error) => {
    assert.ok(error instanceof DeviceError);
    assert.match(
      error.message,
      /^no memory for entity table: .*use a smaller batch, model or entity vocabulary$/,
    );
    return true;
  });
  device.destroy();
});

Deno.test("CpuDevice gives all memory back", async () => {
  const device = await CpuDevice.create({ threads: 2 });
  const before = device.allocatedBytes;
  const { dispatch, views } = copying(device, 1000);
  const x = floats(device, "x", new Float32Array(64));
  const program = await device.compile([
    dispatch,
    { kernel: geluForward, views: [x, x], sizes: { count: 64 } },
  ]);
  await device.run(program, {});
  device.release(program);
  for (const { allocation } of [...views, x]) device.free(allocation);
  assert.equal(device.allocatedBytes, before);
  device.destroy();
});

Deno.test("CpuDevice trains to the same bits with 1, 2 and 4 threads", async () => {
  const config = tinyLukeConfig({
    hiddenSize: 64,
    intermediateSize: 160,
    numAttentionHeads: 4,
    hiddenDropoutProb: 0.1,
    attentionProbsDropoutProb: 0.1,
    maxPositionEmbeddings: 40,
  });
  const capacity = { ...TINY_CAPACITY, rows: 9, words: 30, entities: 5, maskedWords: 18, maskedEntities: 9 };
  const results = await Promise.all([1, 2, 4].map(async (threads) => {
    const device = await CpuDevice.create({ threads });
    const network = await LukeNetwork.create(device, config, {
      capacities: [capacity],
      training: {
        gradientAccumulationSteps: 2,
        optimizer: {
          betas: [0.9, 0.999],
          eps: 1e-6,
          weightDecay: 0.01,
          biasCorrection: true,
          maxGradNorm: 1,
        },
      },
    });
    network.initialize(5);
    for (let step = 0; step < 5; step++) {
      for (const microStep of [0, 1]) {
        const batch = tinyLukeBatch(config, 2 * step + microStep, capacity);
        await network.accumulate(batch, { seed: 3, step, microStep });
      }
      await network.update(1e-3);
    }
    const result = {
      parameters: await network.readParameters(),
      moments: await network.readOptimizerState(),
      metrics: await network.readMetrics(),
    };
    await network[Symbol.asyncDispose]();
    device.destroy();
    return result;
  }));
  const [one, two, four] = results;
  assert.deepEqual(two, one);
  assert.deepEqual(four, one);
  assert.ok((one?.metrics.gradNorm ?? 0) > 0);
});
