import assert from "node:assert/strict";
import type { Device, Dispatch, Program, Scalars, View } from "../device.ts";
import { DeviceError } from "../device_error.ts";
import { defineKernel, type Kernel, type Size } from "../kernel.ts";
import { dropoutKernel, dropoutKey } from "../ops/dropout/dropout.ts";
import { elementwise } from "../ops/elementwise.ts";
import { geluBackward, geluForward } from "../ops/gelu/gelu.ts";
import { addKernel } from "../ops/testdata_add.ts";
import { ReferenceDevice } from "../reference_device.ts";
import { requestWebGPU, webgpuAvailable } from "./request.ts";
import { WebGPUDevice } from "./webgpu_device.ts";

const ignore = !await webgpuAvailable();

function gpuTest(name: string, fn: (device: WebGPUDevice, gpu: GPUDevice) => Promise<void>): void {
  Deno.test({
    name,
    ignore,
    fn: async () => {
      const requested = await requestWebGPU();
      assert.ok(requested);
      const device = new WebGPUDevice(requested.device, requested.adapterInfo.description);
      try {
        await fn(device, requested.device);
      } finally {
        device.destroy();
      }
    },
  });
}

function whole(allocation: View["allocation"]): View {
  return { allocation, offset: 0, length: allocation.length };
}

function noise(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * 3);
}

/** Runs one kernel on both devices with the same f32 inputs and returns what its last binding holds. */
async function onBoth(
  device: WebGPUDevice,
  kernel: Kernel,
  length: number,
  sizes: Record<string, Size>,
  scalars: Scalars,
): Promise<[Float32Array, Float32Array]> {
  const results: Float32Array[] = [];
  const targets: Device[] = [device, new ReferenceDevice("f64")];
  for (const target of targets) {
    const views = kernel.bindings.map(({ name, dtype }, i) => {
      const allocation = target.allocate(name, dtype, length);
      target.write(allocation, 0, noise(length).map((value) => value + i / 7));
      return whole(allocation);
    });
    const program = await target.compile([{ kernel, views, sizes }]);
    await target.run(program, scalars);
    const last = views.at(-1);
    assert.ok(last);
    results.push(await target.read(last) as Float32Array);
    target.release(program);
  }
  const [actual, expected] = results;
  assert.ok(actual && expected);
  return [actual, expected];
}

function assertClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    const wanted = expected[i] ?? NaN;
    assert.ok(
      Math.abs(value - wanted) <= tolerance * (1 + Math.abs(wanted)),
      `element ${i}: ${value} for ${wanted}`,
    );
  });
}

const rows = (capacity: number, times: number): Size => ({ scalar: "rows", times, capacity });

gpuTest("WebGPUDevice.run() agrees with the reference on fixed, live and empty sizes", async (device) => {
  for (const kernel of [geluForward, geluBackward, addKernel]) {
    for (const length of [1, 63, 257, 1000]) {
      assertClose(...await onBoth(device, kernel, length, { count: length }, {}), 2e-6);
    }
    for (const live of [0, 1, 37, 111]) {
      assertClose(...await onBoth(device, kernel, 1000, { count: rows(999, 9) }, { rows: live }), 2e-6);
    }
  }
});

gpuTest("WebGPUDevice.run() draws the reference's dropout bits", async (device) => {
  const key = { scalar: "dropout_key", times: 1, capacity: 2 ** 32 - 1 };
  const sizes = { count: rows(1000, 10), site: 3, key, threshold: 429496730, first: 0, scale: 1 / 0.9 };
  for (const [seed, live] of [[1, 100], [2, 77], [0xffffffff, 1]] as const) {
    const scalars = { rows: live, dropout_key: dropoutKey(seed, 5, 2) };
    assertClose(...await onBoth(device, dropoutKernel, 1000, sizes, scalars), 1e-6);
  }
});

