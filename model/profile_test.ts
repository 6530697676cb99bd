import assert from "node:assert/strict";
import { CpuDevice } from "./cpu/cpu_device.ts";
import type { Device, View } from "./device.ts";
import { accumulateKernel } from "./ops/accumulate/accumulate.ts";
import { geluForward } from "./ops/gelu/gelu.ts";
import { ReferenceDevice } from "./reference_device.ts";
import { requestWebGPU, webgpuAvailable } from "./webgpu/request.ts";
import { WebGPUDevice } from "./webgpu/webgpu_device.ts";

const LENGTH = 40_000;

async function openAdapter(timestamps: boolean): Promise<Device> {
  if (timestamps) {
    const requested = await requestWebGPU();
    assert.ok(requested);
    return new WebGPUDevice(requested.device, "with timestamps");
  }
  const adapter = await navigator.gpu.requestAdapter();
  assert.ok(adapter);
  return new WebGPUDevice(await adapter.requestDevice(), "without timestamps");
}

const webgpu = await webgpuAvailable();
const timestamps = webgpu &&
  (await navigator.gpu.requestAdapter())?.features.has("timestamp-query") === true;
const devices: Record<string, { clock: "device" | "host"; ignore: boolean; open: () => Promise<Device> }> = {
  reference: { clock: "device", ignore: false, open: () => Promise.resolve(new ReferenceDevice("f32")) },
  "cpu, one thread": { clock: "device", ignore: false, open: () => CpuDevice.create({ threads: 1 }) },
  "cpu, three threads": { clock: "device", ignore: false, open: () => CpuDevice.create({ threads: 3 }) },
  "webgpu with timestamps": { clock: "device", ignore: !timestamps, open: () => openAdapter(true) },
  "webgpu without timestamps": { clock: "host", ignore: !webgpu, open: () => openAdapter(false) },
};

for (const [name, { clock, ignore, open }] of Object.entries(devices)) {
  Deno.test({
    name: `profile() times every dispatch and computes what run() does: ${name}`,
    ignore,
    fn: async () => {
      const device = await open();
      try {
        const tensor = (label: string, value: number): View => {
          const allocation = device.allocate(label, "f32", LENGTH);
          device.write(allocation, 0, new Float32Array(LENGTH).fill(value));
          return { allocation, offset: 0, length: LENGTH };
        };
        const [x, copy, y] = [tensor("x", 3), tensor("copy", 0), tensor("y", 0)];
        const program = await device.compile([
          { kernel: accumulateKernel, views: [x, copy], sizes: { count: LENGTH, accumulate: 0 } },
          {
            kernel: accumulateKernel,
            views: [x, copy],
            sizes: { count: { scalar: "none", times: 1, capacity: 1 }, accumulate: 0 },
          },
          { kernel: geluForward, views: [copy, y], sizes: { count: LENGTH } },
        ]);
        const times = await device.profile(program, { none: 0 });
        assert.equal(times.clock, clock);
        assert.equal(times.milliseconds.length, 3);
        assert.ok(times.milliseconds.every((time) => time >= 0 && time < 10_000), `${times.milliseconds}`);
        if (clock === "device") {
          assert.ok((times.milliseconds[0] ?? 0) > 0 && (times.milliseconds[2] ?? 0) > 0);
        }
        const profiled = await device.read(y);
        assert.ok(Math.abs((profiled[LENGTH - 1] ?? NaN) - 2.99595) < 1e-4);

        device.write(y.allocation, 0, new Float32Array(LENGTH));
        await device.run(program, { none: 0 });
        assert.deepEqual(await device.read(y), profiled);
        if (device.kind !== "reference") assert.ok(device.encodeMilliseconds > 0);
        await assert.rejects(async () => await device.profile(program, { none: 2 }), RangeError);
      } finally {
        device.destroy();
      }
    },
  });
}
