import type { Size } from "../../kernel.ts";
import type { MatmulKernel } from "./matmul_kernel.ts";

/** Every size of a product. */
export type ProductSizes = Record<MatmulKernel["sizes"][number], Size>;

/** One row-major product A [m, k] · B [k, n] of f32, without bias and epilogue; tests say what is different. */
export function productSizes(m: number, n: number, k: number): ProductSizes {
  return {
    ...{ m, n, k, a_row: k, a_column: 1, b_row: n, b_column: 1, c_row: n, outer: 1, inner: 1 },
    ...{ a_outer: 0, a_inner: 0, b_outer: 0, b_inner: 0, c_outer: 0, c_inner: 0 },
    ...{ splits: 1, k_split: Math.max(k, 1), c_split: 0, accumulate: 0, has_bias: 0, alpha: 1 },
    ...{ a_format: 0, b_format: 0, epilogue: 0 },
  };
}
