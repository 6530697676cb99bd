import assert from "node:assert/strict";
import { type Dispatch, type View, VIEW_ALIGNMENT } from "./device.ts";
import { clipGradients } from "./ops/adamw/adamw.ts";
import { embeddingBackward, embeddingForward } from "./ops/embedding/embedding.ts";
import { makeLookup } from "./ops/embedding/lookup.ts";
import { layerNormParameterPartials } from "./ops/layer_norm/layer_norm.ts";
import { matmulKernel } from "./ops/matmul/matmul_kernel.ts";
import { gatherRowsKernel, scatterRowsKernel } from "./ops/rows/rows.ts";
import { columnSumPartials } from "./ops/sum/sum.ts";
import { addKernel } from "./ops/testdata_add.ts";
import { generators, type OpCase } from "./ops/testdata_generators.ts";
import { opCases } from "./ops/testdata_op_cases.ts";
import { relativeDifference, runOpCase } from "./ops/testdata_run_op_case.ts";
import { ReferenceDevice } from "./reference_device.ts";
import { splitDispatch } from "./split_dispatch.ts";

const view = (label: string, length: number, offset = 0): View => ({
  allocation: { label, dtype: "f32", length: offset + length },
  offset,
  length,
});

/** Offset, length and the named sizes of each piece. */
function outline(pieces: readonly Dispatch[], ...names: readonly string[]): unknown[] {
  return pieces.map(({ views, sizes }) => [
    ...views.map(({ offset, length }) => [offset, length]),
    ...names.map((name) => sizes[name]),
  ]);
}

Deno.test("splitDispatch() returns a dispatch that fits as it is", () => {
  const views = [view("a", 256), view("b", 256), view("y", 256)];
  const dispatch = { kernel: addKernel, views, sizes: { count: 256 } };
  assert.deepEqual(splitDispatch(dispatch, 1024), [dispatch]);
});

Deno.test("splitDispatch() cuts elements and live sizes into even, aligned pieces", () => {
  const views = [view("a", 300, 128), view("b", 300), view("y", 300)];
  const count = { scalar: "rows", times: 3, capacity: 300 };
  const pieces = splitDispatch({ kernel: addKernel, views, sizes: { count } }, 1000);
  const part = (first: number, capacity: number) => ({
    scalar: "rows",
    times: 3,
    capacity,
    piece: { first, whole: 300 },
  });
  assert.deepEqual(outline(pieces, "count"), [
    [[128, 192], [0, 192], [0, 192], part(0, 192)],
    [[320, 108], [192, 108], [192, 108], part(192, 108)],
  ]);
});

const strides = { a_outer: 0, a_inner: 0, b_outer: 0, b_inner: 0, c_outer: 0, c_inner: 0 };
const plain = { outer: 1, inner: 1, has_bias: 0, alpha: 1, a_format: 0, b_format: 0, epilogue: 0 };

/** C = A Bᵀ for row-major A [m, k] and B [n, k], as linear layers have it. */
function product(m: number, n: number, k: number): Dispatch {
  const a = view("a", m * k);
  return {
    kernel: matmulKernel,
    views: [a, view("b", n * k), a, a, view("c", m * n)],
    sizes: {
      m,
      n,
      k,
      ...strides,
      a_row: k,
      a_column: 1,
      b_row: 1,
      b_column: k,
      c_row: n,
      ...plain,
      splits: 1,
      k_split: k,
      c_split: 0,
      accumulate: 0,
    },
  };
}

Deno.test("splitDispatch() cuts products along the rows of A and C, the rows of B, or both", () => {
  const tall = splitDispatch(product(4096, 64, 64), 65536 * 4);
  assert.deepEqual(tall.map(({ sizes }) => [sizes["m"], sizes["n"]]), Array(4).fill([1024, 64]));
  const wide = splitDispatch(product(8, 4096, 64), 65536 * 4);
  assert.deepEqual(wide.map(({ sizes }) => [sizes["m"], sizes["n"]]), Array(4).fill([8, 1024]));
  const both = splitDispatch(product(4096, 4096, 64), 2 ** 20 * 4);
  assert.ok(both.length >= 16);
  for (const { views } of both) for (const { length } of views) assert.ok(length <= 2 ** 20);
});

Deno.test("splitDispatch() names the tensor that cannot be cut", () => {
  const views = [view("squares of gradients", 4096), view("state", 8)];
  assert.throws(() => splitDispatch({ kernel: clipGradients, views, sizes: { blocks: 4096 } }, 8192), {
    name: "DeviceError",
    message:
      'clip_gradients: partials in "squares of gradients" needs a binding of 16384 bytes, this device binds at ' +
      "most 8192 and the kernel cannot be cut so far: use a smaller batch, a smaller model or --device cpu",
  });
});

const { f32, i32 } = generators(91);

