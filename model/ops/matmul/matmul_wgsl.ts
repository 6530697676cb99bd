import type { SizeOf } from "../../kernel.ts";
import erfWgsl from "../erf.wgsl" with { type: "text" };
import { type Format, FORMATS } from "../half/format.ts";
import { type Epilogue, EPILOGUES } from "./epilogue.ts";

/** How a workgroup divides its part of C. */
export interface MatmulTile {
  /** Threads of a workgroup along the rows of C. */
  readonly threadRows: number;
  /** Threads of a workgroup along the columns of C. */
  readonly threadColumns: number;
  /** Rows of C that a thread holds in registers. */
  readonly rows: number;
  /** Columns of C that a thread holds in registers. */
  readonly columns: number;
  /** Steps along k between two loads of the tiles. */
  readonly depth: number;
}

/**
 * The tile of every matrix product: 64 threads with 8 × 8 elements each, 64 × 64 of C a workgroup. On a software adapter it is
 * twice as fast as 4 × 4 elements a thread; a depth of 8 reads whole 32-byte sectors of a row-major A.
 */
export const MATMUL_TILE: MatmulTile = { threadRows: 8, threadColumns: 8, rows: 8, columns: 8, depth: 8 };

/** The grid of the matmul kernel: x over columns of C, y over rows, z over batches and splits of k. */
export function matmulWorkgroups(
  size: SizeOf<"n" | "m" | "outer" | "inner" | "splits">,
  tile: MatmulTile = MATMUL_TILE,
): [number, number, number] {
  return [
    Math.ceil(size("n") / (tile.threadColumns * tile.columns)),
    Math.ceil(size("m") / (tile.threadRows * tile.rows)),
    size("outer") * size("inner") * size("splits"),
  ];
}

/** Sizes that the shader's text depends on; the others are used by name. */
type MatmulConstant =
  | "n"
  | "inner"
  | "splits"
  | "a_row"
  | "a_column"
  | "b_row"
  | "b_column"
  | "has_bias"
  | "alpha"
  | "a_format"
  | "b_format"
  | "epilogue";

/**
 * The WGSL of C = alpha · A B + bias, or C += …, for each batch (outer, inner) and split of k. A workgroup copies a tile of A
 * and one of B to its own memory, both with k as the slow axis, and each thread multiplies a block of registers. Loops but
 * the one over tiles are unrolled here, since WGSL compilers guard each loop with a counter of their own and index register
 * arrays badly. Odd sizes are zero-filled when loaded and guarded when stored.
 */
export function matmulWgsl(size: SizeOf<MatmulConstant>, tile: MatmulTile = MATMUL_TILE): string {
  const { threadRows, threadColumns, rows, columns, depth } = tile;
  const threads = threadRows * threadColumns;
  const tileRows = threadRows * rows;
  const tileColumns = threadColumns * columns;
  return `var<workgroup> a_tile: array<f32, ${tileRows * depth}>;
var<workgroup> b_tile: array<f32, ${tileColumns * depth}>;

${readerWgsl("a", FORMATS[size("a_format")] ?? "f32")}
${readerWgsl("b", FORMATS[size("b_format")] ?? "f32")}
${storeWgsl(EPILOGUES[size("epilogue")] ?? "none")}

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row0 = group.y * ${tileRows}u;
  let column0 = group.x * ${tileColumns}u;
  let split = group.z % splits;
  let batch = group.z / splits;
  let a_base = (batch / inner) * a_outer + (batch % inner) * a_inner;
  let b_base = (batch / inner) * b_outer + (batch % inner) * b_inner;
  let c_base = (batch / inner) * c_outer + (batch % inner) * c_inner + split * c_split;
  let rows = m();
  let k_end = min(k(), (split + 1u) * k_split);
  let thread_row = lane / ${threadColumns}u;
  let thread_column = lane % ${threadColumns}u;
${lines(rows, (i) => lines(columns, (j) => `  var c${i}_${j} = 0.0;`))}
  for (var k0 = split * k_split; k0 < k_end; k0 += ${depth}u) {
${loadTile({ threads, depth, width: tileRows, alongDepth: size("a_column") === 1 }, loadA)}
${
    loadTile({
      threads,
      depth,
      width: tileColumns,
      alongDepth: size("b_row") === 1 && size("b_column") !== 1,
    }, loadB)
  }
    workgroupBarrier();
${lines(depth, (step) => multiplyStep(tile, step))}
    workgroupBarrier();
  }
  let column = column0 + thread_column;
  let adds = accumulate() != 0u;
${lines(rows, (i) => storeRow(size, tile, i))}
}
`;
}

