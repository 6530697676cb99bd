import { generators, live, type OpCase, ROW_SHAPES, zeros } from "../testdata_generators.ts";
import { layerNormBackward, layerNormForward, layerNormParameterPartials } from "./layer_norm.ts";

const { f32 } = generators(77);

function* cases(): Generator<OpCase> {
  for (const [rows, columns] of ROW_SHAPES) {
    const shape = `${rows} × ${columns}`;
    const count = rows * columns;
    const x = f32(count);
    for (let c = 0; c < columns; c++) x[c] = (x[c] ?? 0) * 1e4; // an extreme row
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
  }
}

/** Rows of ordinary numbers after one of ±10,000. */
export const layerNormCases: readonly OpCase[] = [...cases()];
