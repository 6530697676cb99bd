import { defineKernel, scaleSize, type Size } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { writeGradient } from "../accumulate/accumulate.ts";
import { elementwise } from "../elementwise.ts";
import drawWgsl from "./draw.wgsl" with { type: "text" };
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

/** Says of an element of dropout `site` in a micro-step whether it is kept: the oracle of draw.wgsl. */
export function dropoutKeeps(
  key: number,
  site: number,
  threshold: number,
): (element: number) => boolean {
  const place = mixBits(key + Math.imul(site, 0x9e3779b9) >>> 0);
  return (element) => mixBits(mixBits((element ^ place) >>> 0) + place >>> 0) >= threshold;
}

/** The sizes that a kernel with dropout of `probability` takes; `draw.wgsl` reads the first three by these names. */
export interface DropoutSizes {
  /** Tells the dropouts of a plan apart. */
  readonly site: number;
  /** The micro-step's {@linkcode dropoutKey}. */
  readonly key: Size;
  /** Bits below it are dropped. */
  readonly threshold: number;
  /** What is kept is multiplied with it. */
  readonly scale: number;
}

/** Sizes of a dropout of its own, for a kernel that draws it inside. */
export function dropoutSizes(plan: PlanBuilder, probability: number): DropoutSizes {
  return {
    site: plan.nextDropout(),
    key: { scalar: "dropout_key", times: 1, capacity: 2 ** 32 - 1 },
    threshold: Math.round(probability * 2 ** 32),
    scale: 1 / (1 - probability),
  };
}

/**
 * y = x · scale where a hash of (key, site, element) is at least `threshold`, else 0. The bits depend on nothing else, so a
 * recomputation, a resumed run and another device draw the same mask; the gradient is the same kernel on dy. Elements are
 * numbered from `first` on.
 */
export const dropoutKernel = defineKernel({
  name: "dropout",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["count", "site", "key", "threshold", "scale", "first"],
  floats: ["scale"],
  live: ["count", "key", "site", "first"],
  wgsl: drawWgsl + dropoutWgsl,
  ...elementwise,
  split: {
    reach: () => ({ x: { strides: { count: 1 } }, y: { strides: { count: 1 } } }),
    axes: () => [{ size: "count", sizes: (first, _, size) => ({ first: size("first") + first }) }],
  },
  reference({ x, y }, { count, site, key, threshold, scale, first }) {
    const keeps = dropoutKeeps(key, site, threshold);
    for (let i = 0; i < count; i++) y[i] = keeps(first + i) ? x[i] * scale : 0;
  },
});

/** Records dropout of `x` [rows, columns] f32 with the given probability; nothing when it is 0 or the plan doesn't train. */
export function dropout(plan: PlanBuilder, x: Tensor, probability: number): Tensor {
  if (!plan.training || probability === 0) return x;
  const y = plan.activation(`dropout(${x.name})`, x.rows, x.columns);
  const sizes = { count: scaleSize(x.rows, x.columns), ...dropoutSizes(plan, probability), first: 0 };
  plan.dispatch(dropoutKernel, [x, y], sizes);
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    writeGradient(plan, x, (dx) => plan.dispatch(dropoutKernel, [dy, dx], sizes));
  });
  return y;
}
