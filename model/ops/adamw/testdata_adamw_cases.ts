import { ELEMENT_COUNTS, generators, type OpCase, zeros } from "../testdata_generators.ts";
import { adamwKernel, clipGradients } from "./adamw.ts";

const { f32 } = generators(71);

function* cases(): Generator<OpCase> {
  for (const count of ELEMENT_COUNTS) {
    for (const norm of [0.5, NaN]) {
      yield {
        kernel: adamwKernel,
        shape: `${count}, norm ${norm}`,
        inputs: [
          f32(count),
          f32(count),
          f32(count),
          f32(count).map(Math.abs),
          Float32Array.of(0.01, 0.9, 0.95, norm, 0.7, 0, 0, 0),
        ],
        sizes: { count, beta1: 0.9, beta2: 0.999, rest1: 0.1, rest2: 0.001, eps: 1e-6, weight_decay: 0.01 },
      };
    }
  }
  const norms = [[f32(70).map(Math.abs), 1], [Float32Array.of(Infinity), 1], [
    f32(3).map(Math.abs),
    0,
  ]] as const;
  for (const [values, max_norm] of norms) {
    yield {
      kernel: clipGradients,
      shape: `${values.length}, at most ${max_norm}`,
      inputs: [values, zeros(8)],
      sizes: { blocks: values.length, max_norm, growth_interval: 0 },
    };
    for (const [scale, updates] of [[1024, 0], [1, 6], [2 ** 24, 6]]) {
      yield {
        kernel: clipGradients,
        shape: `${values.length}, at most ${max_norm}, loss scale ${scale} for ${updates} updates`,
        inputs: [values, Float32Array.of(0, 1, 1, 0, 0, 2, scale ?? 0, updates ?? 0)],
        sizes: { blocks: values.length, max_norm, growth_interval: 7 },
      };
    }
  }
}

/** Updates with finite and with overflown gradients, and clipping with and without a limit. */
export const adamwCases: readonly OpCase[] = [...cases()];
