import assert from "node:assert/strict";
import { CpuDevice } from "../cpu/cpu_device.ts";
import type { Device } from "../device.ts";
import type { Kernel } from "../kernel.ts";
import { generators, type OpCase, zeros } from "../ops/testdata_generators.ts";
import { relativeDifference, runOpCase } from "../ops/testdata_run_op_case.ts";
import { ReferenceDevice } from "../reference_device.ts";
import { requestWebGPU, webgpuAvailable } from "../webgpu/request.ts";
import { WebGPUDevice } from "../webgpu/webgpu_device.ts";
import { copyStream, CPU_CHAINS, multiplyAddChains } from "./ceiling_kernels.ts";
import { benchProduct, plainProduct } from "./product_speed.ts";

const { f32 } = generators(11);

function chains(count: number, chains: number, fused: 0 | 1): OpCase {
  return {
    kernel: multiplyAddChains,
    shape: `${count} × ${chains}`,
    inputs: [Float32Array.of(0.75, 0.5), zeros(count)],
    sizes: { count, iterations: { scalar: "iterations", times: 1, capacity: 64 }, chains, fused },
    scalars: { iterations: 16 },
  };
}

const copies: OpCase[] = [1, 5, 4103].map((count) => ({
  kernel: copyStream,
  shape: String(count),
  inputs: [f32(count), zeros(count)],
  sizes: { count },
}));

async function assertAgrees(device: Device, cases: readonly OpCase[]): Promise<void> {
  const oracle = new ReferenceDevice("f64");
  for (const op of cases) {
    const expected = await runOpCase(oracle, op);
    for (const [i, values] of (await runOpCase(device, op)).entries()) {
      const kernel: Kernel = op.kernel;
      assert.ok(
        relativeDifference(values, expected[i] ?? zeros(0)) < 1e-5,
        `${kernel.name} ${op.shape} on ${device.description}`,
      );
    }
  }
}

Deno.test("ceiling kernels compute what they are said to: cpu", async () => {
  const device = await CpuDevice.create({ threads: 1 });
  try {
    await assertAgrees(device, [chains(1, CPU_CHAINS, 0), chains(3, CPU_CHAINS, 0), ...copies]);
    const { speeds, ofCeiling, overPlain } = await benchProduct(device, [16, 24, 8], "bf16", 1);
    assert.deepEqual(speeds.map(({ name }) => name), ["multiply-add", "x wT", "dy w", "dyT x"]);
    assert.ok(ofCeiling["x wT"] > 0 && overPlain === undefined);
  } finally {
    device.destroy();
  }
});

Deno.test({
  name: "ceiling kernels compute what they are said to: webgpu",
  ignore: !await webgpuAvailable(),
  fn: async () => {
    const requested = await requestWebGPU();
    assert.ok(requested);
    const device = new WebGPUDevice(requested.device, requested.adapterInfo.description);
    try {
      const [m, n, k] = [5, 19, 7];
      const product = { kernel: plainProduct, shape: "5 × 19 × 7", sizes: { m, n, k } };
      await assertAgrees(device, [
        chains(70, 2, 0),
        chains(1, 4, 1),
        ...copies,
        { ...product, inputs: [f32(m * k), f32(n * k), zeros(m * n)] },
      ]);
    } finally {
      device.destroy();
    }
  },
});
