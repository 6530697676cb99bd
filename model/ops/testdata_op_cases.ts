import { adamwCases } from "./adamw/testdata_adamw_cases.ts";
import { addCases } from "./add/testdata_add_cases.ts";
import { crossEntropyCases } from "./cross_entropy/testdata_cross_entropy_cases.ts";
import { dropoutCases } from "./dropout/testdata_dropout_cases.ts";
import { embeddingCases } from "./embedding/testdata_embedding_cases.ts";
import { geluCases } from "./gelu/testdata_gelu_cases.ts";
import { layerNormCases } from "./layer_norm/testdata_layer_norm_cases.ts";
import { matmulKernelOf } from "./matmul/matmul_kernel.ts";
import { rowsCases } from "./rows/testdata_rows_cases.ts";
import { softmaxCases } from "./softmax/testdata_softmax_cases.ts";
import { sumCases } from "./sum/testdata_sum_cases.ts";
import { generators, live, type OpCase, zeros } from "./testdata_generators.ts";

const { f32 } = generators(7);

const plain = { epilogue: "none", a: "f32", b: "f32" } as const;
const matmulKernel = matmulKernelOf({ ...plain, bias: false });
const noVariety = { a_format: 0, b_format: 0, epilogue: 0 } as const;

function* matmulCases(): Generator<OpCase> {
  for (
    const [m, n, k] of [[1, 1, 1], [3, 5, 7], [64, 64, 64], [65, 67, 300], [33, 130, 17], [5, 9, 0]] as const
  ) {
    for (const layout of ["NN", "NT", "TN"] as const) {
      for (const accumulate of [0, 1]) {
        const a = layout === "TN" ? { a_row: 1, a_column: m } : { a_row: k, a_column: 1 };
        const b = layout === "NT" ? { b_row: 1, b_column: k } : { b_row: n, b_column: 1 };
        yield {
          kernel: matmulKernelOf({ ...plain, bias: accumulate === 0 }),
          shape: `${m} × ${n} × ${k} ${layout}${accumulate ? " adding" : ""}`,
          inputs: [f32(m * k + 1), f32(k * n + 1), f32(n), f32(1), f32(m * n)],
          sizes: {
            m: live("rows", 1, m),
            n,
            k,
            ...a,
            ...b,
            c_row: n,
            outer: 1,
            inner: 1,
            a_outer: 0,
            a_inner: 0,
            b_outer: 0,
            b_inner: 0,
            c_outer: 0,
            c_inner: 0,
            splits: 1,
            k_split: Math.max(k, 1),
            c_split: 0,
            accumulate,
            has_bias: accumulate ? 0 : 1,
            alpha: accumulate ? 0.5 : 1,
            ...noVariety,
          },
          scalars: { rows: m },
        };
      }
    }
  }
  const [items, heads, length, size] = [3, 2, 9, 5];
  const hidden = heads * size;
  yield {
    kernel: matmulKernel,
    shape: "heads",
    inputs: [
      f32(items * length * hidden),
      f32(items * length * hidden),
      f32(1),
      f32(1),
      zeros(items * heads * length * length),
    ],
    sizes: {
      m: length,
      n: length,
      k: size,
      a_row: hidden,
      a_column: 1,
      b_row: 1,
      b_column: hidden,
      c_row: length,
      outer: live("items", 1, items),
      inner: heads,
      a_outer: length * hidden,
      a_inner: size,
      b_outer: length * hidden,
      b_inner: size,
      c_outer: heads * length * length,
      c_inner: length * length,
      splits: 1,
      k_split: size,
      c_split: 0,
      accumulate: 0,
      has_bias: 0,
      alpha: 1,
      ...noVariety,
    },
    scalars: { items: 2 },
  };
  const [m, n, k] = [13, 10, 700];
  yield {
    kernel: matmulKernel,
    shape: "split along k",
    inputs: [f32(m * k), f32(k * n), f32(1), f32(1), f32(3 * m * n)],
    sizes: {
      m,
      n,
      k: live("rows", 1, k),
      a_row: 1,
      a_column: m,
      b_row: n,
      b_column: 1,
      c_row: n,
      outer: 1,
      inner: 1,
      a_outer: 0,
      a_inner: 0,
      b_outer: 0,
      b_inner: 0,
      c_outer: 0,
      c_inner: 0,
      splits: 3,
      k_split: 256,
      c_split: m * n,
      accumulate: 0,
      has_bias: 0,
      alpha: 1,
      ...noVariety,
    },
    scalars: { rows: 400 },
  };
}

/** Every kernel on several shapes: odd and even, one and many rows, empty, extreme values. */
export const opCases: readonly OpCase[] = [
  ...adamwCases,
  ...addCases,
  ...crossEntropyCases,
  ...dropoutCases,
  ...embeddingCases,
  ...geluCases,
  ...layerNormCases,
  ...matmulCases(),
  ...rowsCases,
  ...softmaxCases,
  ...sumCases,
];
