import type { SizeOf } from "../../kernel.ts";
import erfWgsl from "../erf.wgsl" with { type: "text" };
import { type Format, FORMATS } from "../half/format.ts";
import { EPILOGUES } from "./epilogue.ts";

/** Rows and columns of C that a workgroup computes. */
export interface MatmulBlock {
  readonly rows: number;
  readonly columns: number;
}

/** Rows of blocks that are walked together, column by column, so that neighbours in time share parts of A and of B. */
const BAND = 8;

/** The number of workgroups with one block each: blocks of C, batches, splits of k. */
export function matmulWorkgroups(
  size: SizeOf<"n" | "m" | "outer" | "inner" | "splits">,
  block: MatmulBlock,
): number {
  return Math.ceil(size("n") / block.columns) * Math.ceil(size("m") / block.rows) *
    size("outer") * size("inner") * size("splits");
}

/** The opening of every main function of the family, up to its body. `lane` is the invocation in its workgroup. */
export function mainWgsl(threads: number): string {
  return `@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {`;
}

/**
 * Statements that find a workgroup's block: `row0`, `column0`, `rows` (all of C's), the matrices' first elements `a_base`, `b_base`,
 * `c_base`, and the range `k_start`, `k_end` of its split. They return from workgroups beyond the last, which a folded grid has.
 */
export function placeWgsl(block: MatmulBlock): string {
  return `  let rows = m();
  let block_rows = (rows + ${block.rows - 1}u) / ${block.rows}u;
  let block_columns = (n + ${block.columns - 1}u) / ${block.columns}u;
  let blocks = block_rows * block_columns;
  let flat = flat_group(group, groups);
  if (flat >= blocks * outer() * inner * splits) { return; }
  let split = (flat / blocks) % splits;
  let batch = flat / blocks / splits;
  let in_band = (flat % blocks) % (${BAND}u * block_columns);
  let band = (flat % blocks) / (${BAND}u * block_columns) * ${BAND}u;
  let band_rows = min(block_rows - band, ${BAND}u);
  let row0 = (band + in_band % band_rows) * ${block.rows}u;
  let column0 = in_band / band_rows * ${block.columns}u;
  let a_base = (batch / inner) * a_outer + (batch % inner) * a_inner;
  let b_base = (batch / inner) * b_outer + (batch % inner) * b_inner;
  let c_base = (batch / inner) * c_outer + (batch % inner) * c_inner + split * c_split;
  let k_start = split * k_split;
  let k_end = min(k(), k_start + k_split);
  let adds = accumulate() != 0u;`;
}

/** A function `read_a` or `read_b` from the place of an element to its value. */
export function readerWgsl(operand: "a" | "b", format: Format): string {
  const body = {
    f32: `${operand}[place]`,
    f16: `unpack2x16float(${operand}[place >> 1u])[place & 1u]`,
    bf16: `bitcast<f32>((${operand}[place >> 1u] << (16u * (~place & 1u))) & 0xffff0000u)`,
  }[format];
  return `fn read_${operand}(place: u32) -> f32 { return ${body}; }`;
}

/** The WGSL type of four elements in a row. */
export function quadType(format: Format): string {
  return format === "f32" ? "vec4<f32>" : "vec2<u32>";
}

/** A function `quad_a` or `quad_b` from a quarter of the place of the first of four elements to their values. */
export function quadReaderWgsl(operand: "a" | "b", format: Format): string {
  const body = {
    f32: `${operand}[quad]`,
    f16: `vec4<f32>(unpack2x16float(${operand}[quad].x), unpack2x16float(${operand}[quad].y))`,
    bf16:
      `bitcast<vec4<f32>>((${operand}[quad].xxyy << vec4<u32>(16u, 0u, 16u, 0u)) & vec4<u32>(0xffff0000u))`,
  }[format];
  return `fn quad_${operand}(quad: u32) -> vec4<f32> { return ${body}; }`;
}

/**
 * A function `store(place, sum, column)` that puts an element, or four in a row (`place` and `column` then count quads), where it
 * belongs, by way of alpha, bias and epilogue.
 */
export function storeWgsl(
  size: SizeOf<"has_bias" | "alpha" | "epilogue">,
  width: 1 | 4,
): string {
  const type = width === 1 ? "f32" : "vec4<f32>";
  const each = (name: string, x: string): string =>
    width === 1 ? `${name}(${x})` : `vec4<f32>(${["x", "y", "z", "w"].map((c) => `${name}(${x}.${c})`)})`;
  const epilogue = EPILOGUES[size("epilogue")] ?? "none";
  const functions = epilogue === "gelu"
    ? erfWgsl + GELU
    : epilogue === "gelu_backward"
    ? erfWgsl + SLOPE
    : "";
  const change = {
    none: "",
    residual: "  result = result + d[place];\n",
    gelu: `  d[place] = ${each("gelu", "result")};\n`,
    gelu_backward: `  result = result * ${each("gelu_slope", "d[place]")};\n`,
  }[epilogue];
  return `${functions}fn store(place: u32, sum: ${type}, column: u32, adds: bool) {
  var result = ${size("alpha") === 1 ? "sum" : "alpha * sum"}${size("has_bias") ? " + bias[column]" : ""};
${change}  if (adds) { result = result + c[place]; }
  c[place] = result;
}`;
}

const GELU = `fn gelu(x: f32) -> f32 {
  let u = x * 0.7071067811865476;
  return 0.5 * x * (1.0 + erf(u, exp(-u * u)));
}
`;

const SLOPE = `fn gelu_slope(x: f32) -> f32 {
  let u = x * 0.7071067811865476;
  let decay = exp(-u * u);
  return 0.5 * (1.0 + erf(u, decay)) + x * decay * 0.3989422804014327;
}
`;

/** The format of an operand. */
export function formatOf(size: SizeOf<"a_format" | "b_format">, operand: "a" | "b"): Format {
  return FORMATS[size(`${operand}_format`)] ?? "f32";
}

/** `count` lines. */
export function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}
