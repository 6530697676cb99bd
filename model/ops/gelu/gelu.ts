import { defineKernel, scaleSize } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { elementwise, elementwiseSplit } from "../elementwise.ts";
import erfWgsl from "../erf.wgsl" with { type: "text" };
import { erf } from "../erf.ts";
import { writeGradient } from "../accumulate/accumulate.ts";
import backwardWgsl from "./gelu_backward.wgsl" with { type: "text" };
import forwardWgsl from "./gelu_forward.wgsl" with { type: "text" };

/** x · Φ(x). */
export function geluOf(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

/** Φ(x) + x · φ(x). */
export function geluDerivative(x: number): number {
  const density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  return 0.5 * (1 + erf(x / Math.SQRT2)) + x * density;
}

/** y = x · Φ(x) with the exact normal distribution function (erf), as BERT and RoBERTa use. */
export const geluForward = defineKernel({
  name: "gelu_forward",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["count"],
  live: ["count"],
  wgsl: erfWgsl + forwardWgsl,
  ...elementwise,
  split: elementwiseSplit("x", "y"),
  reference({ x, y }, { count }) {
    for (let i = 0; i < count; i++) y[i] = geluOf(x[i]);
  },
});

/** dx = dy · (Φ(x) + x · φ(x)). */
export const geluBackward = defineKernel({
  name: "gelu_backward",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "dy", dtype: "f32", access: "read" },
    { name: "dx", dtype: "f32", access: "read_write" },
  ],
  sizes: ["count"],
  live: ["count"],
  wgsl: erfWgsl + backwardWgsl,
  ...elementwise,
  split: elementwiseSplit("x", "dy", "dx"),
  reference({ x, dy, dx }, { count }) {
    for (let i = 0; i < count; i++) dx[i] = dy[i] * geluDerivative(x[i]);
  },
});

/** Records the exact GELU of `x` [rows, columns] f32. */
export function gelu(plan: PlanBuilder, x: Tensor): Tensor {
  const y = plan.activation(`gelu(${x.name})`, x.rows, x.columns);
  const count = scaleSize(x.rows, x.columns);
  plan.dispatch(geluForward, [x, y], { count });
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    writeGradient(plan, x, (dx) => plan.dispatch(geluBackward, [x, dy, dx], { count }));
  });
  return y;
}
