import { type CutAxis, defineKernel, type Size } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { dropoutKeeps, type DropoutSizes, dropoutSizes } from "../dropout/dropout.ts";
import { rowsReach } from "../elementwise.ts";
import { differentiateRow, normalizeRow, parameterGradients, rowwise } from "./layer_norm.ts";
import { type Fused, layerNormBackwardWgsl, layerNormForwardWgsl } from "./layer_norm_wgsl.ts";

function fused(threshold: number): Fused {
  return threshold > 0 ? "dropout and residual" : "residual";
}

function rowsOfDropout(): CutAxis<"rows" | "columns" | "first">[] {
  return [{ size: "rows", sizes: (first, _, size) => ({ first: size("first") + first * size("columns") }) }];
}

/**
 * sum = dropout(x) + residual and y = layer norm of sum, row by row; `stats` keeps mean and 1/√(variance + eps). A threshold of
 * 0 drops nothing; the elements of x are numbered from `first` on.
 */
export const residualLayerNormForward = defineKernel({
  name: "residual_layer_norm_forward",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "residual", dtype: "f32", access: "read" },
    { name: "gain", dtype: "f32", access: "read" },
    { name: "bias", dtype: "f32", access: "read" },
    { name: "sum", dtype: "f32", access: "read_write" },
    { name: "y", dtype: "f32", access: "read_write" },
    { name: "stats", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "eps", "site", "key", "threshold", "scale", "first"],
  floats: ["eps", "scale"],
  live: ["rows", "key", "site", "first"],
  wgsl: (size) => layerNormForwardWgsl(size("columns"), fused(size("threshold"))),
  ...rowwise,
  split: {
    reach: (size) => ({
      x: rowsReach(size("columns")),
      residual: rowsReach(size("columns")),
      sum: rowsReach(size("columns")),
      y: rowsReach(size("columns")),
      stats: rowsReach(2),
    }),
    axes: rowsOfDropout,
  },
  reference({ x, residual, sum, ...arrays }, { rows, columns, eps, site, key, threshold, scale, first }) {
    const keeps = dropoutKeeps(key, site, threshold);
    for (let i = 0; i < rows * columns; i++) sum[i] = (keeps(first + i) ? x[i] * scale : 0) + residual[i];
    for (let row = 0; row < rows; row++) normalizeRow({ x: sum, ...arrays }, row, columns, eps);
  },
});

/**
 * The gradients of `residual`, which is that of the sum, and of `x`, which is the same where x was kept, times `scale`. Each is
 * added to what is there when its `accumulate` is not 0.
 */
export const residualLayerNormBackward = defineKernel({
  name: "residual_layer_norm_backward",
  bindings: [
    { name: "sum", dtype: "f32", access: "read" },
    { name: "gain", dtype: "f32", access: "read" },
    { name: "stats", dtype: "f32", access: "read" },
    { name: "dy", dtype: "f32", access: "read" },
    { name: "dresidual", dtype: "f32", access: "read_write" },
    { name: "dx", dtype: "f32", access: "read_write" },
  ],
  sizes: [
    "rows",
    "columns",
    "site",
    "key",
    "threshold",
    "scale",
    "accumulate_residual",
    "accumulate",
    "first",
  ],
  floats: ["scale"],
  live: ["rows", "key", "site", "accumulate_residual", "accumulate", "first"],
  wgsl: (size) => layerNormBackwardWgsl(size("columns"), fused(size("threshold"))),
  ...rowwise,
  split: {
    reach: (size) => ({
      sum: rowsReach(size("columns")),
      stats: rowsReach(2),
      dy: rowsReach(size("columns")),
      dresidual: rowsReach(size("columns")),
      dx: rowsReach(size("columns")),
    }),
    axes: rowsOfDropout,
  },
  reference({ sum, gain, stats, dy, dresidual, dx }, size) {
    const keeps = dropoutKeeps(size.key, size.site, size.threshold);
    for (let row = 0; row < size.rows; row++) {
      differentiateRow({ x: sum, gain, stats, dy }, row, size.columns, (i, gradient) => {
        dresidual[i] = gradient + (size.accumulate_residual ? dresidual[i] : 0);
        dx[i] = (keeps(size.first + i) ? gradient * size.scale : 0) + (size.accumulate ? dx[i] : 0);
      });
    }
  },
});

/** What {@linkcode residualLayerNorm} takes besides tensors. */
export interface ResidualLayerNormOptions {
  /** Added to the variance. */
  readonly eps: number;
  /** Probability of dropping an element of x; of no effect in plans that don't train. */
  readonly dropout: number;
}

const KEEP_ALL: DropoutSizes = { site: 0, key: 0, threshold: 0, scale: 1 };

/**
 * Records layer norm of dropout(x) + residual, as after the attention and the feed-forward part of each layer. `x` and `residual`
 * are [rows, columns] f32, `gain` and `bias` [1, columns]. Throws a RangeError when x is the residual, as their gradients are
 * written by one kernel.
 */
export function residualLayerNorm(
  plan: PlanBuilder,
  x: Tensor,
  residual: Tensor,
  gain: Tensor,
  bias: Tensor,
  { eps, dropout }: ResidualLayerNormOptions,
): Tensor {
  if (x === residual) throw new RangeError(`${x.name} cannot be its own residual`);
  const { rows, columns } = x;
  const drop = plan.training && dropout > 0 ? dropoutSizes(plan, dropout) : KEEP_ALL;
  const sum = plan.activation(`residual of ${gain.name}`, rows, columns);
  const y = plan.activation(`layer_norm(${gain.name})`, rows, columns);
  const stats = plan.activation(`stats of ${gain.name}`, rows, 2);
  plan.dispatch(residualLayerNormForward, [x, residual, gain, bias, sum, y, stats], {
    rows,
    columns,
    eps,
    ...drop,
    first: 0,
  });
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    parameterGradients(plan, [sum, stats, dy], gain, bias);
    if (!plan.needsGradient(x) && !plan.needsGradient(residual)) return;
    /** Its gradient, or memory for what nobody wants. */
    const target = (tensor: Tensor): { tensor: Tensor; accumulate: Size } =>
      plan.needsGradient(tensor)
        ? plan.gradientTarget(tensor)
        : { tensor: plan.activation(`unused gradient of ${tensor.name}`, rows, columns), accumulate: 0 };
    const [ofResidual, ofX] = [target(residual), target(x)];
    plan.dispatch(residualLayerNormBackward, [sum, gain, stats, dy, ofResidual.tensor, ofX.tensor], {
      rows,
      columns,
      ...drop,
      first: 0,
      accumulate_residual: ofResidual.accumulate,
      accumulate: ofX.accumulate,
    });
  });
  return y;
}
