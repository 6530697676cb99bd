import { capacityOf, defineKernel, type Numbers, type SizeOf } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { rowsReach } from "../elementwise.ts";
import { BLOCK_ROWS, blocksOfRows, blocksReach, sumPartials } from "../sum/sum.ts";
import parameterPartialsWgsl from "./layer_norm_parameter_partials.wgsl" with { type: "text" };
import { layerNormBackwardWgsl, layerNormForwardWgsl, rowGroups } from "./layer_norm_wgsl.ts";

/** Elements of a cpu tile, which is of whole rows (`tileRows` in layer_norm.as). */
const TILE_LENGTH = 8192;

/** The division of work of the kernels that go over rows. */
export const rowwise = {
  /** As many rows a workgroup as fill it. */
  workgroups: (size: SizeOf<"rows" | "columns">): number =>
    Math.ceil(size("rows") / rowGroups(size("columns")).rows),
  /** Tiles of about 8,192 elements. */
  tiles: (size: SizeOf<"rows" | "columns">): number =>
    Math.ceil(size("rows") / Math.max(1, Math.floor(TILE_LENGTH / size("columns")))),
} as const;

/** The oracle of the forward kernels on one row that begins at `base`. */
export function normalizeRow(
  { x, gain, bias, y, stats }: Record<"x" | "gain" | "bias" | "y" | "stats", Numbers>,
  row: number,
  columns: number,
  eps: number,
): void {
  const base = row * columns;
  let mean = 0;
  for (let c = 0; c < columns; c++) mean += (x[base + c] ?? NaN) / columns;
  let variance = 0;
  for (let c = 0; c < columns; c++) variance += ((x[base + c] ?? NaN) - mean) ** 2 / columns;
  const scale = 1 / Math.sqrt(variance + eps);
  stats[row * 2] = mean;
  stats[row * 2 + 1] = scale;
  for (let c = 0; c < columns; c++) {
    y[base + c] = ((x[base + c] ?? NaN) - mean) * scale * (gain[c] ?? NaN) + (bias[c] ?? NaN);
  }
}

/** The oracle of the backward kernels on one row: calls `write` with every element's gradient. */
export function differentiateRow(
  { x, gain, stats, dy }: Record<"x" | "gain" | "stats" | "dy", Numbers>,
  row: number,
  columns: number,
  write: (element: number, gradient: number) => void,
): void {
  const base = row * columns;
  const [mean = NaN, scale = NaN] = stats.subarray(row * 2);
  const normal = (c: number): number => ((x[base + c] ?? NaN) - mean) * scale;
  const gradient = (c: number): number => (dy[base + c] ?? NaN) * (gain[c] ?? NaN);
  let sum = 0;
  let product = 0;
  for (let c = 0; c < columns; c++) {
    sum += gradient(c);
    product += gradient(c) * normal(c);
  }
  for (let c = 0; c < columns; c++) {
    write(base + c, (gradient(c) - sum / columns - normal(c) * product / columns) * scale);
  }
}

/** y = (x − mean) / √(variance + eps) · gain + bias over the columns of each row; `stats` keeps mean and 1/√(variance + eps). */
export const layerNormForward = defineKernel({
  name: "layer_norm_forward",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "gain", dtype: "f32", access: "read" },
    { name: "bias", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
    { name: "stats", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "eps"],
  floats: ["eps"],
  live: ["rows"],
  wgsl: (size) => layerNormForwardWgsl(size("columns")),
  ...rowwise,
  split: {
    reach: (size) => ({
      x: rowsReach(size("columns")),
      y: rowsReach(size("columns")),
      stats: rowsReach(2),
    }),
    axes: () => [{ size: "rows" }],
  },
  reference(arrays, { rows, columns, eps }) {
    for (let row = 0; row < rows; row++) normalizeRow(arrays, row, columns, eps);
  },
});