/** What the devices' own cases have no need for: many rows, and tables larger than a batch. */
function* largeCases(): Generator<OpCase> {
  const [rows, columns, table] = [500, 8, 700];
  const ids = i32(rows, table);
  const lookup = makeLookup(ids, 1, 3);
  const live = { scalar: "rows", times: 1, capacity: rows };
  yield {
    kernel: embeddingForward,
    shape: "large",
    inputs: [ids, lookup.weights, f32(table * columns), f32(rows * columns)],
    sizes: { rows: live, columns, width: 1, accumulate: 1, table_rows: table, first_row: 0 },
    scalars: { rows: 400 },
  };
  yield {
    kernel: embeddingBackward,
    shape: "large",
    inputs: [
      lookup.runIds,
      lookup.runStarts,
      lookup.runRows,
      lookup.weights,
      f32(rows * columns),
      f32(table * columns),
    ],
    sizes: { runs: lookup.runIds.length, columns, table_rows: table, first_row: 0, rows, first_dy_row: 0 },
  };
  const index = Int32Array.from({ length: rows }, (_, i) => i % 5 === 4 ? -1 : table - 1 - i);
  yield {
    kernel: gatherRowsKernel,
    shape: "large",
    inputs: [f32(table * columns), index, f32(rows * columns)],
    sizes: { rows: live, columns, x_rows: table, first_x_row: 0, keep: 0 },
    scalars: { rows: 400 },
  };
  yield {
    kernel: scatterRowsKernel,
    shape: "large",
    inputs: [f32(rows * columns), index, f32(table * columns)],
    sizes: { rows: live, columns, dx_rows: table, first_dx_row: 0 },
    scalars: { rows: 400 },
  };
  const blocks = Math.ceil(rows / 16);
  const sizes = { rows: live, columns, blocks, block_rows: 16 };
  yield {
    kernel: layerNormParameterPartials,
    shape: "large",
    inputs: [f32(rows * columns), f32(rows * 2), f32(rows * columns), f32(blocks * 2 * columns)],
    sizes,
    scalars: { rows: 300 },
  };
  yield {
    kernel: columnSumPartials,
    shape: "large",
    inputs: [f32(rows * columns), f32(blocks * columns)],
    sizes,
    scalars: { rows: 300 },
  };
}

/** Every variety of the product whose case in the devices' table is too small: 192 × 128, k 64. */
function* largeProducts(): Generator<OpCase> {
  const [m, n, k] = [192, 128, 64];
  const small = new Set(opCases.map(({ kernel }) => kernel).filter(({ cpu }) => cpu === "matmul"));
  for (const kernel of small) {
    const of = opCases.find((op) => op.kernel === kernel);
    if (!of) continue;
    const half = (size: string, count: number) =>
      of.sizes[size] === 0 ? f32(count) : Uint32Array.from({ length: count / 2 }, () => 0x3e803f00);
    yield {
      kernel,
      shape: "large",
      inputs: [half("a_format", m * k), half("b_format", k * n), f32(n), f32(m * n), f32(m * n)],
      sizes: {
        ...of.sizes,
        ...strides,
        ...{ m, n, k, outer: 1, inner: 1, splits: 1, k_split: k, c_split: 0, accumulate: 0 },
        ...{ a_row: k, a_column: 1, b_row: n, b_column: 1, c_row: n },
      },
    };
  }
}

Deno.test("every op that can be cut does the same in pieces", async () => {
  const oracle = new ReferenceDevice("f64");
  const cutKernels = new Set<string>();
  for (const op of [...opCases, ...largeCases(), ...largeProducts()]) {
    if (!op.kernel.split) continue;
    const whole = await runOpCase(oracle, op);
    const largest = Math.max(...op.inputs.map(({ length }) => length)) * 4;
    for (const limit of [512, 4096, 32768]) {
      if (limit >= largest) break;
      let pieces: readonly Dispatch[] = [];
      const cut = (dispatch: Dispatch): readonly Dispatch[] => pieces = splitDispatch(dispatch, limit);
      let inPieces: Float32Array[];
      try {
        inPieces = await runOpCase(oracle, op, cut);
      } catch (error) {
        assert.match(
          String(error),
          /^DeviceError: .* cannot be cut so far|^RangeError: .* while (first\w*|offset) is live/,
        );
        continue;
      }
      if (pieces.length > 1) cutKernels.add(op.kernel.name);
      for (const { offset, length } of pieces.flatMap(({ views }) => views)) {
        assert.ok(offset % VIEW_ALIGNMENT === 0 && length > 0 && length * 4 <= limit);
      }
      inPieces.forEach((output, i) => {
        const error = relativeDifference(output, whole[i] ?? new Float32Array());
        assert.ok(
          error < 2e-7,
          `${op.kernel.name} ${op.shape} at ${limit} bytes: relative difference ${error}`,
        );
      });
    }
  }
  const all = new Set(opCases.filter(({ kernel }) => kernel.split).map(({ kernel }) => kernel.name));
  assert.deepEqual([...all.difference(cutKernels)], [], "kernels that no case cuts");
});

/** Kernels of one workgroup that read one number for 16,384 weights, or four for a masked word. */
const SMALL = ["clip_gradients", "cross_entropy_metrics"];

Deno.test("every kernel says how it is cut, but those whose tensors are always small", () => {
  const uncut = new Set(opCases.filter(({ kernel }) => !kernel.split).map(({ kernel }) => kernel.name));
  assert.deepEqual([...uncut].sort(), SMALL);
});
