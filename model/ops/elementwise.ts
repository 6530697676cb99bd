import type { CutAxis, Reach, SizeOf } from "../kernel.ts";

/** Elements of a cpu tile of an elementwise kernel (`TILE` in simd.as). */
const CPU_TILE = 4096;

/** Threads of a workgroup of an elementwise shader. */
const WORKGROUP = 256;

/** The division of work of a kernel with one element a thread, over the size `count`. */
export const elementwise = {
  /** Workgroups of 256 threads. */
  workgroups: (size: SizeOf<"count">): number => Math.ceil(size("count") / WORKGROUP),
  /** Tiles of 4,096 elements. */
  tiles: (size: SizeOf<"count">): number => Math.ceil(size("count") / CPU_TILE),
} as const;

/** The WGSL of such a kernel: `body` computes element i, `count` says how many there are. */
export function elementwiseMain(body: string, count = "count()"): string {
  return `@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * ${WORKGROUP}u + lane;
  if (i >= ${count}) { return; }
${body}
}
`;
}

/** How a kernel with one element a thread is cut: along `count`, all of `bindings` alike; other bindings stay whole. */
export function elementwiseSplit<B extends string>(...bindings: readonly B[]): {
  reach: () => Record<B, Reach<"count">>;
  axes: () => CutAxis<"count">[];
} {
  const alike = Object.fromEntries(bindings.map((name) => [name, { strides: { count: 1 } }]));
  return { reach: () => alike as Record<B, Reach<"count">>, axes: () => [{ size: "count" }] };
}

/** The reach of `rows` rows of `columns` elements, all of them from the binding's first element on. */
export function rowsReach(columns: number): Reach<"rows"> {
  return { strides: { rows: columns }, constant: columns - 1 };
}
