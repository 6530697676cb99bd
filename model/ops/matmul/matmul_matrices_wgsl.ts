import type { SubgroupMatrix } from "../../kernel.ts";
import { constants, type MatmulSizes, type Operand, operandOf } from "./matmul_operand.ts";
import { lines, mainWgsl, type MatmulBlock, placeWgsl, storeWgsl } from "./matmul_wgsl.ts";

/** How a workgroup divides its block of C among subgroups, each of which multiplies small matrices as a whole. */
export interface MatricesTile {
  /** Rows of C of a workgroup. */
  readonly rows: number;
  /** Columns of C of a workgroup. */
  readonly columns: number;
  /** Steps along k between two loads of the tiles. */
  readonly depth: number;
  /** Subgroups along the rows of C. */
  readonly subgroupRows: number;
  /** Subgroups along the columns of C. */
  readonly subgroupColumns: number;
}

/** Halves from one line of a tile to the next beyond its own: lines then begin in different banks, aligned to 16 bytes. */
const PAD = 8;

/** The WGSL extensions of the text. */
export const MATRICES_ENABLES = ["f16", "subgroups", "chromium_experimental_subgroup_matrix"] as const;

/** Rows and columns of C that a workgroup computes. */
export function matricesBlock({ rows, columns }: MatricesTile): MatmulBlock {
  return { rows, columns };
}

/** Threads of a workgroup. */
export function matricesThreads(tile: MatricesTile, matrix: SubgroupMatrix): number {
  return tile.subgroupRows * tile.subgroupColumns * matrix.subgroupSize;
}

/** Bytes of workgroup memory at most: both tiles, and a matrix of results for each subgroup. */
export function matricesBytes(tile: MatricesTile, matrix: SubgroupMatrix): number {
  const { rows, columns, depth, subgroupRows, subgroupColumns } = tile;
  const lines = (a: number, b: number): number => Math.max(a * (b + PAD), b * (a + PAD));
  return 2 * (lines(rows, depth) + lines(columns, depth)) +
    4 * subgroupRows * subgroupColumns * matrix.rows * matrix.columns;
}

/** Whether the matrices of an adapter fill a tile evenly, and its threads can share the loads. */
export function matricesFit(tile: MatricesTile, matrix: SubgroupMatrix): boolean {
  const threads = matricesThreads(tile, matrix);
  return tile.rows % (tile.subgroupRows * matrix.rows) === 0 &&
    tile.columns % (tile.subgroupColumns * matrix.columns) === 0 &&
    tile.depth % matrix.depth === 0 &&
    (tile.rows * tile.depth / 4) % threads === 0 &&
    (tile.columns * tile.depth / 4) % threads === 0;
}

/** The WGSL element types of the operands. */
export function matricesElements(sizes: MatmulSizes): Record<string, string> {
  return {
    ...(operandOf(sizes, "a").inQuads && { a: "vec2<u32>" }),
    ...(operandOf(sizes, "b").inQuads && { b: "vec2<u32>" }),
  };
}

/**
 * The WGSL of a product of f16 matrices on matrix units, with sums in f32: Dawn's `chromium_experimental_subgroup_matrix`. A workgroup
 * copies a tile of A and one of B to its own memory as they lie in storage, and each subgroup multiplies its share of them, as
 * matrices of the size that the adapter offers. Results pass through workgroup memory on their way out, so that alpha, bias, epilogue
 * and odd edges are those of the other texts. What lies beyond rows, columns and k is zero.
 */
