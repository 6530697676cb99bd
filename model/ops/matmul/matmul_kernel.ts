import type { CutAxis, Kernel, Reach, SizeOf } from "../../kernel.ts";
import { geluDerivative, geluOf } from "../gelu/gelu.ts";
import { elementReader, type Format, FORMATS } from "../half/format.ts";
import { type Epilogue, EPILOGUES } from "./epilogue.ts";
import { matmulTiles } from "./matmul_tiles.ts";
import { SINGLE_BLOCK, singleWgsl } from "./matmul_single_wgsl.ts";
import { matmulVariants } from "./matmul_variants.ts";
import { matmulWorkgroups } from "./matmul_wgsl.ts";

/** What a kernel of the matmul family is specialised on beside its sizes. */
export interface MatmulVariety {
  readonly epilogue: Epilogue;
  /** Whether a bias [n] is added. */
  readonly bias: boolean;
  /** How A lies in memory. */
  readonly a: Format;
  /** How B lies in memory. */
  readonly b: Format;
}

const SIZES = [
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
  "a_format",
  "b_format",
  "epilogue",
] as const;

/** The kernels of the matmul family differ in what their bindings hold; all have the same names. */
export type MatmulKernel = Kernel<"a" | "b" | "bias" | "d" | "c", (typeof SIZES)[number]>;

const family = new Map<string, MatmulKernel>();

/**
 * C = alpha · A B (+ bias) for outer · inner batches, each matrix with its own strides in elements, so that transposes, heads
 * and slices need no copies; then the epilogue. With `splits` > 1 each split of k writes its own C, `c_split` apart (no epilogue).
 * `accumulate` adds what C held. A is bound in the place of a bias
 * or a D that a variety doesn't have.
 */
export function matmulKernelOf(variety: MatmulVariety): MatmulKernel {
  const { epilogue, bias, a, b } = variety;
  const formats = a === "f32" && b === "f32" ? [] : [a, b];
  const name = ["matmul", ...formats, ...(epilogue === "none" ? [] : [epilogue])].join("_");
  const key = `${name}${bias ? " + bias" : ""}`;
  const known = family.get(key);
  if (known) return known;
  const dtype = (format: Format) => format === "f32" ? "f32" as const : "u32" as const;
  const kernel: MatmulKernel = {
    name,
    cpu: "matmul",
    bindings: [
      { name: "a", dtype: dtype(a), access: "read" },
      { name: "b", dtype: dtype(b), access: "read" },
      { name: "bias", dtype: bias ? "f32" : dtype(a), access: "read" },
      {
        name: "d",
        dtype: epilogue === "none" ? dtype(a) : "f32",
        access: epilogue === "gelu" ? "read_write" : "read",
      },
      { name: "c", dtype: "f32", access: "read_write" },
    ],
    sizes: SIZES,
    floats: ["alpha"],
    live: ["m", "k", "outer", "accumulate"],
    wgsl: singleWgsl,
    workgroups: (size) => matmulWorkgroups(size, SINGLE_BLOCK),
    variants: matmulVariants,
    tiles: matmulTiles,
    split: { reach: matmulReach, axes: matmulAxes },
    flops: (size) => 2 * size("outer") * size("inner") * size("m") * size("n") * size("k"),
    reference: matmulReference,
  };
  family.set(key, kernel);
  return kernel;
}

type MatmulSize = SizeOf<(typeof SIZES)[number]>;

function matmulReach(
  size: MatmulSize,
): Record<"a" | "b" | "bias" | "d" | "c", Reach<(typeof SIZES)[number]>> {
  const split = size("splits") > 1;
  const words = (format: "a_format" | "b_format"): number => FORMATS[size(format)] === "f32" ? 1 : 1 / 2;
  const [a, b] = [words("a_format"), words("b_format")];
  const batch = (outer: number, inner: number) => ({ outer, inner });
  const along = (stride: number) => split ? { splits: size("k_split") * stride } : { k: stride };
  const last = (stride: number): number => split ? (size("k_split") - 1) * stride : 0;
  const c = { m: size("c_row"), n: 1, ...batch(size("c_outer"), size("c_inner")) };
  const unread = { strides: {} }; // A is bound in its place
  return {
    a: {
      strides: {
        m: size("a_row") * a,
        ...along(size("a_column") * a),
        ...batch(size("a_outer") * a, size("a_inner") * a),
      },
      constant: last(size("a_column") * a),
    },
    b: {
      strides: {
        ...along(size("b_row") * b),
        n: size("b_column") * b,
        ...batch(size("b_outer") * b, size("b_inner") * b),
      },
      constant: last(size("b_row") * b),
    },
    bias: size("has_bias") ? { strides: { n: 1 } } : unread,
    d: EPILOGUES[size("epilogue")] === "none" ? unread : { strides: c },
    c: { strides: { ...c, splits: size("c_split") } },
  };
}

/** Every axis of a product can be cut; k, whose pieces are added, only while nothing but the product goes into C. */
function matmulAxes(size: MatmulSize): CutAxis<(typeof SIZES)[number]>[] {
  const axes: CutAxis<(typeof SIZES)[number]>[] = [
    { size: "outer" },
    { size: "m" },
    { size: "n" },
    { size: "inner" },
  ];
  if (size("splits") > 1) {
    axes.push({ size: "splits", alongside: { size: "k", factor: size("k_split") } });
  } else if (!size("has_bias") && EPILOGUES[size("epilogue")] === "none") {
    axes.push({ size: "k", sizes: (first) => first === 0 ? {} : { accumulate: 1 } });
  }
  return axes;
}

const matmulReference: MatmulKernel["reference"] = ({ a, b, bias, d, c }, s) => {
  const readA = elementReader(a, FORMATS[s.a_format] ?? "f32");
  const readB = elementReader(b, FORMATS[s.b_format] ?? "f32");
  const epilogue = EPILOGUES[s.epilogue] ?? "none";
  for (let o = 0; o < s.outer; o++) {
    for (let i = 0; i < s.inner; i++) {
      for (let split = 0; split < s.splits; split++) {
        const end = Math.min(s.k, (split + 1) * s.k_split);
        for (let r = 0; r < s.m; r++) {
          for (let j = 0; j < s.n; j++) {
            let sum = 0;
            for (let x = split * s.k_split; x < end; x++) {
              sum += readA(o * s.a_outer + i * s.a_inner + r * s.a_row + x * s.a_column) *
                readB(o * s.b_outer + i * s.b_inner + x * s.b_row + j * s.b_column);
            }
            const place = o * s.c_outer + i * s.c_inner + split * s.c_split + r * s.c_row + j;
            let product = s.alpha * sum + (s.has_bias ? bias[j] : 0);
            if (epilogue === "gelu") d[place] = geluOf(product);
            if (epilogue === "gelu_backward") product *= geluDerivative(d[place]);
            if (epilogue === "residual") product += d[place];
            c[place] = product + (s.accumulate ? c[place] : 0);
          }
        }
      }
    }
  }
};

/** The product of f32 matrices without bias and epilogue. */
export const matmulKernel: MatmulKernel = matmulKernelOf({
  epilogue: "none",
  bias: false,
  a: "f32",
  b: "f32",
});
