import { defineKernel, type SizeOf } from "../kernel.ts";
import { elementwise } from "../ops/elementwise.ts";

/** Chains of the cpu kernel, whose text is written out. */
export const CPU_CHAINS = 12;

/** Rounds that the WGSL unrolls: a loop's own instructions must not count. `iterations` is a multiple of it. */
export const UNROLLED_ROUNDS = 8;

type ChainSizes = "count" | "iterations" | "chains" | "fused";

/**
 * The most multiply-adds a device does: y[i] is the sum of `chains` vectors of 4, the c-th begun at c and taken through
 * v = v · x[0] + x[1] `iterations` times. No chain waits for another, and memory plays no part. `fused` writes `fma()` in the WGSL,
 * otherwise a product and a sum, which some compilers turn into the faster code.
 */
export const multiplyAddChains = defineKernel({
  name: "multiply_add_chains",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["count", "iterations", "chains", "fused"],
  live: ["iterations"],
  wgsl: chainsWgsl,
  workgroups: (size) => Math.ceil(size("count") / 64),
  tiles: (size) => size("count"),
  flops: (size) => 8 * size("count") * size("chains") * size("iterations"),
  reference({ x, y }, { count, iterations, chains }) {
    let sum = 0;
    for (let c = 0; c < chains; c++) {
      let v = c;
      for (let i = 0; i < iterations; i++) v = v * x[0] + x[1];
      sum += 4 * v;
    }
    y.fill(sum, 0, count);
  },
});

function chainsWgsl(size: SizeOf<ChainSizes>): string {
  const chains = Array.from({ length: size("chains") }, (_, c) => `c${c}`);
  const step = size("fused")
    ? (c: string): string => `${c} = fma(${c}, a, b);`
    : (c: string): string => `${c} = ${c} * a + b;`;
  const round = `    ${chains.map(step).join(" ")}\n`;
  return `@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 64u + lane;
  if (i >= count) { return; }
  let a = vec4<f32>(x[0]);
  let b = vec4<f32>(x[1]);
${
    chains.map((c, i) => `  var ${c} = vec4<f32>(${i}.0);\n`).join("")
  }  for (var round = 0u; round < iterations(); round += ${UNROLLED_ROUNDS}u) {
${round.repeat(UNROLLED_ROUNDS)}  }
  y[i] = dot(${chains.join(" + ")}, vec4<f32>(1.0));
}
`;
}

/** y = x: what memory gives. */
export const copyStream = defineKernel({
  name: "copy_stream",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["count"],
  live: [],
  wgsl: `@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 256u + lane;
  if (i < count) { y[i] = x[i]; }
}
`,
  ...elementwise,
  reference({ x, y }, { count }) {
    for (let i = 0; i < count; i++) y[i] = x[i];
  },
});
