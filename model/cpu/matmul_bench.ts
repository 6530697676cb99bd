/**
 * Speed of the cpu product 512 × 768 × 768 in f32: its share of a WebAssembly loop of 12 independent relaxed
 * multiply-adds on one core (alternated, median of 9), and GFLOP/s on one core and on all. PyTorch beside it: `tests/peers/compare_product.ts`.
 */
import { readFileSync } from "node:fs";
import { matmulKernel } from "../ops/matmul/matmul_kernel.ts";
import { uniformGenerator } from "../random_normal.ts";
import { compileKernels } from "./compile_kernels.ts";
import { CpuDevice, type CpuProgram } from "./cpu_device.ts";
import { openSystemBlas } from "./system_blas.ts";

const [M, N, K] = [512, 768, 768];
const FLOPS = 2 * M * N * K;
const ROUNDS = 9;

/** Twelve chains of multiply-adds that never touch memory: `turns` × 12 × 4 × 2 operations. */
const CEILING = `
export const SCRATCH_BYTES: i32 = 0;
export function ceiling(turns: i32, seed: f32, factor: f32): f32 {
  const x = f32x4.splat(seed), y = f32x4.splat(factor); // V8 would load a constant again and again
  let a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
  for (; turns > 0; turns--) {
${[..."abcdefghijkl"].map((v) => `    ${v} = f32x4.relaxed_madd(x, y, ${v});`).join("\n")}
  }
  const sum = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  return f32x4.extract_lane(f32x4.add(sum, f32x4.add(f32x4.add(i, j), f32x4.add(k, l))), 0);
}
`;

async function ceilingLoop(): Promise<(turns: number, seed: number, factor: number) => number> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const { instance } = await WebAssembly.instantiate(await compileKernels({ ceiling: CEILING }), {
    env: { memory, abort: () => {} },
  });
  return instance.exports["ceiling"] as (turns: number, seed: number, factor: number) => number;
}

async function product(device: CpuDevice): Promise<CpuProgram> {
  const uniform = uniformGenerator(1);
  const views = matmulKernel.bindings.map(({ name }) => {
    const length = name === "a" ? M * K : name === "b" ? K * N : name === "c" ? M * N : 1;
    const allocation = device.allocate(name, "f32", length);
    device.write(allocation, 0, Float32Array.from({ length }, () => uniform() - 0.5));
    return { allocation, offset: 0, length };
  });
  const batch = { outer: 1, inner: 1, splits: 1, k_split: K, c_split: 0 };
  const offsets = { a_outer: 0, a_inner: 0, b_outer: 0, b_inner: 0, c_outer: 0, c_inner: 0 };
  const variety = { a_format: 0, b_format: 0, epilogue: 0, has_bias: 0, accumulate: 0, alpha: 1 };
  // B is transposed, as a weight [out, in] is.
  const strides = { a_row: K, a_column: 1, b_row: 1, b_column: K, c_row: N };
  const sizes = { m: M, n: N, k: K, ...strides, ...batch, ...offsets, ...variety };
  return await device.compile([{ kernel: matmulKernel, views, sizes }]);
}

/** Seconds that `run` takes. */
async function time(run: () => unknown): Promise<number> {
  const begin = performance.now();
  await run();
  return (performance.now() - begin) / 1000;
}

/** Seconds that the main thread computes in `run`: on Linux without the time that other processes take. */
async function timeAlone(run: () => unknown): Promise<number> {
  const clock = () => Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[0]) / 1e9;
  try {
    clock();
  } catch {
    return await time(run);
  }
  const begin = clock();
  await run();
  return clock() - begin;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

const variants = new Map<string, { threads: number; run: () => Promise<void> }>();
const found = openSystemBlas(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })) !== undefined;
for (const blas of found ? ["wasm", "system"] as const : ["wasm"] as const) {
  for (const threads of new Set([1, navigator.hardwareConcurrency])) {
    const device = await CpuDevice.create({ threads, blas });
    const program = await product(device);
    variants.set(`${blas}, ${threads} threads`, { threads, run: () => device.run(program, {}) });
  }
}

// V8 optimises in the background, and only between calls.
for (let i = 0; i < 20; i++) {
  for (const { run } of variants.values()) await run();
  await new Promise((resolve) => setTimeout(resolve, 10));
}

const ceiling = await ceilingLoop();
const turns = 2 ** 25;
const products = 8;
const peaks: number[] = [];
const times = new Map([...variants.keys()].map((name) => [name, [] as number[]]));
for (let i = 0; i < 20; i++) {
  ceiling(turns / 1024, 1, 0.5);
  await new Promise((resolve) => setTimeout(resolve, 10));
}
for (let round = 0; round < ROUNDS; round++) {
  peaks.push(turns * 96 / await timeAlone(() => ceiling(turns, 1, 0.5)));
  for (const [name, { threads, run }] of variants) {
    const all = async () => {
      for (let i = 0; i < products; i++) await run();
    };
    times.get(name)?.push(await (threads === 1 ? timeAlone : time)(all) / products);
  }
}
console.log(`ceiling of one core: ${(median(peaks) / 1e9).toFixed(1)} GFLOP/s`);
for (const [name, seconds] of times) {
  const shares = seconds.map((s, i) => FLOPS / s / (peaks[i] ?? NaN));
  const gflops = (FLOPS / median(seconds) / 1e9).toFixed(1);
  console.log(`${name}: ${gflops} GFLOP/s, ${median(shares).toFixed(3)} of the ceiling of one core`);
}
Deno.exit();
