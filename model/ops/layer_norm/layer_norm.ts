import { capacityOf, defineKernel, type SizeOf } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { writeGradient } from "../add/add.ts";
import reduceWgsl from "../reduce.wgsl" with { type: "text" };
import { BLOCK_ROWS, sumPartials } from "../sum/sum.ts";
import backwardWgsl from "./layer_norm_backward.wgsl" with { type: "text" };
import forwardWgsl from "./layer_norm_forward.wgsl" with { type: "text" };
import parameterPartialsWgsl from "./layer_norm_parameter_partials.wgsl" with { type: "text" };

const rowwise = {
  workgroups: (size: SizeOf<"rows">): number => size("rows"),
  tiles: (size: SizeOf<"rows">): number => Math.ceil(size("rows") / 16),
} as const;

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
  wgsl: reduceWgsl + forwardWgsl,
  ...rowwise,
  reference({ x, gain, bias, y, stats }, { rows, columns, eps }) {
    for (let row = 0; row < rows; row++) {
      const base = row * columns;
      let mean = 0;
      for (let c = 0; c < columns; c++) mean += x[base + c] / columns;
      let variance = 0;
      for (let c = 0; c < columns; c++) variance += (x[base + c] - mean) ** 2 / columns;
      const scale = 1 / Math.sqrt(variance + eps);
      stats[row * 2] = mean;
      stats[row * 2 + 1] = scale;
      for (let c = 0; c < columns; c++) y[base + c] = (x[base + c] - mean) * scale * gain[c] + bias[c];
    }
  },
});

/** dx of layer normalisation from the saved `stats`. */
export const layerNormBackward = defineKernel({
  name: "layer_norm_backward",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "gain", dtype: "f32", access: "read" },
    { name: "stats", dtype: "f32", access: "read" },
    { name: "dy", dtype: "f32", access: "read" },
    { name: "dx", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns"],
  live: ["rows"],
  wgsl: reduceWgsl + backwardWgsl,
  ...rowwise,
  reference({ x, gain, stats, dy, dx }, { rows, columns }) {
    for (let row = 0; row < rows; row++) {
      const base = row * columns;
      const mean = stats[row * 2];
      const scale = stats[row * 2 + 1];
      let sum = 0;
      let product = 0;
      for (let c = 0; c < columns; c++) {
        sum += dy[base + c] * gain[c];
        product += dy[base + c] * gain[c] * (x[base + c] - mean) * scale;
      }
      for (let c = 0; c < columns; c++) {
        const normal = (x[base + c] - mean) * scale;
        dx[base + c] = (dy[base + c] * gain[c] - sum / columns - normal * product / columns) * scale;
      }
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
  live: ["rows"],
  wgsl: parameterPartialsWgsl,
  workgroups: (size) => [Math.ceil(size("columns") / 64), size("blocks"), 1],
  tiles: (size) => size("blocks"),
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

/** Records layer normalisation of `x` [rows, columns] f32 with `gain` and `bias` [1, columns]. */
export function layerNorm(plan: PlanBuilder, x: Tensor, gain: Tensor, bias: Tensor, eps: number): Tensor {
  const { rows, columns } = x;
  const y = plan.activation(`layer_norm(${x.name})`, rows, columns);
  const stats = plan.activation(`stats of ${x.name}`, rows, 2);
  plan.dispatch(layerNormForward, [x, gain, bias, y, stats], { rows, columns, eps });
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    if (plan.needsGradient(gain) || plan.needsGradient(bias)) {
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
    writeGradient(plan, x, (dx) => {
      plan.dispatch(layerNormBackward, [x, gain, stats, dy, dx], { rows, columns });
    });
  });
  return y;
}
