import assert from "node:assert/strict";
import { DeviceError } from "../device_error.ts";
import { matmulCases } from "../ops/matmul/testdata_matmul_cases.ts";
import { relativeDifference, runOpCase } from "../ops/testdata_run_op_case.ts";
import { ReferenceDevice } from "../reference_device.ts";
import { CpuDevice } from "./cpu_device.ts";
import { openSystemBlas } from "./system_blas.ts";

const ignore = openSystemBlas(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })) === undefined;

Deno.test({
  name:
    "products through the system's BLAS agree with their reference, with the same bits for any number of workers",
  ignore,
  async fn() {
    const one = await CpuDevice.create({ threads: 1, blas: "system" });
    const three = await CpuDevice.create({ threads: 3, blas: "auto" });
    const oracle = new ReferenceDevice("f64");
    for (const op of matmulCases) {
      const actual = await runOpCase(one, op);
      const expected = await runOpCase(oracle, op);
      actual.forEach((output, i) => {
        const error = relativeDifference(output, expected[i] ?? new Float32Array());
        assert.ok(error < 2e-5, `${op.kernel.name} ${op.shape}, output ${i}: relative difference ${error}`);
      });
      assert.deepEqual(await runOpCase(three, op), actual, `${op.kernel.name} ${op.shape}`);
    }
    assert.match(String(one.choices["blas"]), /^OpenBLAS \d/);
    assert.deepEqual(three.choices, one.choices);
    one.destroy();
    three.destroy();
  },
});

Deno.test({
  name: "CpuDevice without the right to call libraries computes its own products, or says what is missing",
  permissions: { ffi: false, read: true, env: true, sys: true },
  async fn() {
    const device = await CpuDevice.create({ threads: 1, blas: "auto" });
    assert.equal(device.choices["blas"], "wasm");
    device.destroy();
    await assert.rejects(
      CpuDevice.create({ threads: 1, blas: "system" }),
      (error) =>
        error instanceof DeviceError && error.message.includes("apt-get install libopenblas0-pthread"),
    );
  },
});