/** A function `read_…` from the place of an element to its value. */
function readerWgsl(operand: "a" | "b", format: Format): string {
  const body = {
    f32: `${operand}[place]`,
    f16: `unpack2x16float(${operand}[place >> 1u])[place & 1u]`,
    bf16: `bitcast<f32>((${operand}[place >> 1u] << (16u * (~place & 1u))) & 0xffff0000u)`,
  }[format];
  return `fn read_${operand}(place: u32) -> f32 { return ${body}; }`;
}

/** A function that puts an element of the product where it belongs, by way of the epilogue. */
function storeWgsl(epilogue: Epilogue): string {
  const store = (before: string, value: string): string =>
    `fn store(place: u32, value: f32, adds: bool) {
${before}  let result = ${value};
  if (adds) { c[place] = c[place] + result; } else { c[place] = result; }
}`;
  switch (epilogue) {
    case "none":
      return store("", "value");
    case "residual":
      return store("", "value + d[place]");
    case "gelu":
      return erfWgsl + store(
        `  let u = value * 0.7071067811865476;
  d[place] = 0.5 * value * (1.0 + erf(u, exp(-u * u)));
`,
        "value",
      );
    case "gelu_backward":
      return erfWgsl + store(
        `  let x = d[place];
  let u = x * 0.7071067811865476;
  let decay = exp(-u * u);
`,
        "value * (0.5 * (1.0 + erf(u, decay)) + x * decay * 0.3989422804014327)",
      );
  }
}

interface TileLoad {
  readonly threads: number;
  readonly depth: number;
  /** Rows of A's tile, or columns of B's. */
  readonly width: number;
  /** Whether neighbouring threads take neighbours along k: the axis that lies contiguous in memory. */
  readonly alongDepth: boolean;
}

function loadTile({ threads, depth, width, alongDepth }: TileLoad, load: (place: string) => string): string {
  const count = Math.ceil(width * depth / threads);
  return lines(count, (i) => {
    const e = `(lane + ${i * threads}u)`;
    const [x, w] = alongDepth
      ? [`${e} % ${depth}u`, `${e} / ${depth}u`]
      : [`${e} / ${width}u`, `${e} % ${width}u`];
    const body = `let x = ${x};\n      let w = ${w};\n${load(`x * ${width}u + w`)}`;
    const guarded = (i + 1) * threads > width * depth;
    return guarded
      ? `    if (${e} < ${width * depth}u) {\n      ${body}\n    }`
      : `    {\n      ${body}\n    }`;
  });
}

function loadA(place: string): string {
  return `      var value = 0.0;
      if (row0 + w < rows && k0 + x < k_end) { value = read_a(a_base + (row0 + w) * a_row + (k0 + x) * a_column); }
      a_tile[${place}] = value;`;
}

function loadB(place: string): string {
  return `      var value = 0.0;
      if (column0 + w < n && k0 + x < k_end) { value = read_b(b_base + (k0 + x) * b_row + (column0 + w) * b_column); }
      b_tile[${place}] = value;`;
}

/** A thread's rows are neighbours and its columns a workgroup apart, so that neighbouring threads store neighbours. */
function multiplyStep({ threadRows, threadColumns, rows, columns }: MatmulTile, step: number): string {
  const aStart = step * threadRows * rows;
  const bStart = step * threadColumns * columns;
  return `    {
${lines(rows, (i) => `      let a${i} = a_tile[${aStart + i}u + thread_row * ${rows}u];`)}
${lines(columns, (j) => `      let b${j} = b_tile[${bStart + j * threadColumns}u + thread_column];`)}
${lines(rows, (i) => lines(columns, (j) => `      c${i}_${j} = c${i}_${j} + a${i} * b${j};`))}
    }`;
}

function storeRow(size: SizeOf<MatmulConstant>, tile: MatmulTile, i: number): string {
  const whole = size("n") % (tile.threadColumns * tile.columns) === 0;
  return `  if (row0 + thread_row * ${tile.rows}u + ${i}u < rows) {
    let place = c_base + (row0 + thread_row * ${tile.rows}u + ${i}u) * c_row + column;
${
    lines(tile.columns, (j) => {
      const step = j * tile.threadColumns;
      const scaled = size("alpha") === 1 ? `c${i}_${j}` : `alpha * c${i}_${j}`;
      const value = size("has_bias") ? `${scaled} + bias[column + ${step}u]` : scaled;
      const store = `store(place + ${step}u, ${value}, adds);`;
      return whole ? `    ${store}` : `    if (column + ${step}u < n) { ${store} }`;
    })
  }
  }`;
}

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}
