import type { SizeOf } from "../kernel.ts";

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