gpuTest("WebGPUDevice.run() replays programs with their own scalars and shared pipelines", async (device) => {
  const views = ["a", "b", "y"].map((label) => whole(device.allocate(label, "f32", 256)));
  const [a, b, y] = views;
  assert.ok(a && b && y);
  device.write(a.allocation, 0, new Float32Array(256).fill(1));
  device.write(b.allocation, 0, new Float32Array(256).fill(2));
  const dispatch: Dispatch = { kernel: addKernel, views, sizes: { count: rows(256, 1) } };
  const first = await device.compile([dispatch]);
  const second = await device.compile([dispatch]);
  assert.equal(device.pipelineCount, 1);
  await device.run(first, { rows: 4 });
  device.write(a.allocation, 0, new Float32Array(256).fill(5));
  await device.run(second, { rows: 2 });
  assert.deepEqual([...await device.read({ ...y, length: 5 })], [7, 7, 3, 3, 0]);
  await assert.rejects(device.run(first, { rows: 257 }), /beyond the plan's capacity 256/);
  await assert.rejects(device.run(first, {}), /scalar rows is not given/);
  device.release(first);
  await assert.rejects(device.run(first, { rows: 1 }), /released/);
});

gpuTest("WebGPUDevice.run() uses views inside an allocation", async (device) => {
  const pages = ["a", "b", "y"].map((label) => device.allocate(label, "f32", 256));
  const views = pages.map((allocation) => ({ allocation, offset: 64, length: 100 }));
  const [a, , y] = pages;
  assert.ok(a && y);
  device.write(a, 64, new Float32Array(100).fill(1));
  const program = await device.compile([{ kernel: addKernel, views, sizes: { count: 100 } }]);
  await device.run(program, {});
  const result = await device.read(whole(y));
  assert.deepEqual([...result], Array.from({ length: 256 }, (_, i) => i >= 64 && i < 164 ? 1 : 0));
});

gpuTest("WebGPUDevice.run() folds more than 65,535 workgroups", async (device) => {
  const count = 65536 * 256 + 300;
  const one = defineKernel({
    name: "one",
    bindings: [{ name: "y", dtype: "u32", access: "read_write" }],
    sizes: ["count"],
    live: ["count"],
    wgsl: `@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 256u + lane;
  if (i >= count()) { return; }
  y[i] += 1u;
}`,
    ...elementwise,
    reference() {},
  });
  const y = whole(device.allocate("y", "u32", count + 256));
  const program = await device.compile([{ kernel: one, views: [y], sizes: { count: rows(count, 1) } }]);
  await device.run(program, { rows: count });
  const result = await device.read(y);
  assert.ok(result.subarray(0, count).every((value) => value === 1));
  assert.ok(result.subarray(count).every((value) => value === 0));
});

gpuTest(
  "WebGPUDevice.compile() shows the numbered WGSL of a refused kernel and stays usable",
  async (device) => {
    const broken = {
      ...addKernel,
      name: "broken",
      wgsl: "@compute @workgroup_size(1) fn main() { y[0] = nothing; }",
    };
    const views = ["a", "b", "y"].map((label) => whole(device.allocate(label, "f32", 64)));
    const before = device.allocatedBytes;
    await assert.rejects(
      device.compile([{ kernel: broken, views, sizes: { count: rows(1, 1) } }]),
      (error: Error) => {
        assert.ok(error instanceof DeviceError);
        assert.match(error.message, /^kernel broken was refused/);
        assert.match(error.message, /nothing/);
        assert.match(error.message, /^\d \| @compute/m);
        return true;
      },
    );
    assert.equal(device.allocatedBytes, before);
    const program = await device.compile([{ kernel: addKernel, views, sizes: { count: 64 } }]);
    await device.run(program, {});
  },
);

gpuTest("WebGPUDevice.compile() refuses a tensor that is read-only and written at once", async (device) => {
  const page = device.allocate("page 0", "f32", 256);
  const other = whole(device.allocate("other", "f32", 64));
  const low = { allocation: page, offset: 0, length: 64 };
  const high = { allocation: page, offset: 64, length: 64 };
  await assert.rejects(
    device.compile([{ kernel: addKernel, views: [low, other, high], sizes: { count: 64 } }]),
    /kernel add: a \(read\) and y \(read_write\) .* "page 0"/,
  );
  await device.compile([{ kernel: addKernel, views: [low, high, other], sizes: { count: 64 } }]);
});

gpuTest("WebGPUDevice.run() throws an uncaptured error that came before", async (device, gpu) => {
  const view = whole(device.allocate("x", "f32", 64));
  gpu.createBuffer({ size: 16, usage: 0 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await assert.rejects(device.run({ length: 0 }, {}), /WebGPU device failed: /);
  await assert.rejects(device.read(view), DeviceError);
  await assert.rejects(device.compile([]), DeviceError);
});

gpuTest("WebGPUDevice.run() says that the device was lost", async (device, gpu) => {
  const view = whole(device.allocate("x", "f32", 64));
  gpu.destroy();
  await gpu.lost;
  await assert.rejects(device.read(view), /the device was lost/);
});

gpuTest("WebGPUDevice.allocate() names the tensor that is too large", (device, gpu) => {
  const length = gpu.limits.maxBufferSize / 4 + 1;
  assert.throws(() => device.allocate("entity table", "f32", length), (error: Error) => {
    assert.ok(error instanceof DeviceError);
    assert.match(error.message, new RegExp(`entity table needs ${length * 4} bytes, more than the `));
    return true;
  });
  assert.equal(device.allocatedBytes, 0);
  return Promise.resolve();
});

gpuTest("WebGPUDevice keeps no memory over 1,000 runs with reads and writes", async (device) => {
  const length = 64 * 1024;
  const views = ["a", "b", "y"].map((label) => whole(device.allocate(label, "f32", length)));
  const [a, , y] = views;
  assert.ok(a && y);
  const data = noise(length);
  const program: Program = await device.compile([
    { kernel: addKernel, views, sizes: { count: rows(length, 1) } },
  ]);
  const before = device.allocatedBytes;
  let settled = 0;
  for (let i = 0; i < 1000; i++) {
    device.write(a.allocation, 0, data);
    await device.run(program, { rows: length });
    if (i % 5 === 0) await device.read(y);
    if (i === 299) settled = Deno.memoryUsage().rss;
  }
  assert.equal(device.allocatedBytes, before);
  const growth = Deno.memoryUsage().rss - settled;
  assert.ok(growth < 48 * 2 ** 20, `resident memory grew by ${growth} bytes`);
  device.release(program);
  for (const { allocation } of views) device.free(allocation);
  assert.equal(device.allocatedBytes, 0);
});
