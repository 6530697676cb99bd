import { generators, type OpCase, ROW_SHAPES, zeros } from "../testdata_generators.ts";
import { softmaxBackward, softmaxForward } from "./softmax.ts";

const { f32, i32 } = generators(79);

function* cases(): Generator<OpCase> {
  for (const [rows, columns] of ROW_SHAPES) {
    const shape = `${rows} × ${columns}`;
    const count = rows * columns;
    const scores = f32(count);
    for (let c = 0; c < columns; c++) scores[c] = (scores[c] ?? 0) * 1e4; // an extreme row
    const mask = i32(count, 2);
    mask.fill(0, 0, columns); // a fully masked row
    yield {
      kernel: softmaxForward,
      shape,
      inputs: [scores, mask, zeros(count)],
      sizes: { rows, columns, rows_per_mask: 1, scale: 0.25 },
      tolerance: 1e-3, // a score of ±12,500 is rounded to 2^-10 before it is exponentiated
    };
    yield {
      kernel: softmaxForward,
      shape: `${shape}, one mask`,
      inputs: [f32(count, 20), i32(columns, 2), zeros(count)],
      sizes: { rows, columns, rows_per_mask: rows, scale: 0.5 },
    };
    yield {
      kernel: softmaxBackward,
      shape,
      inputs: [f32(count), f32(count), zeros(count)],
      sizes: { rows, columns, scale: 0.25 },
    };
  }
}

/** Scores of ±10,000, a fully masked row, one mask for all rows. */
export const softmaxCases: readonly OpCase[] = [...cases()];
