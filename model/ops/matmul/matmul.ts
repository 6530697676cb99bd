import { capacityOf, defineKernel, type Size, type SizeOf } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { sumPartialsKernel } from "../sum/sum.ts";
import { matmulWgsl, matmulWorkgroups } from "./matmul_wgsl.ts";

const CPU_TILE = 64;

/** Along k, a gradient of a weight is cut into pieces of this many rows when its own tiles are too few to share out. */
const SPLIT_ROWS = 256;

/** With fewer tiles than this, k is split. */
const FEW_TILES = 16;

/**
 * C = alpha · A B (+ bias) for outer · inner batches, each matrix with its own strides in elements, so that transposes, heads
 * and slices need no copies. With `splits` > 1 each split of k writes its own C, `c_split` apart. `accumulate` adds to C.
 */
export const matmulKernel = defineKernel({
  name: "matmul",
  bindings: [
    { name: "a", dtype: "f32", access: "read" },
    { name: "b", dtype: "f32", access: "read" },
    { name: "bias", dtype: "f32", access: "read" },
    { name: "c", dtype: "f32", access: "read_write" },
  ],
  sizes: [
    "m",
    "n",
    "k",
    "a_row",
    "a_column",
    "b_row",
    "b_column",
    "c_row",
    "outer",
    "inner",
    "a_outer",
    "a_inner",
    "b_outer",
    "b_inner",
    "c_outer",
    "c_inner",
    "splits",
    "k_split",
    "c_split",
    "accumulate",
    "has_bias",
    "alpha",
  ],
  floats: ["alpha"],
  live: ["m", "k", "outer", "accumulate"],
  wgsl: matmulWgsl,
  workgroups: matmulWorkgroups,
  tiles: (size: SizeOf) =>
    size("outer") * size("inner") * size("splits") * Math.ceil(size("m") / CPU_TILE) *
    Math.ceil(size("n") / CPU_TILE),
  reference({ a, b, bias, c }, s) {
    for (let o = 0; o < s.outer; o++) {
      for (let i = 0; i < s.inner; i++) {
        for (let split = 0; split < s.splits; split++) {
          const end = Math.min(s.k, (split + 1) * s.k_split);
          for (let r = 0; r < s.m; r++) {
            for (let j = 0; j < s.n; j++) {
              let sum = 0;
              for (let x = split * s.k_split; x < end; x++) {
                sum += a[o * s.a_outer + i * s.a_inner + r * s.a_row + x * s.a_column] *
                  b[o * s.b_outer + i * s.b_inner + x * s.b_row + j * s.b_column];
              }
              const place = o * s.c_outer + i * s.c_inner + split * s.c_split + r * s.c_row + j;
              c[place] = s.alpha * sum + (s.has_bias ? bias[j] : 0) + (s.accumulate ? c[place] : 0);
            }
          }
        }
      }
    }
  },
});

/** A matrix of a product: `row` and `column` are the strides in elements, `outer` and `inner` those of the batch. */
export interface MatrixLayout {
  readonly tensor: Tensor;
  readonly row: number;
  readonly column: number;
  readonly outer?: number;
  readonly inner?: number;
}

/** Shape of a product, and what goes with it. */
export interface MatmulShape {
  readonly m: Size;
  readonly n: number;
  readonly k: Size;
  readonly outer?: Size;
  readonly inner?: number;
  readonly alpha?: number;
  readonly bias?: Tensor;
  readonly accumulate?: Size;
}

/** Records one product; the column stride of C is 1. */
export function matmul(
  plan: PlanBuilder,
  a: MatrixLayout,
  b: MatrixLayout,
  c: MatrixLayout,
  shape: MatmulShape,
): void {
  const strides = {
    a_row: a.row,
    a_column: a.column,
    b_row: b.row,
    b_column: b.column,
    c_row: c.row,
    a_outer: a.outer ?? 0,
    a_inner: a.inner ?? 0,
    b_outer: b.outer ?? 0,
    b_inner: b.inner ?? 0,
    c_outer: c.outer ?? 0,
    c_inner: c.inner ?? 0,
  };
  const { m, n, k, outer = 1, inner = 1, alpha = 1, bias, accumulate = 0 } = shape;
  const common = { m, n, k, ...strides, outer, inner, has_bias: bias ? 1 : 0, alpha };
  const depth = capacityOf(k);
  const tiles = Math.ceil(capacityOf(m) / CPU_TILE) * Math.ceil(n / CPU_TILE);
  const splits = Math.ceil(depth / SPLIT_ROWS);
  const splittable = outer === 1 && inner === 1 && !bias && typeof m === "number" && c.row === n;
  if (!splittable || tiles >= FEW_TILES || splits < 2) {
    plan.dispatch(matmulKernel, [a.tensor, b.tensor, bias ?? a.tensor, c.tensor], {
      ...common,
      splits: 1,
      k_split: Math.max(depth, 1),
      c_split: 0,
      accumulate,
    });
    return;
  }
  const partials = plan.activation(`partials of ${c.tensor.name}`, splits, m * n);
  plan.dispatch(matmulKernel, [a.tensor, b.tensor, a.tensor, partials], {
    ...common,
    splits,
    k_split: SPLIT_ROWS,
    c_split: m * n,
    accumulate: 0,
  });
  plan.dispatch(sumPartialsKernel, [partials, c.tensor], {
    count: m * n,
    blocks: splits,
    stride: m * n,
    offset: 0,
    accumulate,
  });
}
