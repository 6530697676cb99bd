import type { Device, View } from "../device.ts";
import { defineKernel } from "../kernel.ts";
import type { Format } from "../ops/half/format.ts";
import { matmul } from "../ops/matmul/matmul.ts";
import { fillZero } from "../ops/accumulate/accumulate.ts";
import { PlanBuilder } from "../plan.ts";
import { uniformGenerator } from "../random_normal.ts";
import { freeing, type Measured, multiplyAddContenders, runsShaders } from "./ceiling.ts";
import { alternate, dispatchContender, median } from "./contender.ts";
import { ProfilingDevice } from "./profiling_device.ts";

/** Rows and columns of the result, and the length of the sums. */
export type ProductShape = readonly [m: number, n: number, k: number];

/** The speed of one way to compute. */
export interface Speed {
  /** What was measured. */
  readonly name: string;
  /** Median of the turns. */
  readonly milliseconds: number;
  /** Operations of the median turn. */
  readonly gflops: number;
}

/** What a benchmark of one product has found. All took turns in one process. */
export interface ProductReport {
  /** m × n × k. */
  readonly shape: ProductShape;
  /** The fastest multiply-add loop, then the product in three layouts, then the kernel of one output an invocation, if any. */
  readonly speeds: readonly Speed[];
  /** Share of the loop's speed by layout. */
  readonly ofCeiling: Readonly<Record<Layout, number>>;
  /** How many times as fast as one output an invocation: x · wᵀ, GPUs only. */
  readonly overPlain: number | undefined;
}

/** Layouts of a linear layer: its output, the gradient of its input, and that of its weight. */
export const LAYOUTS = ["x wT", "dy w", "dyT x"] as const;

/** One of {@linkcode LAYOUTS}. */
export type Layout = (typeof LAYOUTS)[number];

/** C = A Bᵀ by one invocation an element and no memory of its own: what tiles are measured against. */
export const plainProduct = defineKernel({
  name: "plain_product",
  bindings: [
    { name: "a", dtype: "f32", access: "read" },
    { name: "b", dtype: "f32", access: "read" },
    { name: "c", dtype: "f32", access: "read_write" },
  ],
  sizes: ["m", "n", "k"],
  live: [],
  wgsl: `@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= n || id.y >= m) { return; }
  var sum = 0.0;
  for (var x = 0u; x < k; x++) { sum += a[id.y * k + x] * b[id.x * k + x]; }
  c[id.y * n + id.x] = sum;
}
`,
  workgroups: (size) => [Math.ceil(size("n") / 16), Math.ceil(size("m") / 16), 1],
  tiles: () => 1,
  reference({ a, b, c }, { m, n, k }) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let x = 0; x < k; x++) sum += a[i * k + x] * b[j * k + x];
        c[i * n + j] = sum;
      }
    }
  },
});

/** Measures one product of operands in `format` (f32 sums) beside the device's f32 ceiling, by turns. */
export async function benchProduct(
  device: Device,
  shape: ProductShape,
  format: Format = "f32",
  turns?: number,
): Promise<ProductReport> {
  const [m, n, k] = shape;
  const loops = await multiplyAddContenders(device);
  const products: Measured[] = [];
  for (const layout of LAYOUTS) products.push(await productContender(device, layout, shape, format));
  const plain = runsShaders(device) ? [await plainContender(device, shape)] : [];
  const all = [...loops, ...products, ...plain];
  try {
    const times = await alternate(all, turns);
    const speeds = all.map(({ name, work }, i): Speed => {
      const milliseconds = median(times[i] ?? []);
      return { name, milliseconds, gflops: work / milliseconds / 1e6 };
    });
    const ceiling = speeds.slice(0, loops.length).reduce((a, b) => a.gflops >= b.gflops ? a : b);
    const rate = (layout: Layout): number => speeds.find(({ name }) => name === layout)?.gflops ?? NaN;
    const plainSpeed = speeds.find(({ name }) => name === plainProduct.name);
    return {
      shape: [m, n, k],
      speeds: [ceiling, ...speeds.slice(loops.length)],
      ofCeiling: {
        "x wT": rate("x wT") / ceiling.gflops,
        "dy w": rate("dy w") / ceiling.gflops,
        "dyT x": rate("dyT x") / ceiling.gflops,
      },
      overPlain: plainSpeed && rate("x wT") / plainSpeed.gflops,
    };
  } finally {
    for (const one of all) one[Symbol.dispose]();
  }
}

/** The product of one layout, recorded as a network records it, as a contender. */
export async function productContender(
  device: Device,
  layout: Layout,
  [m, n, k]: ProductShape,
  format: Format = "f32",
): Promise<Measured> {
  const profiling = new ProfilingDevice(device);
  const plan = new PlanBuilder(false, fillZero);
  const dtype = format === "f32" ? "f32" : "u32";
  const words = (length: number): number => format === "f32" ? length : Math.ceil(length / 2);
  const a = plan.input("a", 1, words(m * k), dtype);
  const b = plan.input("b", 1, words(n * k), dtype);
  const c = plan.output("c", m, n);
  matmul(
    plan,
    { tensor: a, format, ...(layout === "dyT x" ? { row: 1, column: m } : { row: k, column: 1 }) },
    { tensor: b, format, ...(layout === "x wT" ? { row: 1, column: k } : { row: n, column: 1 }) },
    { tensor: c, row: n, column: 1 },
    { m, n, k },
  );
  const compiled = await plan.compile(profiling);
  compiled.write(a, packed(noise(m * k, 1), format));
  compiled.write(b, packed(noise(n * k, 2), format));
  return {
    name: layout,
    work: 2 * m * n * k,
    async run() {
      const runs = await profiling.profiling(() => compiled.run({}));
      return runs.reduce((sum, { times }) => sum + times.milliseconds.reduce((s, t) => s + t, 0), 0);
    },
    [Symbol.dispose]: () => compiled[Symbol.dispose](),
  };
}

async function plainContender(device: Device, [m, n, k]: ProductShape): Promise<Measured> {
  const allocations = [m * k, n * k, m * n].map((length) => device.allocate("operand", "f32", length));
  allocations.slice(0, 2).forEach((allocation, i) =>
    device.write(allocation, 0, noise(allocation.length, i))
  );
  const views = allocations.map((allocation): View => ({ allocation, offset: 0, length: allocation.length }));
  const dispatch = { kernel: plainProduct, views, sizes: { m, n, k } };
  return freeing(
    device,
    allocations,
    await dispatchContender(device, plainProduct.name, [dispatch], {}, 2 * m * n * k),
  );
}

/** Values in memory as a format has them; see {@linkcode Format}. bf16 is cut, not rounded: only the speed counts. */
function packed(values: Float32Array, format: Format): Float32Array | Uint32Array {
  if (format === "f32") return values;
  const halves = new Uint16Array(2 * Math.ceil(values.length / 2));
  if (format === "f16") new Float16Array(halves.buffer).set(values);
  else halves.set(new Uint32Array(values.buffer).map((bits) => bits >>> 16));
  return new Uint32Array(halves.buffer);
}

function noise(length: number, seed: number): Float32Array {
  const uniform = uniformGenerator(seed);
  return Float32Array.from({ length }, () => uniform() - 0.5);
}
