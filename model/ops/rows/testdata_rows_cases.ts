import { generators, type OpCase, ROW_SHAPES } from "../testdata_generators.ts";
import { copyRowsKernel, gatherRowsKernel, scatterRowsKernel } from "./rows.ts";

const { f32 } = generators(78);

function* cases(): Generator<OpCase> {
  for (const [rows, columns] of ROW_SHAPES) {
    const shape = `${rows} × ${columns}`;
    const count = rows * columns;
    const index = Int32Array.from({ length: rows }, (_, i) => i % 3 === 2 ? -1 : rows - 1 - i);
    yield {
      kernel: gatherRowsKernel,
      shape,
      inputs: [f32(count), index, f32(count)],
      sizes: { rows, columns },
    };
    yield {
      kernel: scatterRowsKernel,
      shape,
      inputs: [f32(count), index, f32(count)],
      sizes: { rows, columns },
    };
    yield {
      kernel: copyRowsKernel,
      shape,
      inputs: [f32(rows * columns * 2), f32(rows * columns * 3)],
      sizes: { rows, columns, group_rows: 1, x_group: 2, x_offset: 1, y_group: 3, y_offset: 2 },
    };
  }
}

/** Rows taken and put by indices, some of them missing, and by groups. */
export const rowsCases: readonly OpCase[] = [...cases()];
