/**
 * What dawn_test.ts runs on the system's own driver: products of f16 matrices by the variants for matrix units, where there are some.
 * Prints a MatricesReport as JSON; with `--probe` only whether there are any.
 */
import { openDevice, ReferenceDevice } from "@lukeforge/model";
import type { Device } from "../model/device.ts";
import type { Size } from "../model/kernel.ts";
import { FORMATS } from "../model/ops/half/format.ts";
import { EPILOGUES } from "../model/ops/matmul/epilogue.ts";
import { matmulKernelOf } from "../model/ops/matmul/matmul_kernel.ts";
import { matmulVariants } from "../model/ops/matmul/matmul_variants.ts";
import { productSizes } from "../model/ops/matmul/testdata_product_sizes.ts";
import { relativeDifference } from "../model/ops/testdata_run_op_case.ts";
import { WebGPUDevice } from "../model/webgpu/webgpu_device.ts";

/** What an adapter with matrix units made of them. */
export interface MatricesReport {
  readonly adapter: string;
  /** Variants that were run. */
  readonly variants: readonly string[];
  /** The greatest difference from the oracle of each product, by variant and shape. */
  readonly differences: Readonly<Record<string, number>>;
}

const f16 = FORMATS.indexOf("f16");

function product(m: number, n: number, k: number, more: Record<string, Size>): Record<string, Size> {
  return { ...productSizes(m, n, k), a_format: f16, b_format: f16, ...more };
}

const cases: Record<string, Record<string, Size>> = {
  "whole tiles": product(128, 128, 64, {}),
  "odd sizes": product(67, 75, 37, { has_bias: 1, alpha: 0.5 }),
  "B transposed": product(72, 96, 100, { b_row: 1, b_column: 100, accumulate: 1 }),
  "A transposed, live": product(68, 132, 72, {
    ...{ a_row: 1, a_column: 68, k: { scalar: "rows", times: 1, capacity: 72 } },
    ...{ splits: 3, k_split: 32, c_split: 68 * 132 },
  }),
  "gelu of batches": product(33, 36, 40, {
    ...{ outer: 2, inner: 2, a_outer: 2 * 33 * 40, a_inner: 33 * 40, b_inner: 40 * 36 },
    ...{ c_outer: 2 * 33 * 36, c_inner: 33 * 36, epilogue: EPILOGUES.indexOf("gelu"), has_bias: 1 },
  }),
};

async function run(device: Device, sizes: Record<string, Size>, variant?: string): Promise<Float32Array[]> {
  const epilogue = EPILOGUES[Number(sizes.epilogue)] ?? "none";
  const kernel = matmulKernelOf({ epilogue, bias: sizes.has_bias === 1, a: "f16", b: "f16" });
  const length = 32_768;
  const views = kernel.bindings.map(({ name, dtype }, i) => {
    const allocation = device.allocate(name, dtype, length);
    const values = Float32Array.from({ length }, (_, e) => Math.sin(e * 1.7 + i) / 4);
    if (dtype === "u32") {
      const words = new Uint32Array(Float16Array.from(values).buffer);
      device.write(allocation, 0, words);
    } else device.write(allocation, 0, values);
    return { allocation, offset: 0, length };
  });
  const program = await device.compile([{ kernel, views, sizes, ...(variant && { variant }) }]);
  await device.run(program, { rows: 71 });
  const outputs: Float32Array[] = [];
  for (const [i, { access }] of kernel.bindings.entries()) {
    const view = views[i];
    if (access === "read_write" && view) outputs.push(await device.read(view) as Float32Array);
  }
  device.release(program);
  for (const { allocation } of views) device.free(allocation);
  return outputs;
}

if (import.meta.main) {
  const device = await openDevice("dawn");
  if (Deno.args[0] === "--probe") {
    console.log(device instanceof WebGPUDevice && device.adapter.matrices !== undefined);
    Deno.exit(0);
  }
  if (!(device instanceof WebGPUDevice)) throw new TypeError("dawn is not a WebGPU device");
  const oracle = new ReferenceDevice("f64");
  const differences: Record<string, number> = {};
  const variants = new Set<string>();
  for (const [name, sizes] of Object.entries(cases)) {
    const expected = await run(oracle, sizes);
    for (const variant of matmulVariants.list(sizes, device.adapter)) {
      // A software driver takes minutes to compile the larger ones.
      const small = variant.name === "matrices 32x32x32";
      if (!variant.name.startsWith("matrices") || !(small || name === "odd sizes")) continue;
      variants.add(variant.name);
      const actual = await run(device, sizes, variant.name);
      differences[`${variant.name}, ${name}`] = Math.max(
        ...actual.map((output, i) => relativeDifference(output, expected[i] ?? new Float32Array())),
      );
    }
  }
  const report: MatricesReport = {
    adapter: device.description,
    variants: [...variants],
    differences,
  };
  device.destroy();
  console.log(JSON.stringify(report));
}
