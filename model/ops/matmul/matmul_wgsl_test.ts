import assert from "node:assert/strict";
import type { Device } from "../../device.ts";
import type { AdapterTraits, Size } from "../../kernel.ts";
import { ReferenceDevice } from "../../reference_device.ts";
import { requestWebGPU, webgpuAvailable } from "../../webgpu/request.ts";
import { WebGPUDevice } from "../../webgpu/webgpu_device.ts";
import { type Format, FORMATS } from "../half/format.ts";
import { EPILOGUES } from "./epilogue.ts";
import { matmulKernelOf } from "./matmul_kernel.ts";
import { registersWgsl } from "./matmul_registers_wgsl.ts";
import { matmulVariants } from "./matmul_variants.ts";
import { matmulWorkgroups } from "./matmul_wgsl.ts";
import { type ProductSizes, productSizes } from "./testdata_product_sizes.ts";

const ignore = !await webgpuAvailable();

function live(scalar: string, capacity: number, times = 1): Size {
  return { scalar, times, capacity };
}

const scalars = { rows: 3, depth: 41, items: 2, none: 0, one: 1 };

const [f16, bf16] = [1, 2];
const [gelu, geluBackward, residual] = [1, 2, 3];

const small = "tiles 32x32x16";

/** Each with the variants to run it by: every text is compiled, so none is for the sake of completeness. */
const cases: Record<string, readonly [sizes: ProductSizes, ...variants: string[]]> = {
  "1 × 1 × 1": [productSizes(1, 1, 1), "single"],
  "odd sizes": [productSizes(67, 71, 37), "single", "registers 8x16", small],
  "whole tiles": [productSizes(64, 64, 32), "registers 16x8", "tiles 64x64x16", "tiles 64x32x16"],
  "quads with rests": [productSizes(68, 136, 36), "tiles 128x128x16", "tiles 128x128x8", "tiles 128x64x16"],
  "one column": [productSizes(130, 1, 9), small],
  "B transposed": [{ ...productSizes(33, 66, 50), b_row: 1, b_column: 50 }, "registers 4x16", small],
  "A transposed": [{ ...productSizes(65, 33, 50), a_row: 1, a_column: 65 }, "registers 16x4", small],
  "both transposed": [{ ...productSizes(70, 35, 19), a_row: 1, a_column: 70, b_row: 1, b_column: 19 }, small],
  "quads, both transposed": [
    {
      ...productSizes(40, 36, 48),
      a_row: 1,
      a_column: 40,
      b_row: 1,
      b_column: 48,
      accumulate: 1,
      has_bias: 1,
    },
    small,
  ],
  "bias and alpha": [{ ...productSizes(10, 66, 8), has_bias: 1, alpha: 0.125 }, "single", small],
  "accumulating": [{ ...productSizes(66, 66, 8), accumulate: 1, has_bias: 1 }, "single"],
  "live rows": [{ ...productSizes(99, 20, 16), m: live("rows", 99, 11) }, "single", "registers 16x4"],
  "no rows": [{ ...productSizes(99, 20, 16), m: live("none", 99) }, small],
  "live depth": [{ ...productSizes(20, 20, 64), k: live("depth", 64) }, "single", small],
  "no depth": [{ ...productSizes(20, 20, 64), k: live("none", 64), has_bias: 1 }, small],
  "live accumulate": [{ ...productSizes(20, 20, 5), accumulate: live("one", 1) }, "single"],
  "live accumulate of 0": [{ ...productSizes(20, 20, 5), accumulate: live("none", 1) }, "single"],
  // Heads side by side in [items, 12 rows, 3 heads × 8], scores in [items, heads, 12, 12].
  "heads": [
    {
      ...productSizes(12, 12, 8),
      ...{ outer: live("items", 4), inner: 3, a_row: 24, b_row: 1, b_column: 24, c_row: 12, alpha: 0.35 },
      ...{ a_outer: 288, a_inner: 8, b_outer: 288, b_inner: 8, c_outer: 432, c_inner: 144 },
    },
    "single",
    small,
  ],
  "f16 A, gelu": [
    { ...productSizes(19, 21, 15), a_format: f16, epilogue: gelu, has_bias: 1 },
    "single",
    small,
  ],
  "bf16 B transposed, gelu backward": [{
    ...productSizes(9, 67, 16),
    ...{ b_row: 1, b_column: 16, b_format: bf16, epilogue: geluBackward, accumulate: 1 },
  }, small],
  "f16 and bf16, residual": [
    { ...productSizes(66, 5, 8), a_format: f16, b_format: bf16, epilogue: residual },
    "registers 16x4",
  ],
  "quads of f16 and bf16, gelu": [
    { ...productSizes(20, 40, 20), a_format: f16, b_format: bf16, epilogue: gelu, has_bias: 1 },
    small,
  ],
  "quads of bf16 and f16, gelu backward": [
    { ...productSizes(20, 40, 20), a_format: bf16, b_format: f16, epilogue: geluBackward },
    small,
  ],
  "splits of k, the last empty": [
    {
      ...productSizes(33, 34, 64),
      ...{ k: live("depth", 64), splits: 4, k_split: 16, c_split: 33 * 34 },
    },
    small,
  ],
  "splits of k in quads": [{ ...productSizes(36, 36, 68), splits: 3, k_split: 28, c_split: 36 * 36 }, small],
};

