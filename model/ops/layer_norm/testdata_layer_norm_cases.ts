import { generators, live, type OpCase, ROW_SHAPES, zeros } from "../testdata_generators.ts";
import { layerNormBackward, layerNormForward, layerNormParameterPartials } from "./layer_norm.ts";
import { residualLayerNormBackward, residualLayerNormForward } from "./residual_layer_norm.ts";

const { f32 } = generators(77);

const eps = 1e-5;

const keepAll = { site: 0, key: 0, threshold: 0, scale: 1, first: 0 } as const;

const drop = {
  site: 3,
  key: live("dropout_key", 1, 2 ** 32 - 1),
  threshold: Math.round(0.3 * 2 ** 32),
  scale: 1 / 0.7,
  first: 1000,
} as const;

/** Rows × columns and what is special about the first row, if anything. */
const SHAPES = [
  // 1,033 columns are more than threads of a row; a software driver compiles longer shaders of 4,099 for a second.
  ...ROW_SHAPES.map(([rows, columns]) => [rows, Math.min(columns, 1033), "a row of ±10,000"] as const),
  [3, 64, "a constant row of 10,000"],
  [3, 64, "a row of 10,000 and one millionth of it"],
] as const;

/** A matrix with a remarkable first row. */
function matrix(rows: number, columns: number, special: string): Float32Array {
  const x = f32(rows * columns);
  for (let c = 0; c < columns; c++) {
    if (special.startsWith("a row of ±")) x[c] = (x[c] ?? 0) * 1e4;
    else if (special.startsWith("a constant")) x[c] = 1e4;
    else x[c] = c % 2 ? 1e4 : 10000.01;
  }
  return x;
}

function* cases(): Generator<OpCase> {
  for (const [rows, columns, special] of SHAPES) {
    const shape = `${rows} × ${columns}, ${special}`;
    const count = rows * columns;
    const [gain, bias] = [f32(columns), f32(columns)];
    const x = matrix(rows, columns, special);
    const stats = zeros(2 * rows);
    layerNormForward.reference({ x, gain, bias, y: zeros(count), stats }, { rows, columns, eps });
    yield {
      kernel: layerNormForward,
      shape,
      inputs: [x, gain, bias, f32(count), f32(2 * rows)],
      sizes: { rows: live("rows", 1, rows), columns, eps },
      scalars: { rows },
    };
    // The mask of a dropout is the same forward and backward; x is what makes the sum remarkable.
    for (const [name, dropout] of [["", keepAll], [", dropped out", drop]] as const) {
      const residual = f32(count, dropout === drop ? 1 : 0);
      yield {
        kernel: residualLayerNormForward,
        shape: shape + name,
        inputs: [x, residual, gain, bias, f32(count), f32(count), f32(2 * rows)],
        sizes: { rows: live("rows", 1, rows), columns, eps, ...dropout },
        scalars: { rows, dropout_key: 0xdeadbeef },
      };
    }
    for (const accumulate of [0, 1]) {
      const sizes = {
        rows: live("rows", 1, rows),
        columns,
        accumulate: live("accumulate", 1, 1),
      } as const;
      yield {
        kernel: layerNormBackward,
        shape: `${shape}${accumulate ? ", adding" : ""}`,
        inputs: [x, gain, stats, f32(count), f32(count)],
        sizes,
        scalars: { rows, accumulate },
      };
      yield {
        kernel: residualLayerNormBackward,
        shape: `${shape}${accumulate ? ", adding" : ""}`,
        inputs: [x, gain, stats, f32(count), f32(count), f32(count)],
        sizes: { ...sizes, ...(accumulate ? drop : keepAll), accumulate_residual: 1 - accumulate },
        scalars: { rows, accumulate, dropout_key: 0xdeadbeef },
      };
    }
    const blocks = Math.ceil(rows / 16);
    yield {
      kernel: layerNormParameterPartials,
      shape,
      inputs: [x, stats, f32(count), f32(2 * blocks * columns)],
      sizes: { rows: live("rows", 1, rows), columns, blocks, block_rows: 16 },
      scalars: { rows },
    };
  }
}

/** Rows of ordinary numbers after one of ±10,000 or a constant one, with and without dropout and residual. */
export const layerNormCases: readonly OpCase[] = [...cases()];
