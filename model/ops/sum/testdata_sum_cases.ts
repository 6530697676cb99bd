import { ELEMENT_COUNTS, generators, type OpCase, ROW_SHAPES, zeros } from "../testdata_generators.ts";
import { columnSumPartials, sumPartialsKernel, sumSquaresPartials } from "./sum.ts";

const { f32 } = generators(80);

function* cases(): Generator<OpCase> {
  for (const count of ELEMENT_COUNTS) {
    const blocks = Math.ceil(count / 4096);
    yield {
      kernel: sumSquaresPartials,
      shape: `${count}`,
      inputs: [f32(count), zeros(blocks + 2)],
      sizes: { count, blocks, block_length: 4096, offset: 2 },
    };
  }
  for (const [rows, columns] of ROW_SHAPES) {
    const shape = `${rows} × ${columns}`;
    const count = rows * columns;
    const blocks = Math.ceil(rows / 16);
    yield {
      kernel: columnSumPartials,
      shape,
      inputs: [f32(count), f32(blocks * columns)],
      sizes: { rows: Math.ceil(rows / 2), columns, blocks, block_rows: 16 },
    };
    for (const accumulate of [0, 1]) {
      yield {
        kernel: sumPartialsKernel,
        shape,
        inputs: [f32(count), f32(columns)],
        sizes: { count: columns, blocks: rows, stride: columns, offset: 0, accumulate },
      };
    }
    yield {
      kernel: sumPartialsKernel,
      shape: `${shape} from the middle`,
      inputs: [f32(count), f32(columns)],
      sizes: {
        count: Math.ceil(columns / 2),
        blocks: rows,
        stride: columns,
        offset: Math.floor(columns / 2),
        accumulate: 0,
      },
    };
  }
}

/** Sums of columns and of squares by blocks, and of the blocks. */
export const sumCases: readonly OpCase[] = [...cases()];
