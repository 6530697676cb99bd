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
      sizes: { rows, columns, x_rows: rows, first_x_row: 0, keep: 0 },
    };
    yield {
      kernel: scatterRowsKernel,
      shape,
      inputs: [f32(count), index, f32(count)],
      sizes: { rows, columns, dx_rows: rows, first_dx_row: 0 },
    };
    yield {
      kernel: copyRowsKernel,
      shape,
      inputs: [f32(rows * columns * 2), f32(rows * columns * 3)],
      sizes: { rows, columns, group_rows: 1, x_group: 2, x_offset: 1, y_group: 3, y_offset: 2 },
    };
  }
}

/** Indices of rows [4, 8) of a matrix, others among them. */
function* partCases(): Generator<OpCase> {
  const index = Int32Array.of(7, 3, -1, 4, 8, 0, 5);
  const [rows, columns] = [index.length, 13];
  for (const keep of [0, 1]) {
    yield {
      kernel: gatherRowsKernel,
      shape: `of a part, keep ${keep}`,
      inputs: [f32(4 * columns), index, f32(rows * columns)],
      sizes: { rows, columns, x_rows: 4, first_x_row: 4, keep },
    };
  }
  yield {
    kernel: scatterRowsKernel,
    shape: "into a part",
    inputs: [f32(rows * columns), index, f32(4 * columns)],
    sizes: { rows, columns, dx_rows: 4, first_dx_row: 4 },
  };
}

/** Rows taken and put by indices, some of them missing, and by groups. */
export const rowsCases: readonly OpCase[] = [...cases(), ...partCases()];
