import type { Kernel, Numbers, Size } from "../kernel.ts";
import { adamwKernel, clipGradients } from "./adamw/adamw.ts";
import { accumulateKernel, addKernel, fillZeroKernel } from "./add/add.ts";
import { accumulateMetricsKernel, crossEntropyKernel } from "./cross_entropy/cross_entropy.ts";
import { dropoutKernel } from "./dropout/dropout.ts";
import { embeddingBackward, embeddingForward } from "./embedding/embedding.ts";
import { makeLookup } from "./embedding/lookup.ts";
import { geluBackward, geluForward } from "./gelu/gelu.ts";
import { layerNormBackward, layerNormForward, layerNormParameterPartials } from "./layer_norm/layer_norm.ts";
import { matmulKernelOf } from "./matmul/matmul_kernel.ts";
import { copyRowsKernel, gatherRowsKernel, scatterRowsKernel } from "./rows/rows.ts";
import { softmaxBackward, softmaxForward } from "./softmax/softmax.ts";
import { columnSumPartials, sumPartialsKernel, sumSquaresPartials } from "./sum/sum.ts";

/** One call of one kernel for the table-driven test of all devices. */
export interface OpCase {
  readonly kernel: Kernel;
  readonly shape: string;
  /** The initial contents of every binding, in order. */
  readonly inputs: readonly Numbers[];
  readonly sizes: Readonly<Record<string, Size>>;
  readonly scalars?: Readonly<Record<string, number>>;
  /** Where f32 itself cannot be as close as the rest: the bound, with the reason beside it. */
  readonly tolerance?: number;
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

const random = testRandom(7);
const f32 = (length: number, scale = 1): Float32Array =>
  Float32Array.from({ length }, () => random() * scale);
const i32 = (length: number, below: number): Int32Array =>
  Int32Array.from({ length }, () => Math.floor((random() + 1) / 2 * below * 0.9999));
const zeros = (length: number): Float32Array => new Float32Array(length);
const live = (scalar: string, times: number, capacity: number): Size => ({ scalar, times, capacity });

const SHAPES = [[1, 1], [3, 5], [7, 64], [33, 17], [130, 12], [2, 4099]] as const;

function* elementwiseCases(): Generator<OpCase> {
  for (const count of [1, 5, 4096, 10007]) {
    const shape = `${count}`;
    const wide = f32(count, 6);
    wide[0] = 1e4;
    if (count > 1) wide[1] = -1e4;
    yield { kernel: geluForward, shape, inputs: [wide, zeros(count)], sizes: { count } };
    yield { kernel: geluBackward, shape, inputs: [wide, f32(count), zeros(count)], sizes: { count } };
    yield { kernel: addKernel, shape, inputs: [f32(count), f32(count), zeros(count)], sizes: { count } };
    for (const accumulate of [0, 1]) {
      yield {
        kernel: accumulateKernel,
        shape,
        inputs: [f32(count), f32(count)],
        sizes: { count, accumulate },
      };
      yield { kernel: fillZeroKernel, shape, inputs: [f32(count)], sizes: { count, keep: accumulate } };
    }
    yield {
      kernel: dropoutKernel,
      shape,
      inputs: [f32(count), zeros(count)],
      sizes: {
        count: live("rows", 1, count),
        site: 3,
        key: live("dropout_key", 1, 2 ** 32 - 1),
        threshold: Math.round(0.3 * 2 ** 32),
        scale: 1 / 0.7,
      },
      scalars: { rows: count, dropout_key: 0xdeadbeef },
    };
    for (const norm of [0.5, NaN]) {
      yield {
        kernel: adamwKernel,
        shape: `${shape}, norm ${norm}`,
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
    const blocks = Math.ceil(count / 4096);
    yield {
      kernel: sumSquaresPartials,
      shape,
      inputs: [f32(count), zeros(blocks + 2)],
      sizes: { count, blocks, block_length: 4096, offset: 2 },
    };
  }
  for (
    const [values, max_norm] of [[f32(70).map(Math.abs), 1], [Float32Array.of(Infinity), 1], [
      f32(3).map(Math.abs),
      0,
    ]] as const
  ) {
    yield {
      kernel: clipGradients,
      shape: `${values.length}, at most ${max_norm}`,
      inputs: [values, zeros(8)],
      sizes: { blocks: values.length, max_norm },
    };
  }
}

function* rowCases(): Generator<OpCase> {
  for (const [rows, columns] of SHAPES) {
    const shape = `${rows} × ${columns}`;
    const count = rows * columns;
    const x = f32(count);
    for (let c = 0; c < columns; c++) x[c] *= 1e4; // an extreme row
    const eps = 1e-5;
    const stats = zeros(2 * rows);
    const gain = f32(columns);
    layerNormForward.reference({ x, gain, bias: gain, y: zeros(count), stats }, { rows, columns, eps });
    yield {
      kernel: layerNormForward,
      shape,
      inputs: [x, gain, f32(columns), zeros(count), zeros(2 * rows)],
      sizes: { rows: live("rows", 1, rows), columns, eps },
      scalars: { rows },
    };
    yield {
      kernel: layerNormBackward,
      shape,
      inputs: [x, gain, stats, f32(count), zeros(count)],
      sizes: { rows, columns },
    };
    const blocks = Math.ceil(rows / 16);
    yield {
      kernel: layerNormParameterPartials,
      shape,
      inputs: [x, stats, f32(count), zeros(2 * blocks * columns)],
      sizes: { rows, columns, blocks, block_rows: 16 },
    };
    yield {
      kernel: columnSumPartials,
      shape,
      inputs: [f32(count), f32(blocks * columns)],
      sizes: { rows: Math.ceil(rows / 2), columns, blocks, block_rows: 16 },
    };
    for (const accumulate of [0, 1]) {
      yield {
        kernel: sumPartialsKernel,
        shape,
        inputs: [f32(count), f32(columns)],
        sizes: { count: columns, blocks: rows, stride: columns, offset: 0, accumulate },
      };
    }
    yield {
      kernel: sumPartialsKernel,
      shape: `${shape} from the middle`,
      inputs: [f32(count), f32(columns)],
      sizes: {
        count: Math.ceil(columns / 2),
        blocks: rows,
        stride: columns,
        offset: Math.floor(columns / 2),
        accumulate: 0,
      },
    };
    const mask = i32(rows * columns, 2);
    mask.fill(0, 0, columns); // a fully masked row
    const scores = x.slice();
    yield {
      kernel: softmaxForward,
      shape,
      inputs: [scores, mask, zeros(count)],
      sizes: { rows, columns, rows_per_mask: 1, scale: 0.25 },
      tolerance: 1e-3, // a score of ±12,500 is rounded to 2^-10 before it is exponentiated
    };
    yield {
      kernel: softmaxForward,
      shape: `${shape}, one mask`,
      inputs: [f32(count, 20), i32(columns, 2), zeros(count)],
      sizes: { rows, columns, rows_per_mask: rows, scale: 0.5 },
    };
    yield {
      kernel: softmaxBackward,
      shape,
      inputs: [f32(count), f32(count), zeros(count)],
      sizes: { rows, columns, scale: 0.25 },
    };
    const index = Int32Array.from({ length: rows }, (_, i) => i % 3 === 2 ? -1 : rows - 1 - i);
    yield {
      kernel: gatherRowsKernel,
      shape,
      inputs: [f32(count), index, f32(count)],
      sizes: { rows, columns },
    };
    yield {
      kernel: scatterRowsKernel,
      shape,
      inputs: [f32(count), index, f32(count)],
      sizes: { rows, columns },
    };
    yield {
      kernel: copyRowsKernel,
      shape,
      inputs: [f32(rows * columns * 2), f32(rows * columns * 3)],
      sizes: { rows, columns, group_rows: 1, x_group: 2, x_offset: 1, y_group: 3, y_offset: 2 },
    };
    for (const gradient of [0, 1]) {
      const labels = i32(rows, columns);
      if (rows > 2) labels[1] = -1;
      yield {
        kernel: crossEntropyKernel,
        shape: `${shape}${gradient ? " with gradient" : ""}`,
        inputs: [x.map((v) => v * 1), labels, f32(rows), f32(rows)],
        sizes: { rows, columns, gradient, scale: 0.5 },
      };
    }
    for (const used of [0, rows]) {
      yield {
        kernel: accumulateMetricsKernel,
        shape: `${used} of ${rows}`,
        inputs: [f32(rows), f32(rows), f32(12)],
        sizes: { rows: live("rows", 1, rows), slot: 4 },
        scalars: { rows: used },
      };
    }
  }
}

function* embeddingCases(): Generator<OpCase> {
  for (const [rows, columns, width] of [[1, 1, 1], [5, 12, 1], [40, 17, 3], [9, 64, 5]] as const) {
    const table = 11;
    const ids = i32(rows * width, table + 2).map((id) => id - 2 < 0 ? -1 : id - 2);
    const lookup = makeLookup(ids, width, 4);
    const shape = `${rows} × ${columns}, ${width} ids`;
    for (const accumulate of [0, 1]) {
      yield {
        kernel: embeddingForward,
        shape,
        inputs: [ids, lookup.weights, f32(table * columns), f32(rows * columns)],
        sizes: { rows, columns, width, accumulate },
      };
    }
    const runs = lookup.runIds.length;
    yield {
      kernel: embeddingBackward,
      shape,
      inputs: [
        Int32Array.of(...lookup.runIds, 0),
        lookup.runStarts,
        Int32Array.of(...lookup.runRows, 0),
        lookup.weights,
        f32(rows * columns),
        f32(table * columns),
      ],
      sizes: { runs: live("runs", 1, rows * width), columns },
      scalars: { runs },
    };
  }
}

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
  ...elementwiseCases(),
  ...rowCases(),
  ...embeddingCases(),
  ...matmulCases(),
];
