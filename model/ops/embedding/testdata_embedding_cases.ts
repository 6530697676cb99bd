import { generators, live, type OpCase } from "../testdata_generators.ts";
import { embeddingBackward, embeddingForward } from "./embedding.ts";
import { makeLookup } from "./lookup.ts";

const { f32, i32 } = generators(75);

function* cases(): Generator<OpCase> {
  for (
    const [rows, columns, width, table] of [
      [1, 1, 1, 11],
      [5, 12, 1, 200],
      [40, 17, 3, 11],
      [61, 17, 1, 3000],
      [9, 64, 5, 11],
    ] as const
  ) {
    const ids = i32(rows * width, table + 2).map((id) => id - 2 < 0 ? -1 : id - 2);
    const lookup = makeLookup(ids, width, 4);
    const shape = `${rows} × ${columns}, ${width} ids`;
    for (const accumulate of [0, 1]) {
      yield {
        kernel: embeddingForward,
        shape,
        inputs: [ids, lookup.weights, f32(table * columns), f32(rows * columns)],
        sizes: { rows, columns, width, accumulate, table_rows: table, first_row: 0 },
      };
    }
    yield {
      kernel: embeddingForward,
      shape: `${shape}, part of a table`,
      inputs: [ids, lookup.weights, f32(4 * columns), f32(rows * columns)],
      sizes: { rows, columns, width, accumulate: 1, table_rows: 4, first_row: 3 },
    };
    const runs = lookup.runIds.length;
    const whole = { table_rows: table, first_row: 0, rows, first_dy_row: 0 };
    const part = {
      table_rows: 4,
      first_row: 3,
      rows: Math.ceil(rows / 2),
      first_dy_row: Math.floor(rows / 3),
    };
    for (const range of [whole, part]) {
      yield {
        kernel: embeddingBackward,
        shape: range === whole ? shape : `${shape}, part of a table`,
        inputs: [
          Int32Array.of(...lookup.runIds, 0),
          lookup.runStarts,
          Int32Array.of(...lookup.runRows, 0),
          lookup.weights,
          f32(rows * columns),
          f32(table * columns),
        ],
        sizes: { runs: live("runs", 1, rows * width), columns, ...range },
        scalars: { runs },
      };
    }
  }
}

/** Lookups of one and of several ids a row, missing and padding ids among them, and their gradients. */
export const embeddingCases: readonly OpCase[] = [...cases()];
