import assert from "node:assert/strict";
import { CpuDevice } from "../cpu/cpu_device.ts";
import { openDevice } from "../open_device.ts";
import { ReferenceDevice } from "../reference_device.ts";
import { isSoftwareAdapter, webgpuAvailable } from "../webgpu/request.ts";
import { opCases } from "./testdata_op_cases.ts";
import { relativeDifference, runOpCase } from "./testdata_run_op_case.ts";

const oracle = new ReferenceDevice("f64");

for (const kind of ["cpu", "webgpu"] as const) {
  const missing = kind === "webgpu" && !await webgpuAvailable();
  Deno.test({
    name: `every op on ${kind} agrees with its reference in f64`,
    ignore: missing,
    async fn(t) {
      const device = kind === "cpu" ? await CpuDevice.create({ threads: 2 }) : await openDevice("webgpu");
      const software = kind === "webgpu" &&
        isSoftwareAdapter({ description: device.description, isFallbackAdapter: false });
      const cases = opCases.filter(({ dear }) => !dear || !software);
      for (const kernel of new Set(opCases.map((op) => op.kernel))) {
        await t.step(kernel.name, async () => {
          for (const op of cases.filter((op) => op.kernel === kernel)) {
            const [actual, expected] = [await runOpCase(device, op), await runOpCase(oracle, op)];
            actual.forEach((output, i) => {
              const error = relativeDifference(output, expected[i] ?? new Float32Array());
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
    const [one, three] = [
      await runOpCase(devices[0] as CpuDevice, op),
      await runOpCase(devices[1] as CpuDevice, op),
    ];
    assert.deepEqual(one, three, `${op.kernel.name} ${op.shape}`);
  }
  devices.forEach((device) => device.destroy());
});