/** Numbers as the bits of a format; those of two f16 or bf16 lie in a word. */
function encoded(values: Float32Array, format: Format): Float32Array | Uint32Array {
  if (format === "f32") return values;
  if (format === "f16") return new Uint32Array(Float16Array.from(values).buffer);
  const words = new Uint32Array(values.buffer);
  return new Uint32Array(Uint16Array.from(words, (word) => word >>> 16).buffer);
}

async function product(device: Device, sizes: ProductSizes, variant?: string): Promise<Float32Array[]> {
  const format = (name: "a_format" | "b_format"): Format => FORMATS[Number(sizes[name])] ?? "f32";
  const kernel = matmulKernelOf({
    epilogue: EPILOGUES[Number(sizes.epilogue)] ?? "none",
    bias: sizes.has_bias === 1,
    a: format("a_format"),
    b: format("b_format"),
  });
  const views = kernel.bindings.map(({ name, dtype }, i) => {
    const allocation = device.allocate(name, dtype, 10_000);
    const values = Float32Array.from({ length: 10_000 }, (_, e) => Math.sin(e * 1.7 + i));
    device.write(
      allocation,
      0,
      encoded(values, dtype === "f32" ? "f32" : format(name === "b" ? "b_format" : "a_format")),
    );
    return { allocation, offset: 0, length: 10_000 };
  });
  const program = await device.compile([{ kernel, views, sizes, ...(variant && { variant }) }]);
  await device.run(program, scalars);
  const written = views.filter((_, i) => kernel.bindings[i]?.access === "read_write");
  return await Promise.all(written.map(async (view) => await device.read(view) as Float32Array));
}

Deno.test({
  name:
    "every variant of the product agrees with the f64 reference and writes nothing else, on folded grids too",
  ignore,
  fn: async (t) => {
    const requested = await requestWebGPU();
    assert.ok(requested);
    const { device: gpu, adapterInfo } = requested;
    const device = new WebGPUDevice(gpu, adapterInfo.description, { maxWorkgroups: 16 });
    for (const [name, [sizes, ...variants]] of Object.entries(cases)) {
      const expected = await product(new ReferenceDevice("f64"), sizes);
      for (const variant of variants) {
        await t.step(`${name}, ${variant}`, async () => {
          const actual = await product(device, sizes, variant);
          assert.equal(actual.length, expected.length);
          actual.forEach((tensor, t) =>
            tensor.forEach((value, i) => {
              const wanted = expected[t]?.[i] ?? NaN;
              assert.ok(
                Math.abs(value - wanted) <= 2e-6 * (1 + Math.abs(wanted)),
                `element ${i}: ${value} for ${wanted}`,
              );
            })
          );
        });
      }
    }
    await assert.rejects(
      product(device, productSizes(1, 1, 1), "tiles 1x1"),
      /matmul has no variant tiles 1x1 here/,
    );
    device.destroy();
  },
});

Deno.test("matmulWorkgroups() counts blocks, batches and splits", () => {
  const sizes = { m: 65, n: 768, outer: 3, inner: 12, splits: 2 };
  assert.equal(matmulWorkgroups((name) => sizes[name], { rows: 64, columns: 64 }), 12 * 2 * 72);
});

Deno.test("matmulVariants.list() puts what suits the adapter first and leaves out what it has no room for", () => {
  const software = { software: true, maxWorkgroupBytes: 32768, maxInvocations: 1024, features: new Set() };
  const gpu = { ...software, software: false };
  const first = (sizes: ProductSizes, adapter: AdapterTraits): string | undefined =>
    matmulVariants.list(sizes, adapter)[0]?.name;
  assert.equal(first(productSizes(4, 4, 4), software), "single");
  assert.equal(first(productSizes(512, 768, 768), software), "registers 8x16");
  assert.equal(first(productSizes(512, 32, 768), software), "registers 16x4");
  assert.equal(first(productSizes(4096, 4096, 4096), gpu), "tiles 128x128x16");
  assert.equal(first(productSizes(1024, 768, 768), gpu), "tiles 64x32x16");
  assert.equal(first(productSizes(4096, 4096, 4096), { ...gpu, maxInvocations: 128 }), "tiles 128x64x16");
  const narrow = matmulVariants.list(productSizes(64, 64, 64), { ...gpu, maxWorkgroupBytes: 8192 });
  assert.deepEqual(narrow.map(({ name }) => name).filter((name) => name.startsWith("tiles")), [
    "tiles 32x32x16",
    "tiles 64x32x16",
  ]);
});

Deno.test("registersWgsl() has the text of an epilogue once for all rows: software drivers compile each copy", () => {
  const sizes = { ...productSizes(64, 256, 64), epilogue: EPILOGUES.indexOf("gelu") };
  const block = { rows: 8, columns: 16 };
  const text = registersWgsl((name) => Number(sizes[name]), block);
  assert.equal(text.split(" store(").length - 1, 1 + block.columns);
});
