import type { SizeOf } from "../../kernel.ts";
import { formatOf, mainWgsl, type MatmulBlock, placeWgsl, readerWgsl, storeWgsl } from "./matmul_wgsl.ts";

/** What a workgroup of the kernel of one element an invocation computes. */
export const SINGLE_BLOCK: MatmulBlock = { rows: 8, columns: 8 };

/** Sizes that the texts of the family depend on. */
export type MatmulTextSize = "has_bias" | "alpha" | "epilogue" | "a_format" | "b_format";

/** The WGSL of the product with one element of C an invocation: slow, and compiled in no time, as small products want it. */
export function singleWgsl(size: SizeOf<MatmulTextSize>): string {
  const { rows, columns } = SINGLE_BLOCK;
  return `${readerWgsl("a", formatOf(size, "a"))}
${readerWgsl("b", formatOf(size, "b"))}
${storeWgsl(size, 1)}

${mainWgsl(rows * columns)}
${placeWgsl(SINGLE_BLOCK)}
  let row = row0 + lane / ${columns}u;
  let column = column0 + lane % ${columns}u;
  if (row >= rows || column >= n) { return; }
  var sum = 0.0;
  for (var x = k_start; x < k_end; x++) {
    sum = sum + read_a(a_base + row * a_row + x * a_column) * read_b(b_base + x * b_row + column * b_column);
  }
  store(c_base + row * c_row + column, sum, column, adds);
}
`;
}
