import type { Kernel, Numbers, Size } from "../kernel.ts";

/** One call of one kernel for the table-driven test of all devices. */
export interface OpCase {
  readonly kernel: Kernel;
  readonly shape: string;
  /** The initial contents of every binding, in order. */
  readonly inputs: readonly Numbers[];
  readonly sizes: Readonly<Record<string, Size>>;
  readonly scalars?: Readonly<Record<string, number>>;
  /** The variant of the kernel, where it is not the device's choice that is tested. */
  readonly variant?: string;
  /** Where f32 itself cannot be as close as the rest: the bound, with the reason beside it. */
  readonly tolerance?: number;
  /** Whether it is a case of extreme numbers although none of its f32 inputs is ±10,000: what is made of them is. */
  readonly extreme?: boolean;
  /** A software driver compiles its shader for most of a second, and other cases go the same ways there: left to real GPUs. */
  readonly dear?: boolean;
}

/** A small deterministic generator of test numbers, uniform in [−1, 1). */
export function testRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = state + 0x9e3779b9 >>> 0;
    let h = Math.imul(state ^ (state >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1;
  };
}

/** Makers of test tensors that draw from one stream. */
export interface Generators {
  /** Uniform in [−scale, scale). */
  f32(length: number, scale?: number): Float32Array;
  /** Uniform in 0 … below − 1. */
  i32(length: number, below: number): Int32Array;
}

/** A stream of test tensors of its own for each list of cases, so that one list does not change another's numbers. */
export function generators(seed: number): Generators {
  const random = testRandom(seed);
  return {
    f32: (length, scale = 1) => Float32Array.from({ length }, () => random() * scale),
    i32: (length, below) =>
      Int32Array.from({ length }, () => Math.floor((random() + 1) / 2 * below * 0.9999)),
  };
}

/** A tensor of zeros. */
export function zeros(length: number): Float32Array {
  return new Float32Array(length);
}

/** `scalar` × `times`, at most `capacity`. */
export function live(scalar: string, times: number, capacity: number): Size {
  return { scalar, times, capacity };
}

/** Lengths for kernels with one element a thread: one, odd, one whole tile, several with a rest. */
export const ELEMENT_COUNTS: readonly number[] = [1, 5, 4096, 10007];

/** Rows × columns for kernels that work by rows: one and many, odd and even, more columns than a workgroup has threads. */
export const ROW_SHAPES: readonly (readonly [rows: number, columns: number])[] = [
  [1, 1],
  [3, 5],
  [7, 64],
  [33, 17],
  [130, 12],
  [2, 4099],
];
