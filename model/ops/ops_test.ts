import assert from "node:assert/strict";
import { CpuDevice } from "../cpu/cpu_device.ts";
import type { Device } from "../device.ts";
import { openDevice } from "../open_device.ts";
import { ReferenceDevice } from "../reference_device.ts";
import { webgpuAvailable } from "../webgpu/request.ts";
import { type OpCase, opCases } from "./testdata_op_cases.ts";

/** Runs one case and returns every tensor that the kernel may write. */
async function run(device: Device, op: OpCase): Promise<Float32Array[]> {
  const allocations = op.kernel.bindings.map((binding, i) => {
    const data = op.inputs[i] ?? new Float32Array();
    const allocation = device.allocate(binding.name, binding.dtype, Math.ceil(data.length / 64) * 64);
    device.write(allocation, 0, data as Float32Array);
    return allocation;
  });
  const views = allocations.map((allocation) => ({ allocation, offset: 0, length: allocation.length }));
  const program = await device.compile([{ kernel: op.kernel, views, sizes: op.sizes }]);
  await device.run(program, op.scalars ?? {});
  const outputs: Float32Array[] = [];
  for (const [i, view] of views.entries()) {
    if (op.kernel.bindings[i]?.access === "read") continue;
    outputs.push((await device.read({ ...view, length: op.inputs[i]?.length ?? 0 })) as Float32Array);
  }
  device.release(program);
  for (const allocation of allocations) device.free(allocation);
  return outputs;
}

/** Largest |a − b| relative to the largest |b|: rounding of sums scales with their terms. */
function difference(a: Float32Array, b: Float32Array): number {
  let greatest = 0;
  let scale = 1e-3;
  a.forEach((value, i) => {
    const expected = b[i] ?? 0;
    if (Object.is(value, expected) || (Number.isNaN(value) && Number.isNaN(expected))) return;
    greatest = Math.max(greatest, Math.abs(value - expected));
    if (!Number.isFinite(value - expected)) greatest = Infinity;
    scale = Math.max(scale, Math.abs(expected));
  });
  return greatest / scale;
}

const oracle = new ReferenceDevice("f64");

for (const kind of ["cpu", "webgpu"] as const) {
  const missing = kind === "webgpu" && !await webgpuAvailable();
  Deno.test({
    name: `every op on ${kind} agrees with its reference in f64`,
    ignore: missing,
    async fn(t) {
      const device = kind === "cpu" ? await CpuDevice.create({ threads: 2 }) : await openDevice("webgpu");
      for (const kernel of new Set(opCases.map((op) => op.kernel))) {
        await t.step(kernel.name, async () => {
          for (const op of opCases.filter((op) => op.kernel === kernel)) {
            const [actual, expected] = [await run(device, op), await run(oracle, op)];
            actual.forEach((output, i) => {
              const error = difference(output, expected[i] ?? new Float32Array());
              assert.ok(
                error < (op.tolerance ?? 2e-5),
                `${kernel.name} ${op.shape}, output ${i}: relative difference ${error}`,
              );
            });
          }
        });
      }
      assert.equal(device.kind, kind);
      device.destroy();
    },
  });
}

Deno.test("CpuDevice gives the same bits whatever the number of workers", async () => {
  const devices = [await CpuDevice.create({ threads: 1 }), await CpuDevice.create({ threads: 3 })];
  for (const op of opCases) {
    const [one, three] = [await run(devices[0] as CpuDevice, op), await run(devices[1] as CpuDevice, op)];
    assert.deepEqual(one, three, `${op.kernel.name} ${op.shape}`);
  }
  devices.forEach((device) => device.destroy());
});
