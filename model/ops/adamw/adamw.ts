import { defineKernel } from "../../kernel.ts";
import { elementwise, elementwiseSplit } from "../elementwise.ts";
import reduceWgsl from "../reduce.wgsl" with { type: "text" };
import adamwWgsl from "./adamw.wgsl" with { type: "text" };
import clipWgsl from "./clip_gradients.wgsl" with { type: "text" };

/** Hyper-parameters of AdamW. */
export interface AdamWOptions {
  /** Decay of the first and second moment; LUKE: 0.9, 0.999. */
  readonly betas: readonly [number, number];
  /** Added to the root of the second moment; LUKE: 1e-6. */
  readonly eps: number;
  /** Decoupled decay of parameters in the decayed group; LUKE: 0.01. */
  readonly weightDecay: number;
  /** Divides the moments by 1 − βᵗ; LUKE: no. */
  readonly biasCorrection: boolean;
  /** Gradients are scaled down to this global norm; 0 leaves them. */
  readonly maxGradNorm: number;
}

/** The device scalars of the update: which element of `state` [8] f32 holds what. */
export const OPTIMIZER_STATE = {
  learningRate: 0,
  biasCorrection1: 1,
  biasCorrection2: 2,
  gradNorm: 3,
  clip: 4,
  skippedUpdates: 5,
  /** What the gradients are multiplied with, where f16 would lose the small ones. */
  lossScale: 6,
  /** Updates since the loss scale changed. */
  updatesAtScale: 7,
  length: 8,
} as const;

/** A loss scale doubles no further. */
const MAX_LOSS_SCALE = 2 ** 24;

/**
 * state.gradNorm and state.clip from the partial sums of squares; a norm that is not finite counts as a skipped update. With a
 * `growth_interval` the gradients carry state.lossScale, which is taken out again; it halves at a skipped update and doubles
 * after so many updates without one, as PyTorch's GradScaler does with these factors.
 */
export const clipGradients = defineKernel({
  name: "clip_gradients",
  bindings: [
    { name: "partials", dtype: "f32", access: "read" },
    { name: "state", dtype: "f32", access: "read_write" },
  ],
  sizes: ["blocks", "max_norm", "growth_interval"],
  floats: ["max_norm"],
  live: [],
  wgsl: reduceWgsl + clipWgsl,
  workgroups: () => 1,
  tiles: () => 1,
  reference({ partials, state }, { blocks, max_norm: maxNorm, growth_interval: interval }) {
    let sum = 0;
    for (let i = 0; i < blocks; i++) sum += partials[i];
    const scale = interval > 0 ? state[6] : 1;
    const norm = Math.sqrt(sum) / scale;
    const finite = Number.isFinite(norm);
    state[3] = norm;
    state[4] = !finite ? 0 : (maxNorm > 0 ? Math.min(1, maxNorm / (norm + 1e-6)) : 1) / scale;
    if (!finite) state[5]++;
    if (interval === 0) return;
    state[7] = finite ? state[7] + 1 : 0;
    if (!finite) state[6] = Math.max(scale / 2, 1);
    if (state[7] === interval) [state[6], state[7]] = [Math.min(scale * 2, MAX_LOSS_SCALE), 0];
  },
});

/**
 * p ← p − lr · (m̂ / (√v̂ + eps) + decay · p) over a page of parameters; does nothing when the gradient norm is not finite.
 * `rest1` and `rest2` are 1 − β, which f32 would not give from β.
 */
export const adamwKernel = defineKernel({
  name: "adamw",
  bindings: [
    { name: "p", dtype: "f32", access: "read_write" },
    { name: "g", dtype: "f32", access: "read" },
    { name: "m", dtype: "f32", access: "read_write" },
    { name: "v", dtype: "f32", access: "read_write" },
    { name: "state", dtype: "f32", access: "read" },
  ],
  sizes: ["count", "beta1", "beta2", "rest1", "rest2", "eps", "weight_decay"],
  floats: ["beta1", "beta2", "rest1", "rest2", "eps", "weight_decay"],
  live: ["count"],
  wgsl: adamwWgsl,
  bytes: (size) => 28 * size("count"), // reads all four, writes three
  ...elementwise,
  split: elementwiseSplit("p", "g", "m", "v"),
  reference({ p, g, m, v, state }, { count, beta1, beta2, rest1, rest2, eps, weight_decay: decay }) {
    if (!Number.isFinite(state[3])) return;
    for (let i = 0; i < count; i++) {
      const gradient = g[i] * state[4];
      m[i] = beta1 * m[i] + rest1 * gradient;
      v[i] = beta2 * v[i] + rest2 * gradient * gradient;
      p[i] -= state[0] * (m[i] / state[1] / (Math.sqrt(v[i] / state[2]) + eps) + decay * p[i]);
    }
  },
});
