import { generators, live, type OpCase, ROW_SHAPES } from "../testdata_generators.ts";
import {
  crossEntropyBackward,
  crossEntropyForward,
  crossEntropyMetrics,
  SOFTMAX_STATE,
} from "./cross_entropy.ts";

const { f32, i32 } = generators(73);

/** What 64 classes before a chunk, with logits up to 2, may have left. */
function earlierState(rows: number): Float32Array {
  const state = f32(rows * SOFTMAX_STATE);
  for (let row = 0; row < rows; row++) {
    state.set([2 * (state[row * SOFTMAX_STATE] ?? 0), 5 + row % 7, row % 64, -1], row * SOFTMAX_STATE);
  }
  return state;
}

function* cases(): Generator<OpCase> {
  for (const [rows, columns] of ROW_SHAPES) {
    for (const first of columns % 2 === 0 ? [0] : [0, 64]) {
      const shape = `${rows} × ${columns} from ${first} on`;
      const logits = f32(rows * columns, 3);
      if (first === 0) logits.forEach((value, c) => logits[c] = c < columns ? value * 1e4 : value); // an extreme row
      logits[rows * columns - 1] = logits[(rows - 1) * columns] ?? 0; // the greatest may be there twice
      const labels = i32(rows, first + columns);
      if (rows > 2) labels[1] = -1;
      const state = first === 0 ? f32(rows * SOFTMAX_STATE) : earlierState(rows);
      yield {
        kernel: crossEntropyForward,
        shape,
        inputs: [logits, labels, state],
        sizes: { rows: live("rows", 1, rows), columns, first },
        scalars: { rows },
      };
      const after = state.slice();
      crossEntropyForward.reference({ logits, labels, state: after }, { rows, columns, first });
      yield {
        kernel: crossEntropyBackward,
        shape,
        inputs: [labels, after, Float32Array.of(0, 0, 0, 0, 0, 0, 1024, 0), logits],
        sizes: {
          rows: live("rows", 1, rows),
          columns,
          first,
          scale: 0.5,
          scaled: first > 0 ? 1 : 0,
          batch_rows: live("rows", 1, rows),
        },
        scalars: { rows },
      };
      if (first > 0) continue;
      for (const used of [0, rows]) {
        yield {
          kernel: crossEntropyMetrics,
          shape: `${used} of ${rows}`,
          inputs: [labels, after, f32(12)],
          sizes: { rows: live("rows", 1, rows), slot: 4 },
          scalars: { rows: used },
        };
      }
    }
  }
}

/** Classes that a bias of −∞ rules out: the first ones of a chunk, and all of a later chunk. */
function* impossibleClasses(): Generator<OpCase> {
  const columns = 7;
  for (const [first, impossible] of [[0, 3], [64, columns]] as const) {
    yield {
      kernel: crossEntropyForward,
      shape: `${impossible} of ${columns} logits −∞, from ${first} on`,
      inputs: [f32(columns, 3).fill(-Infinity, 0, impossible), Int32Array.of(5), earlierState(1)],
      sizes: { rows: live("rows", 1, 1), columns, first },
      scalars: { rows: 1 },
    };
  }
}

/** First and later chunks of classes, extreme and ignored rows, impossible classes, the metrics of all and of no rows. */
export const crossEntropyCases: readonly OpCase[] = [...cases(), ...impossibleClasses()];