export function matricesWgsl(sizes: MatmulSizes, tile: MatricesTile, matrix: SubgroupMatrix): string {
  const { subgroupRows, subgroupColumns, depth } = tile;
  const { rows: m, columns: n, depth: k, subgroupSize } = matrix;
  const threads = matricesThreads(tile, matrix);
  const down = tile.rows / subgroupRows / m;
  const across = tile.columns / subgroupColumns / n;
  const a = tileOf(operandOf(sizes, "a"), "row0", "rows", tile.rows, depth, threads);
  const b = tileOf(operandOf(sizes, "b"), "column0", "n", tile.columns, depth, threads);
  return `var<workgroup> a_tile: array<f16, ${a.length}>;
var<workgroup> b_tile: array<f16, ${b.length}>;
var<workgroup> results: array<f32, ${subgroupRows * subgroupColumns * m * n}>;

${a.reader}
${b.reader}
${storeWgsl(constants(sizes), 1)}

// Subgroups are whole, and all that decides the way of one is the same for a workgroup.
@diagnostic(off, chromium.subgroup_matrix_uniformity)
${mainWgsl(threads)}
${placeWgsl(matricesBlock(tile))}
  let subgroup = lane / ${subgroupSize}u;
  let sub_row = (subgroup / ${subgroupColumns}u) * ${down * m}u;
  let sub_column = (subgroup % ${subgroupColumns}u) * ${across * n}u;
${a.declare}
${b.declare}
${lines(down, (i) => lines(across, (j) => `  var c${i}_${j}: subgroup_matrix_result<f32, ${n}, ${m}>;`))}
${a.fetch("k_start")}
${b.fetch("k_start")}
  for (var k0 = k_start; k0 < k_end; k0 += ${depth}u) {
${a.put}
${b.put}
    workgroupBarrier();
    let next = k0 + ${depth}u;
    if (next < k_end) {
${a.fetch("next")}
${b.fetch("next")}
    }
${
    lines(depth / k, (step) =>
      `    {
${
        lines(down, (i) =>
          `      let a${i} = subgroupMatrixLoad<subgroup_matrix_left<f16, ${k}, ${m}>, ${a.order}>(&a_tile, ${
            a.at(`sub_row + ${i * m}u`, step * k)
          }, ${a.pitch}u);`)
      }
${
        lines(across, (j) =>
          `      let b${j} = subgroupMatrixLoad<subgroup_matrix_right<f16, ${n}, ${k}>, ${
            b.order === "row_major" ? "col_major" : "row_major"
          }>(&b_tile, ${b.at(`sub_column + ${j * n}u`, step * k)}, ${b.pitch}u);`)
      }
${
        lines(down, (i) =>
          lines(across, (j) =>
            `      c${i}_${j} = subgroupMatrixMultiplyAccumulate(a${i}, b${j}, c${i}_${j});`))
      }
    }`)
  }
    workgroupBarrier();
  }
${
    lines(down, (i) =>
      lines(across, (j) =>
        `  subgroupMatrixStore<row_major>(&results, subgroup * ${m * n}u, c${i}_${j}, ${n}u);
  workgroupBarrier();
  for (var e = lane % ${subgroupSize}u; e < ${m * n}u; e += ${subgroupSize}u) {
    let row = row0 + sub_row + ${i * m}u + e / ${n}u;
    let column = column0 + sub_column + ${j * n}u + e % ${n}u;
    if (row < rows && column < n) {
      store(c_base + row * c_row + column, results[subgroup * ${m * n}u + e], column, adds);
    }
  }
  workgroupBarrier();`))
  }
}
`;
}

/** An operand's tile in workgroup memory, and the statements that fill it. */
interface HalfTile {
  /** Halves in workgroup memory. */
  readonly length: number;
  /** Halves from one line to the next. */
  readonly pitch: number;
  /** How A lies in its tile; B, whose lines are columns of the product, is seen the other way round. */
  readonly order: "row_major" | "col_major";
  /** The function that reads a half or four. */
  readonly reader: string;
  /** The registers that the next tile is read to. */
  readonly declare: string;
  /** Reads the tile that begins at a step of k. */
  fetch(k: string): string;
  /** Writes the registers to workgroup memory. */
  readonly put: string;
  /** Where a place on the axis that is shared with C, and a step of k, are in the tile. */
  at(place: string, step: number): string;
}

function tileOf(
  operand: Operand,
  first: string,
  extent: string,
  width: number,
  depth: number,
  threads: number,
): HalfTile {
  const { name, alongDepth, inQuads, wStride, kStride } = operand;
  const perLine = alongDepth ? depth : width;
  const pitch = perLine + PAD;
  const count = width * depth / 4 / threads;
  const line = (i: number): string => `((lane + ${i * threads}u) / ${perLine / 4}u)`;
  const part = (i: number): string => `(4u * ((lane + ${i * threads}u) % ${perLine / 4}u))`;
  const fetch = (i: number, k: string): string => {
    const next = `next_${name}${i}`;
    const element = (e: number): readonly [inside: string, place: string] => {
      const [w, step] = alongDepth
        ? [`${first} + ${line(i)}`, `${k} + ${part(i)} + ${e}u`]
        : [`${first} + ${part(i)} + ${e}u`, `${k} + ${line(i)}`];
      return [
        `${w} < ${extent} && ${step} < k_end`,
        `${name}_base + (${w}) * ${wStride}u + (${step}) * ${kStride}u`,
      ];
    };
    const clear = `    ${next} = vec4<f16>();`;
    if (inQuads) {
      const [inside, place] = element(0);
      return `${clear}\n    if (${inside}) { ${next} = quad_${name}((${place}) / 4u); }`;
    }
    return `${clear}\n${
      lines(4, (e) => {
        const [inside, place] = element(e);
        return `    if (${inside}) { ${next}.${"xyzw"[e]} = half_${name}(${place}); }`;
      })
    }`;
  };
  return {
    length: (alongDepth ? width : depth) * pitch,
    pitch,
    order: alongDepth ? "row_major" : "col_major",
    reader: inQuads
      ? `fn quad_${name}(quad: u32) -> vec4<f16> { return bitcast<vec4<f16>>(${name}[quad]); }`
      : `fn half_${name}(place: u32) -> f16 { return bitcast<vec2<f16>>(${name}[place >> 1u])[place & 1u]; }`,
    declare: lines(count, (i) => `  var next_${name}${i} = vec4<f16>();`),
    fetch: (k) => lines(count, (i) => fetch(i, k)),
    put: lines(
      count,
      (i) =>
        lines(
          4,
          (e) =>
            `    ${name}_tile[${line(i)} * ${pitch}u + ${part(i)} + ${e}u] = next_${name}${i}.${"xyzw"[e]};`,
        ),
    ),
    at: (place, step) => alongDepth ? `(${place}) * ${pitch}u + ${step}u` : `${step * pitch}u + ${place}`,
  };
}
