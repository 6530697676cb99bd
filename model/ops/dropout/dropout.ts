import { defineKernel, scaleSize } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { writeGradient } from "../add/add.ts";
import { elementwise } from "../elementwise.ts";
import dropoutWgsl from "./dropout.wgsl" with { type: "text" };

function mixBits(bits: number): number {
  let h = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The bits of a micro-step: a hash of the run's seed, the step and the micro-step, which the plan gets as `dropout_key`. */
export function dropoutKey(seed: number, step: number, microStep: number): number {
  return mixBits(mixBits(mixBits(seed >>> 0) + step >>> 0) + microStep >>> 0);
}

/**
 * y = x · scale where a hash of (key, site, element) is at least `threshold`, else 0. The bits depend on nothing else, so a
 * recomputation, a resumed run and another device draw the same mask; the gradient is the same kernel on dy.
 */
export const dropoutKernel = defineKernel({
  name: "dropout",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["count", "site", "key", "threshold", "scale"],
  floats: ["scale"],
  live: ["count", "key"],
  wgsl: dropoutWgsl,
  ...elementwise,
  reference({ x, y }, { count, site, key, threshold, scale }) {
    const place = mixBits(key + Math.imul(site, 0x9e3779b9) >>> 0);
    for (let i = 0; i < count; i++) {
      const bits = mixBits(mixBits((i ^ place) >>> 0) + place >>> 0);
      y[i] = bits < threshold ? 0 : x[i] * scale;
    }
  },
});

/** Records dropout of `x` [rows, columns] f32 with the given probability; nothing when it is 0 or the plan doesn't train. */
export function dropout(plan: PlanBuilder, x: Tensor, probability: number): Tensor {
  if (!plan.training || probability === 0) return x;
  const y = plan.activation(`dropout(${x.name})`, x.rows, x.columns);
  const sizes = {
    count: scaleSize(x.rows, x.columns),
    site: plan.nextDropout(),
    key: { scalar: "dropout_key", times: 1, capacity: 2 ** 32 - 1 },
    threshold: Math.round(probability * 2 ** 32),
    scale: 1 / (1 - probability),
  };
  plan.dispatch(dropoutKernel, [x, y], sizes);
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    writeGradient(plan, x, (dx) => plan.dispatch(dropoutKernel, [dy, dx], sizes));
  });
  return y;
}
