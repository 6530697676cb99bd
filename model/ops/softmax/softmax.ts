import { defineKernel, type SizeOf } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { writeGradient } from "../add/add.ts";
import { rowsReach } from "../elementwise.ts";
import reduceWgsl from "../reduce.wgsl" with { type: "text" };
import backwardWgsl from "./softmax_backward.wgsl" with { type: "text" };
import forwardWgsl from "./softmax_forward.wgsl" with { type: "text" };

const rowwise = {
  workgroups: (size: SizeOf<"rows">): number => size("rows"),
  tiles: (size: SizeOf<"rows">): number => Math.ceil(size("rows") / 16),
} as const;

/**
 * y = softmax(scores · scale + (1 − mask) · −10000) over the columns, the additive mask of the upstream program. One row of
 * `mask` [rows / rows_per_mask, columns] i32 serves all heads and queries of an item.
 */
export const softmaxForward = defineKernel({
  name: "softmax_forward",
  bindings: [
    { name: "scores", dtype: "f32", access: "read" },
    { name: "mask", dtype: "i32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "rows_per_mask", "scale"],
  floats: ["scale"],
  live: ["rows"],
  wgsl: reduceWgsl + forwardWgsl,
  ...rowwise,
  split: {
    reach: (size) => ({
      scores: rowsReach(size("columns")),
      mask: {
        strides: { rows: size("columns") / size("rows_per_mask") },
        constant: size("columns") - 1,
      },
      y: rowsReach(size("columns")),
    }),
    axes: (size) => [{ size: "rows", multiple: size("rows_per_mask") }],
  },
  reference({ scores, mask, y }, { rows, columns, rows_per_mask: rowsPerMask, scale }) {
    for (let row = 0; row < rows; row++) {
      const base = row * columns;
      const maskBase = Math.floor(row / rowsPerMask) * columns;
      let greatest = -Infinity;
      for (let c = 0; c < columns; c++) {
        y[base + c] = scores[base + c] * scale + (1 - mask[maskBase + c]) * -10000;
        greatest = Math.max(greatest, y[base + c]);
      }
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += y[base + c] = Math.exp(y[base + c] - greatest);
      for (let c = 0; c < columns; c++) y[base + c] /= sum;
    }
  },
});

/** dx = scale · y · (dy − Σ y·dy). */
export const softmaxBackward = defineKernel({
  name: "softmax_backward",
  bindings: [
    { name: "y", dtype: "f32", access: "read" },
    { name: "dy", dtype: "f32", access: "read" },
    { name: "dx", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "scale"],
  floats: ["scale"],
  live: ["rows"],
  wgsl: reduceWgsl + backwardWgsl,
  ...rowwise,
  split: {
    reach: (size) => ({
      y: rowsReach(size("columns")),
      dy: rowsReach(size("columns")),
      dx: rowsReach(size("columns")),
    }),
    axes: () => [{ size: "rows" }],
  },
  reference({ y, dy, dx }, { rows, columns, scale }) {
    for (let row = 0; row < rows; row++) {
      const base = row * columns;
      let product = 0;
      for (let c = 0; c < columns; c++) product += y[base + c] * dy[base + c];
      for (let c = 0; c < columns; c++) dx[base + c] = scale * y[base + c] * (dy[base + c] - product);
    }
  },
});

/** Records the masked, scaled softmax of `scores` [rows, columns]; `mask` has one row for each `rowsPerMask` rows. */
export function maskedSoftmax(
  plan: PlanBuilder,
  scores: Tensor,
  mask: Tensor,
  rowsPerMask: number,
  scale: number,
): Tensor {
  const { rows, columns } = scores;
  const y = plan.activation(`softmax(${scores.name})`, rows, columns);
  plan.dispatch(softmaxForward, [scores, mask, y], { rows, columns, rows_per_mask: rowsPerMask, scale });
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    writeGradient(
      plan,
      scores,
      (dx) => plan.dispatch(softmaxBackward, [y, dy, dx], { rows, columns, scale }),
    );
  });
  return y;
}
