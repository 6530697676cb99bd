import { defineKernel, scaleSize, type Size } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { elementwise, elementwiseMain, elementwiseSplit } from "../elementwise.ts";

/** y = x, or y += x when `accumulate` is not 0. */
export const accumulateKernel = defineKernel({
  name: "accumulate",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["count", "accumulate"],
  live: ["count", "accumulate"],
  wgsl: elementwiseMain("  if (accumulate() != 0u) { y[i] = y[i] + x[i]; } else { y[i] = x[i]; }"),
  ...elementwise,
  split: elementwiseSplit("x", "y"),
  reference({ x, y }, { count, accumulate }) {
    for (let i = 0; i < count; i++) y[i] = accumulate ? y[i] + x[i] : x[i];
  },
});

/** y = 0, unless `keep` is not 0. */
export const fillZeroKernel = defineKernel({
  name: "fill_zero",
  bindings: [{ name: "y", dtype: "f32", access: "read_write" }],
  sizes: ["count", "keep"],
  live: ["count", "keep"],
  wgsl: elementwiseMain("  if (keep() == 0u) { y[i] = 0.0; }"),
  ...elementwise,
  split: elementwiseSplit("y"),
  reference({ y }, { count, keep }) {
    if (!keep) { for (let i = 0; i < count; i++) y[i] = 0; }
  },
});

/** Zeroes `target`, unless `keep` says that it already holds a sum. The {@linkcode PlanBuilder}'s zero fill. */
export function fillZero(plan: PlanBuilder, target: Tensor, keep: Size): void {
  plan.dispatch(fillZeroKernel, [target], { count: scaleSize(target.rows, target.columns), keep });
}

/**
 * Records the gradient of `tensor` through a kernel that can only replace: directly where it is the first, else through a
 * temporary that is added. Does nothing when the gradient isn't wanted.
 */
export function writeGradient(plan: PlanBuilder, tensor: Tensor, write: (dx: Tensor) => void): void {
  if (!plan.needsGradient(tensor)) return;
  const { tensor: gradient, accumulate } = plan.gradientTarget(tensor);
  if (accumulate === 0) return write(gradient);
  const part = plan.activation(`part of ${gradient.name}`, tensor.rows, tensor.columns);
  write(part);
  plan.dispatch(accumulateKernel, [part, gradient], {
    count: scaleSize(tensor.rows, tensor.columns),
    accumulate,
  });
}
