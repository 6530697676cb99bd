import { constants, type MatmulSizes, type Operand, operandOf } from "./matmul_operand.ts";
import {
  formatOf,
  lines,
  mainWgsl,
  type MatmulBlock,
  placeWgsl,
  quadReaderWgsl,
  quadType,
  readerWgsl,
  storeWgsl,
} from "./matmul_wgsl.ts";

/** How a workgroup divides its block of C. */
export interface MatmulTile {
  /** Threads along the rows of C; a multiple of 4. */
  readonly threadRows: number;
  /** Threads along the columns of C; a multiple of 8. */
  readonly threadColumns: number;
  /** Rows of C that a thread holds in registers; a multiple of 4. */
  readonly rows: number;
  /** Columns of C that a thread holds in registers; a multiple of 4. */
  readonly columns: number;
  /** Steps along k between two loads of the tiles; a multiple of 4. */
  readonly depth: number;
}

/** Rows and columns of C that a workgroup computes. */
export function tileBlock(tile: MatmulTile): MatmulBlock {
  return { rows: tile.threadRows * tile.rows, columns: tile.threadColumns * tile.columns };
}

/** Bytes of workgroup memory. */
export function tileBytes(tile: MatmulTile): number {
  const { rows, columns } = tileBlock(tile);
  return 16 * tile.depth * (rows / 4 + 1 + columns / 4 + 1);
}

/** The bindings that are read and written four elements at a time, with their WGSL types. */
export function tileElements(sizes: MatmulSizes): Record<string, string> {
  const size = constants(sizes);
  const elements: Record<string, string> = {};
  for (const operand of ["a", "b"] as const) {
    if (operandOf(sizes, operand).inQuads) elements[operand] = quadType(formatOf(size, operand));
  }
  if (resultInQuads(sizes)) {
    elements.c = "vec4<f32>";
    if (size("has_bias")) elements.bias = "vec4<f32>";
    if (size("epilogue")) elements.d = "vec4<f32>";
  }
  return elements;
}

/**
 * The WGSL of the product for GPUs: a workgroup copies a tile of A and one of B to its own memory, both with k as the slow axis,
 * and each thread multiplies a block of registers, rows and columns in groups of four, so that all of its reads are quads. The next
 * tiles are on their way to registers meanwhile. Storage is read in quads too where strides and sizes allow. Loops but the one over
 * tiles are unrolled here, since WGSL compilers guard each loop with a counter of their own and index register arrays badly. Rows
 * and columns beyond the last are computed as copies of the last and not stored; steps beyond k are zeros.
 */
export function tilesWgsl(sizes: MatmulSizes, tile: MatmulTile): string {
  const { threadRows, threadColumns, depth } = tile;
  const threads = threadRows * threadColumns;
  const block = tileBlock(tile);
  const size = constants(sizes);
  const loads = [
    tileLoad(operandOf(sizes, "a"), "row0", "rows", block.rows, depth, threads),
    tileLoad(operandOf(sizes, "b"), "column0", "n", block.columns, depth, threads),
  ];
  const rowGroups = tile.rows / 4;
  const columnGroups = tile.columns / 4;
  const across = threadColumns / 8;
  return `var<workgroup> a_tile: array<vec4<f32>, ${depth * pitch(block.rows)}>;
var<workgroup> b_tile: array<vec4<f32>, ${depth * pitch(block.columns)}>;

${loads.map((load) => load.reader).join("\n")}
${storeWgsl(size, resultInQuads(sizes) ? 4 : 1)}

${mainWgsl(threads)}
${placeWgsl(block)}
  // Each 32 threads cover 4 × 8 places, so that few different quads are read at once.
  let thread_row = (lane % 32u) / 8u + 4u * (lane / ${32 * across}u);
  let thread_column = lane % 8u + 8u * ((lane / 32u) % ${across}u);
${loads.map((load) => load.places).join("\n")}
${lines(tile.rows, (i) => lines(columnGroups, (j) => `  var c${i}_${j} = vec4<f32>();`))}
${loads.map((load) => load.fetch("k_start")).join("\n")}
  for (var k0 = k_start; k0 < k_end; k0 += ${depth}u) {
${loads.map((load) => load.put).join("\n")}
    workgroupBarrier();
    let next = k0 + ${depth}u;
    if (next < k_end) {
${loads.map((load) => load.fetch("next")).join("\n")}
    }
${
    lines(depth, (step) =>
      `    {
${
        lines(rowGroups, (g) =>
          `      let a${g} = a_tile[${step * pitch(block.rows) + g * threadRows}u + thread_row];`)
      }
${
        lines(columnGroups, (g) =>
          `      let b${g} = b_tile[${step * pitch(block.columns) + g * threadColumns}u + thread_column];`)
      }
${
        lines(tile.rows, (i) =>
          lines(columnGroups, (j) =>
            `      c${i}_${j} = c${i}_${j} + a${Math.floor(i / 4)}.${"xyzw"[i % 4]} * b${j};`))
      }
    }`)
  }
    workgroupBarrier();
  }
${lines(tile.rows, (i) => storeRow(sizes, tile, i))}
}
`;
}

