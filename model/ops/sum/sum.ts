import { capacityOf, type CutAxis, defineKernel, type Reach } from "../../kernel.ts";
import type { GradientTarget, PlanBuilder, Tensor } from "../../plan.ts";
import reduceWgsl from "../reduce.wgsl" with { type: "text" };
import columnSumPartialsWgsl from "./column_sum_partials.wgsl" with { type: "text" };
import sumPartialsWgsl from "./sum_partials.wgsl" with { type: "text" };
import sumSquaresPartialsWgsl from "./sum_squares_partials.wgsl" with { type: "text" };

/** Rows that one partial sum covers. Part of the result's bits: it depends on no device and no number of workers. */
export const BLOCK_ROWS = 64;

/** Columns of a cpu tile of column sums (`COLUMN_STRIP` in sum.as). */
const COLUMN_STRIP = 4096;

/** Elements that one partial sum of squares covers. */
export const BLOCK_LENGTH = 16384;

/** The reach of `blocks` blocks of `rows` rows of `columns` elements. */
export function blocksReach(rows: number, columns: number): Reach<"blocks"> {
  return { strides: { blocks: rows * columns }, constant: rows * columns - 1 };
}

/** Cuts a kernel that makes a partial result of each block of rows, between blocks. */
export function blocksOfRows(rows: number): CutAxis<"rows" | "blocks"> {
  return { size: "blocks", alongside: { size: "rows", factor: rows } };
}

/** For each block of rows, the sum of every column: `partials` [blocks, columns]. */
export const columnSumPartials = defineKernel({
  name: "column_sum_partials",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "partials", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "blocks", "block_rows"],
  live: ["rows", "blocks"],
  wgsl: columnSumPartialsWgsl,
  workgroups: (size) => Math.ceil(size("columns") / 64) * size("blocks"),
  tiles: (size) => size("blocks") * Math.ceil(size("columns") / COLUMN_STRIP),
  split: {
    reach: (size) => ({
      x: blocksReach(size("block_rows"), size("columns")),
      partials: blocksReach(1, size("columns")),
    }),
    axes: (size) => [blocksOfRows(size("block_rows"))],
  },
  reference({ x, partials }, { rows, columns, blocks, block_rows: blockRows }) {
    for (let block = 0; block < blocks; block++) {
      for (let c = 0; c < columns; c++) {
        let sum = 0;
        for (let row = block * blockRows; row < Math.min(rows, (block + 1) * blockRows); row++) {
          sum += x[row * columns + c];
        }
        partials[block * columns + c] = sum;
      }
    }
  },
});

/** y = Σ over blocks of partials[block · stride + offset …], added to y when `accumulate` is not 0. */
export const sumPartialsKernel = defineKernel({
  name: "sum_partials",
  bindings: [
    { name: "partials", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["count", "blocks", "stride", "offset", "accumulate"],
  live: ["count", "blocks", "stride", "offset", "accumulate"],
  wgsl: sumPartialsWgsl,
  workgroups: (size) => Math.ceil(size("count") / 256),
  tiles: (size) => Math.ceil(size("count") / 4096),
  split: {
    reach: (size) => ({
      partials: { strides: { blocks: size("stride"), count: 1 }, constant: size("offset") },
      y: { strides: { count: 1 } },
    }),
    axes: () => [
      { size: "count" },
      { size: "blocks", sizes: (first) => first === 0 ? {} : { accumulate: 1 } },
    ],
  },
  reference({ partials, y }, { count, blocks, stride, offset, accumulate }) {
    for (let i = 0; i < count; i++) {
      let sum = accumulate ? y[i] : 0;
      for (let block = 0; block < blocks; block++) sum += partials[block * stride + offset + i];
      y[i] = sum;
    }
  },
});

/** Sums of squares of blocks of `block_length` elements, at `partials[offset …]`. */
export const sumSquaresPartials = defineKernel({
  name: "sum_squares_partials",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "partials", dtype: "f32", access: "read_write" },
  ],
  sizes: ["count", "blocks", "block_length", "offset"],
  live: ["count", "blocks", "offset"],
  wgsl: reduceWgsl + sumSquaresPartialsWgsl,
  workgroups: (size) => size("blocks"),
  tiles: (size) => size("blocks"),
  split: {
    reach: (size) => ({ x: blocksReach(1, size("block_length")) }),
    axes: (size) => [{
      size: "blocks",
      alongside: { size: "count", factor: size("block_length") },
      sizes: (first, _, size) => ({ offset: size("offset") + first }),
    }],
  },
  reference({ x, partials }, { count, blocks, block_length: length, offset }) {
    for (let block = 0; block < blocks; block++) {
      let sum = 0;
      for (let i = block * length; i < Math.min(count, (block + 1) * length); i++) sum += x[i] ** 2;
      partials[offset + block] = sum;
    }
  },
});

/** Adds columns [offset, offset + n) of `partials` [blocks, stride], summed over blocks, to the gradient of `parameter`. */
export function sumPartials(plan: PlanBuilder, partials: Tensor, parameter: Tensor, offset: number): void {
  if (!plan.needsGradient(parameter)) return;
  const { tensor: gradient, accumulate } = plan.gradientTarget(parameter);
  plan.dispatch(sumPartialsKernel, [partials, gradient], {
    count: capacityOf(parameter.rows) * parameter.columns,
    blocks: capacityOf(partials.rows),
    stride: partials.columns,
    offset,
    accumulate,
  });
}

/** Records the column sums of `x` [rows, columns], stored in or added to `target` [1, columns]. */
export function columnSums(plan: PlanBuilder, x: Tensor, { tensor, accumulate }: GradientTarget): void {
  const blocks = Math.ceil(capacityOf(x.rows) / BLOCK_ROWS);
  const partials = plan.activation(`partials of ${tensor.name}`, blocks, x.columns);
  plan.dispatch(columnSumPartials, [x, partials], {
    rows: x.rows,
    columns: x.columns,
    blocks,
    block_rows: BLOCK_ROWS,
  });
  plan.dispatch(sumPartialsKernel, [partials, tensor], {
    count: x.columns,
    blocks,
    stride: x.columns,
    offset: 0,
    accumulate,
  });
}

/** Records the column sums of `x` [rows, columns] as gradient of `parameter` [1, columns]: a bias. */
export function columnSumGradient(plan: PlanBuilder, x: Tensor, parameter: Tensor): void {
  if (plan.needsGradient(parameter)) columnSums(plan, x, plan.gradientTarget(parameter));
}
