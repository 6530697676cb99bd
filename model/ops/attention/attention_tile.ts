import type { SizeOf } from "../../kernel.ts";

/** Sizes that the text depends on; the others are used by name. */
export type AttentionConstant = "heads" | "length" | "words" | "head_size" | "queries" | "threshold";

/** How a workgroup divides its rows. */
export interface AttentionTile {
  /** Rows (queries, or keys for dK and dV) of a workgroup. */
  readonly rows: number;
  /** Threads that share a row, each with a part of the head. */
  readonly parts: number;
  /** vec4s of a row that a thread holds. */
  readonly vectors: number;
  /** Rows that pass through workgroup memory at a time. */
  readonly depth: number;
  /** Of these, how many the text treats at once. */
  readonly group: number;
}

/** Floats of a row that a thread holds in registers at most, over all of its vectors. */
const REGISTERS = 128;

/** Threads of a workgroup that every adapter has. */
const MAX_THREADS = 256;

/** Of the 16 KiB of workgroup memory that every adapter has, what tiles and shared scores may take. */
const TILE_BYTES = 12288;

/** `held` vectors of a head stay in registers and `shared` scores are exchanged between the threads of a row. */
function tileOf(headSize: number, held: number, shared: number): AttentionTile {
  const whole = Math.ceil(headSize / 4);
  let parts = 1;
  while (parts < 8 && held * 4 * Math.ceil(whole / parts) > REGISTERS) parts *= 2;
  const vectors = Math.ceil(whole / parts);
  const rows = Math.min(64, MAX_THREADS / parts);
  const bytes = (depth: number): number =>
    2 * depth * parts * vectors * 16 + (parts > 1 ? shared * depth * parts * rows * 4 : 0);
  let depth = 32;
  while (depth > 2 && bytes(depth) > TILE_BYTES) depth /= 2;
  return { rows, parts, vectors, depth, group: Math.min(4, depth) };
}

/** Of the forward kernel: a query and its context. */
export const forwardTile = (size: SizeOf<"head_size">): AttentionTile => tileOf(size("head_size"), 2, 1);
/** Of the backward kernel: two vectors and two gradients. */
export const backwardTile = (size: SizeOf<"head_size">): AttentionTile => tileOf(size("head_size"), 4, 2);

/** Blocks of keys that do not cross from words to entities where those meet other queries. */
export function keyBlocks(size: SizeOf<"length" | "words" | "queries">, rows: number): number {
  if (size("queries") === 1) return Math.ceil(size("length") / rows);
  return Math.ceil(size("words") / rows) + Math.ceil((size("length") - size("words")) / rows);
}

/** One workgroup a block of queries. */
export function attentionForwardWorkgroups(size: SizeOf<"items" | "heads" | "length" | "head_size">): number {
  return size("items") * size("heads") * Math.ceil(size("length") / forwardTile(size).rows);
}

/** One workgroup a block of queries for dQ, then one a block of keys for dK and dV. */
export function attentionBackwardWorkgroups(
  size: SizeOf<"items" | "heads" | "length" | "words" | "queries" | "head_size">,
): number {
  const { rows } = backwardTile(size);
  return size("items") * size("heads") * (Math.ceil(size("length") / rows) + keyBlocks(size, rows));
}