function resultInQuads(sizes: MatmulSizes): boolean {
  const size = constants(sizes);
  return [size("n"), size("c_row"), size("c_outer"), size("c_inner"), size("c_split")].every((value) =>
    value % 4 === 0
  );
}

/** The statements that bring an operand's tile into workgroup memory. */
interface TileLoad {
  /** The function that reads an element or a quad. */
  readonly reader: string;
  /** What stays the same for all tiles. */
  readonly places: string;
  /** Reads a tile that begins at the given step into registers. */
  fetch(k: string): string;
  /** Writes the registers to workgroup memory. */
  readonly put: string;
}

function tileLoad(
  operand: Operand,
  first: string,
  extent: string,
  width: number,
  depth: number,
  threads: number,
): TileLoad {
  const { name, alongDepth, inQuads, wStride, kStride } = operand;
  const quads = width * depth / 4;
  const perLine = (alongDepth ? depth : width) / 4;
  const count = quads / threads;
  if (!Number.isInteger(count)) throw new RangeError(`${threads} threads cannot share ${quads} quads evenly`);
  // Of quad i of this thread: `line` is its place on the slow axis of the tile, `part` that on the contiguous one.
  const line = (i: number): string => `((lane + ${i * threads}u) / ${perLine}u)`;
  const part = (i: number): string => `((lane + ${i * threads}u) % ${perLine}u)`;
  const clamped = (place: string): string => `min(${first} + ${place}, ${extent} - 1u)`;
  const place = (i: number): string => {
    if (alongDepth) return `  let at_${name}${i} = ${name}_base + ${clamped(line(i))} * ${wStride}u;`;
    if (inQuads) {
      return `  let at_${name}${i} = ${name}_base + min(${first} + 4u * ${part(i)}, ${extent} - 4u);`;
    }
    return lines(
      4,
      (e) =>
        `  let at_${name}${i}_${e} = ${name}_base + ${clamped(`4u * ${part(i)} + ${e}u`)} * ${wStride}u;`,
    );
  };
  // Nothing lies beyond k where tiles fill it exactly.
  const filled = operand.depth !== undefined && operand.depth % depth === 0;
  const guarded = (variable: string, step: string, value: string): string =>
    filled ? `    ${variable} = ${value};` : `    if (${step} < k_end) { ${variable} = ${value}; }`;
  const fetch = (i: number, k: string): string => {
    const variable = `next_${name}${i}`;
    const clear = filled ? "" : `    ${variable} = vec4<f32>();\n`;
    if (alongDepth) {
      const step = `${k} + 4u * ${part(i)}`;
      if (inQuads) {
        return clear + guarded(variable, step, `quad_${name}((at_${name}${i} + ${step}) / 4u)`);
      }
      return clear +
        lines(
          4,
          (e) =>
            guarded(
              `${variable}.${"xyzw"[e]}`,
              `${step} + ${e}u`,
              `read_${name}(at_${name}${i} + ${step} + ${e}u)`,
            ),
        );
    }
    const step = `(${k} + ${line(i)})`;
    const at = (e: string): string => `at_${name}${i}${e} + ${step} * ${kStride}u`;
    return clear + guarded(
      variable,
      step,
      inQuads
        ? `quad_${name}((${at("")}) / 4u)`
        : `vec4<f32>(${[0, 1, 2, 3].map((e) => `read_${name}(${at(`_${e}`)})`).join(", ")})`,
    );
  };
  const put = (i: number): string => {
    if (!alongDepth) {
      return `    ${name}_tile[${line(i)} * ${pitch(width)}u + ${part(i)}] = next_${name}${i};`;
    }
    const row = (e: number): string =>
      `${name}_tile[(4u * ${part(i)} + ${e}u) * ${pitch(width)}u + ${line(i)} / 4u][${line(i)} % 4u]`;
    return lines(4, (e) => `    ${row(e)} = next_${name}${i}.${"xyzw"[e]};`);
  };
  return {
    reader: inQuads ? quadReaderWgsl(name, operand.format) : readerWgsl(name, operand.format),
    places: `${lines(count, place)}\n${lines(count, (i) => `  var next_${name}${i} = vec4<f32>();`)}`,
    fetch: (k) => lines(count, (i) => fetch(i, k)),
    put: lines(count, put),
  };
}

function storeRow(sizes: MatmulSizes, tile: MatmulTile, i: number): string {
  const inQuads = resultInQuads(sizes);
  const row = `(row0 + ${Math.floor(i / 4) * 4 * tile.threadRows + i % 4}u + 4u * thread_row)`;
  return `  if (${row} < rows) {
    let place = c_base + ${row} * c_row;
${
    lines(tile.columns / 4, (j) => {
      const column = `(column0 + ${j * 4 * tile.threadColumns}u + 4u * thread_column)`;
      if (inQuads) {
        return `    if (${column} < n) { store((place + ${column}) / 4u, c${i}_${j}, ${column} / 4u, adds); }`;
      }
      return lines(4, (e) =>
        `    if (${column} + ${e}u < n) { store(place + ${column} + ${e}u, c${i}_${j}.${
          "xyzw"[e]
        }, ${column} + ${e}u, adds); }`);
    })
  }
  }`;
}

/** Quads from one step of k to the next in workgroup memory: one more than there are, so that steps begin in different banks. */
function pitch(width: number): number {
  return width / 4 + 1;
}