/** dx of layer normalisation from the saved `stats`, added to what is there when `accumulate` is not 0. */
export const layerNormBackward = defineKernel({
  name: "layer_norm_backward",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "gain", dtype: "f32", access: "read" },
    { name: "stats", dtype: "f32", access: "read" },
    { name: "dy", dtype: "f32", access: "read" },
    { name: "dx", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "accumulate"],
  live: ["rows", "accumulate"],
  wgsl: (size) => layerNormBackwardWgsl(size("columns")),
  ...rowwise,
  split: {
    reach: (size) => ({
      x: rowsReach(size("columns")),
      stats: rowsReach(2),
      dy: rowsReach(size("columns")),
      dx: rowsReach(size("columns")),
    }),
    axes: () => [{ size: "rows" }],
  },
  reference({ x, gain, stats, dy, dx }, { rows, columns, accumulate }) {
    for (let row = 0; row < rows; row++) {
      differentiateRow({ x, gain, stats, dy }, row, columns, (i, gradient) => {
        dx[i] = gradient + (accumulate ? dx[i] : 0);
      });
    }
  },
});

/** For each block of rows, the sums that make the gradients of gain and bias: `partials` [blocks, 2, columns]. */
export const layerNormParameterPartials = defineKernel({
  name: "layer_norm_parameter_partials",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "stats", dtype: "f32", access: "read" },
    { name: "dy", dtype: "f32", access: "read" },
    { name: "partials", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "blocks", "block_rows"],
  live: ["rows", "blocks"],
  wgsl: parameterPartialsWgsl,
  workgroups: (size) => Math.ceil(size("columns") / 64) * size("blocks"),
  tiles: (size) => size("blocks"),
  split: {
    reach: (size) => ({
      x: blocksReach(size("block_rows"), size("columns")),
      stats: blocksReach(size("block_rows"), 2),
      dy: blocksReach(size("block_rows"), size("columns")),
      partials: blocksReach(2, size("columns")),
    }),
    axes: (size) => [blocksOfRows(size("block_rows"))],
  },
  reference({ x, stats, dy, partials }, { rows, columns, blocks, block_rows: blockRows }) {
    for (let block = 0; block < blocks; block++) {
      for (let c = 0; c < columns; c++) {
        let gain = 0;
        let bias = 0;
        for (let row = block * blockRows; row < Math.min(rows, (block + 1) * blockRows); row++) {
          const g = dy[row * columns + c];
          gain += g * (x[row * columns + c] - stats[row * 2]) * stats[row * 2 + 1];
          bias += g;
        }
        partials[block * 2 * columns + c] = gain;
        partials[(block * 2 + 1) * columns + c] = bias;
      }
    }
  },
});

/** Records the gradients of `gain` and `bias`, where they are wanted, from x (what was normalised), its stats and dy. */
export function parameterGradients(
  plan: PlanBuilder,
  [x, stats, dy]: readonly [x: Tensor, stats: Tensor, dy: Tensor],
  gain: Tensor,
  bias: Tensor,
): void {
  if (!plan.needsGradient(gain) && !plan.needsGradient(bias)) return;
  const { rows, columns } = x;
  const blocks = Math.ceil(capacityOf(rows) / BLOCK_ROWS);
  const partials = plan.activation(`partials of ${gain.name}`, blocks, 2 * columns);
  plan.dispatch(layerNormParameterPartials, [x, stats, dy, partials], {
    rows,
    columns,
    blocks,
    block_rows: BLOCK_ROWS,
  });
  sumPartials(plan, partials, gain, 0);
  sumPartials(plan, partials, bias, columns);
}

/** Records layer normalisation of `x` [rows, columns] f32 with `gain` and `bias` [1, columns]. */
export function layerNorm(plan: PlanBuilder, x: Tensor, gain: Tensor, bias: Tensor, eps: number): Tensor {
  const { rows, columns } = x;
  const y = plan.activation(`layer_norm(${gain.name})`, rows, columns);
  const stats = plan.activation(`stats of ${gain.name}`, rows, 2);
  plan.dispatch(layerNormForward, [x, gain, bias, y, stats], { rows, columns, eps });
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    parameterGradients(plan, [x, stats, dy], gain, bias);
    if (!plan.needsGradient(x)) return;
    const { tensor: dx, accumulate } = plan.gradientTarget(x);
    plan.dispatch(layerNormBackward, [x, gain, stats, dy, dx], { rows, columns, accumulate });
  });
  return y;
}
