import { type Format, FORMATS } from "../half/format.ts";
import { generators, live, type OpCase, zeros } from "../testdata_generators.ts";
import { EPILOGUES } from "./epilogue.ts";
import { matmulKernelOf, type MatmulVariety } from "./matmul_kernel.ts";
import { productSizes } from "./testdata_product_sizes.ts";

const { f32 } = generators(7);

const plain = { epilogue: "none", a: "f32", b: "f32" } as const;
const matmulKernel = matmulKernelOf({ ...plain, bias: false });

function* plainCases(): Generator<OpCase> {
  const shapes = [[1, 1, 1], [3, 5, 7], [64, 64, 64], [65, 67, 300], [33, 130, 17], [5, 9, 0]] as const;
  for (const [s, [m, n, k]] of shapes.entries()) {
    for (const [l, layout] of (["NN", "NT", "TN"] as const).entries()) {
      for (const accumulate of [0, 1]) {
        const a = layout === "TN" ? { a_row: 1, a_column: m } : { a_row: k, a_column: 1 };
        const b = layout === "NT" ? { b_row: 1, b_column: k } : { b_row: n, b_column: 1 };
        yield {
          kernel: matmulKernelOf({ ...plain, bias: accumulate === 0 }),
          shape: `${m} × ${n} × ${k} ${layout}${accumulate ? " adding" : ""}`,
          inputs: [f32(m * k + 1), f32(k * n + 1), f32(n), f32(1), f32(m * n)],
          sizes: {
            ...productSizes(m, n, k),
            ...{ m: live("rows", 1, m), ...a, ...b, accumulate },
            ...(accumulate ? { alpha: 0.5 } : { has_bias: 1 }),
          },
          scalars: { rows: m },
          dear: (s + l + accumulate) % 3 !== 0, // each shape, layout and choice of adding is met twice among the others
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
      ...productSizes(length, length, size),
      ...{ a_row: hidden, b_row: 1, b_column: hidden, outer: live("items", 1, items), inner: heads },
      ...{ a_outer: length * hidden, a_inner: size, b_outer: length * hidden, b_inner: size },
      ...{ c_outer: heads * length * length, c_inner: length * length },
    },
    scalars: { items: 2 },
  };
  const [m, n, k] = [13, 10, 700];
  yield {
    kernel: matmulKernel,
    shape: "split along k",
    inputs: [f32(m * k), f32(k * n), f32(1), f32(1), f32(3 * m * n)],
    sizes: {
      ...productSizes(m, n, k),
      ...{ k: live("rows", 1, k), a_row: 1, a_column: m, splits: 3, k_split: 256, c_split: m * n },
    },
    scalars: { rows: 400 },
  };
}

/** Numbers rounded to a format, as words. */
function encode(values: Float32Array, format: Format): Float32Array | Uint32Array {
  if (format === "f32") return values;
  const words = new Uint32Array(Math.ceil(values.length / 2));
  if (format === "f16") new Float16Array(words.buffer).set(values);
  else new Uint16Array(words.buffer).set(Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16));
  return words;
}

/** Epilogues and formats as plans combine them. Where both are special, each is also met alone: `dear`. */
const VARIETIES: readonly (MatmulVariety & { layout: "NN" | "NT" | "TN"; dear?: boolean })[] = [
  { epilogue: "gelu", bias: true, a: "f32", b: "f32", layout: "NT" },
  { epilogue: "gelu_backward", bias: false, a: "f32", b: "f32", layout: "NN" },
  { epilogue: "residual", bias: true, a: "f32", b: "f32", layout: "NT" },
  { epilogue: "none", bias: false, a: "f16", b: "f32", layout: "TN" },
  { epilogue: "none", bias: false, a: "f32", b: "bf16", layout: "NN" },
  ...(["f16", "bf16"] as const).flatMap((format) => [
    { epilogue: "none", bias: false, a: format, b: format, layout: "TN" } as const,
    { epilogue: "none", bias: true, a: format, b: format, layout: "NT", dear: true } as const,
    { epilogue: "gelu", bias: true, a: format, b: format, layout: "NT", dear: true } as const,
    { epilogue: "gelu_backward", bias: false, a: format, b: format, layout: "NN", dear: true } as const,
  ]),
];

function* varietyCases(): Generator<OpCase> {
  // Rows are live, so that the shapes of a variety share a shader.
  const [n, k, capacity] = [21, 45, 40];
  for (const { layout, dear, ...variety } of VARIETIES) {
    const { epilogue, bias, a, b } = variety;
    for (const [m, accumulate] of [[1, 0], [15, 1], [capacity, 0]] as const) {
      const left = f32(capacity * k);
      left[0] = 3e-7; // subnormal in f16
      left[1] = -60000;
      const gate = f32(m * n, 4);
      gate[0] = 1e4;
      gate[1] = -1e4;
      yield {
        kernel: matmulKernelOf(variety),
        shape: `${m} × ${n} × ${k} ${layout}${bias ? " + bias" : ""}${accumulate ? " adding" : ""}`,
        inputs: [
          encode(left, a),
          encode(f32(k * n), b),
          bias ? f32(n) : encode(f32(2), a),
          epilogue === "none" ? encode(f32(2), a) : gate,
          f32(m * n),
        ],
        sizes: {
          ...productSizes(capacity, n, k),
          m: live("rows", 1, capacity),
          ...(layout === "TN" && { a_row: 1, a_column: capacity }),
          ...(layout === "NT" && { b_row: 1, b_column: k }),
          ...{ accumulate: live("adds", 1, 1), has_bias: bias ? 1 : 0, alpha: 0.5 },
          ...{ a_format: FORMATS.indexOf(a), b_format: FORMATS.indexOf(b) },
          epilogue: EPILOGUES.indexOf(epilogue),
        },
        scalars: { rows: m, adds: accumulate },
        ...(dear ? { dear } : {}),
      };
    }
  }
}

/** What adapters and shapes of every size get, on shapes small enough to be checked: each text is another for a compiler. */
function* variantCases(): Generator<OpCase> {
  const [m, n, k] = [20, 36, 28];
  for (
    const [variant, epilogue, a, b, layout] of [
      ["registers 4x16", "gelu", "f32", "f16", "NT"],
      ["tiles 32x32x16", "gelu_backward", "f16", "bf16", "NN"],
      ["tiles 32x32x16", "residual", "f32", "f32", "TT"],
      ["tiles 64x64x16", "none", "f32", "f32", "NT"],
    ] as const
  ) {
    const transposed = { a: layout[0] === "T", b: layout[1] === "T" };
    yield {
      kernel: matmulKernelOf({ epilogue, bias: true, a, b }),
      variant,
      dear: variant === "tiles 64x64x16", // the text of the smaller tiles, only longer
      shape: `${m} × ${n} × ${k} ${layout} by ${variant}`,
      inputs: [encode(f32(m * k), a), encode(f32(k * n), b), f32(n), f32(m * n), f32(m * n)],
      sizes: {
        ...{ m, n, k, c_row: n, k_split: k, splits: 1, c_split: 0, outer: 1, inner: 1 },
        ...{ a_outer: 0, a_inner: 0, b_outer: 0, b_inner: 0, c_outer: 0, c_inner: 0 },
        ...(transposed.a ? { a_row: 1, a_column: m } : { a_row: k, a_column: 1 }),
        ...(transposed.b ? { b_row: 1, b_column: k } : { b_row: n, b_column: 1 }),
        ...{ a_format: FORMATS.indexOf(a), b_format: FORMATS.indexOf(b) },
        ...{ epilogue: EPILOGUES.indexOf(epilogue), accumulate: 0, has_bias: 1, alpha: 1 },
      },
    };
  }
}

/** Products: odd and whole tiles, transposes, batches, splits, live sizes, epilogues and operands of half precision. */
export const matmulCases: readonly OpCase[] = [...plainCases(), ...varietyCases(), ...variantCases()];
