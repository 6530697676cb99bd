import { type Format, FORMATS } from "../half/format.ts";
import { generators, live, type OpCase, zeros } from "../testdata_generators.ts";
import { EPILOGUES } from "./epilogue.ts";
import { matmulKernelOf } from "./matmul_kernel.ts";

const { f32 } = generators(7);

const plain = { epilogue: "none", a: "f32", b: "f32" } as const;
const matmulKernel = matmulKernelOf({ ...plain, bias: false });
const noVariety = { a_format: 0, b_format: 0, epilogue: 0 } as const;

function* plainCases(): Generator<OpCase> {
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

/** Numbers rounded to a format, as words. */
function encode(values: Float32Array, format: Format): Float32Array | Uint32Array {
  if (format === "f32") return values;
  const words = new Uint32Array(Math.ceil(values.length / 2));
  if (format === "f16") new Float16Array(words.buffer).set(values);
  else new Uint16Array(words.buffer).set(Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16));
  return words;
}

function* varietyCases(): Generator<OpCase> {
  const batch = {
    outer: 1,
    inner: 1,
    a_outer: 0,
    a_inner: 0,
    b_outer: 0,
    b_inner: 0,
    c_outer: 0,
    c_inner: 0,
  };
  const whole = { ...batch, splits: 1, c_split: 0 };
  const [m, n, k] = [13, 21, 300];
  for (const epilogue of EPILOGUES.filter((kind) => kind !== "none")) {
    for (const accumulate of [0, 1]) {
      const gate = f32(m * n, 4);
      gate[0] = 1e4;
      gate[1] = -1e4;
      yield {
        kernel: matmulKernelOf({ ...plain, epilogue, bias: true }),
        shape: `${m} × ${n} × ${k}${accumulate ? " adding" : ""}`,
        inputs: [f32(m * k), f32(k * n), f32(n), gate, f32(m * n)],
        sizes: {
          ...{ m, n, k, a_row: k, a_column: 1, b_row: n, b_column: 1, c_row: n, k_split: k, ...whole },
          ...{ ...noVariety, epilogue: EPILOGUES.indexOf(epilogue) },
          ...{ accumulate: live("adds", 1, 1), has_bias: 1, alpha: 0.5 },
        },
        scalars: { adds: accumulate },
      };
    }
  }
  for (
    const [a, b, layout] of [
      ["f16", "f16", "NT"],
      ["bf16", "bf16", "TN"],
      ["f16", "f32", "TN"],
      ["f32", "bf16", "NN"],
    ] as const
  ) {
    const [m, n, k] = [15, 19, 33];
    const left = f32(m * k);
    left[0] = 3e-7; // subnormal in f16
    left[1] = -60000;
    yield {
      kernel: matmulKernelOf({ epilogue: "none", bias: false, a, b }),
      shape: `${m} × ${n} × ${k} ${layout}`,
      inputs: [encode(left, a), encode(f32(k * n), b), f32(1), f32(1), zeros(m * n)],
      sizes: {
        ...{ m, n, k, c_row: n, k_split: k, ...whole, accumulate: 0, has_bias: 0, alpha: 1 },
        ...(layout === "TN" ? { a_row: 1, a_column: m } : { a_row: k, a_column: 1 }),
        ...(layout === "NT" ? { b_row: 1, b_column: k } : { b_row: n, b_column: 1 }),
        ...{ a_format: FORMATS.indexOf(a), b_format: FORMATS.indexOf(b), epilogue: 0 },
      },
    };
  }
}

/** Products: odd and whole tiles, transposes, batches, splits, live sizes, epilogues and operands of half precision. */
export const matmulCases: readonly OpCase[] = [...plainCases(), ...varietyCases()];
