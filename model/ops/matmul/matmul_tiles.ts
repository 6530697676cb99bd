import type { SizeOf } from "../../kernel.ts";

/** The largest tile of C on cpu: 32 panels of 4 rows, 22 of 12 columns. */
const MOST_ROWS = 128;
const MOST_COLUMNS = 264;

/** With fewer tiles than this there is too little to share out, and they are made smaller. */
const ENOUGH_TILES = 12;

/**
 * Number of tiles of the cpu kernel: C is cut into equal tiles of whole panels, smaller ones where there would be few. The rule is that of
 * `matmul.as`, and depends on nothing but the shape.
 */
export function matmulTiles(size: SizeOf<"m" | "n" | "outer" | "inner" | "splits">): number {
  const [m, n] = [size("m"), size("n")];
  const batches = size("outer") * size("inner") * size("splits");
  if (m === 0 || n === 0) return 0;
  let [rows, columns] = [MOST_ROWS, MOST_COLUMNS];
  const few = () => batches * Math.ceil(m / rows) * Math.ceil(n / columns) < ENOUGH_TILES;
  if (few()) columns /= 2;
  if (few()) rows /= 2;
  if (few()) columns /= 2;
  return batches * Math.ceil(m / side(m, rows, 4)) * Math.ceil(n / side(n, columns, 12));
}

/** The side of equal tiles, a multiple of `unit`, when `size` is cut into pieces of at most `most`. */
function side(size: number, most: number, unit: number): number {
  return Math.ceil(Math.ceil(size / Math.ceil(size / most)) / unit) * unit;
}
