import { generators, live, type OpCase, ROW_SHAPES } from "../testdata_generators.ts";
import { accumulateMetricsKernel, crossEntropyKernel } from "./cross_entropy.ts";

const { f32, i32 } = generators(73);

function* cases(): Generator<OpCase> {
  for (const [rows, columns] of ROW_SHAPES) {
    const logits = f32(rows * columns);
    for (let c = 0; c < columns; c++) logits[c] = (logits[c] ?? 0) * 1e4; // an extreme row
    for (const gradient of [0, 1]) {
      const labels = i32(rows, columns);
      if (rows > 2) labels[1] = -1;
      yield {
        kernel: crossEntropyKernel,
        shape: `${rows} × ${columns}${gradient ? " with gradient" : ""}`,
        inputs: [logits.slice(), labels, f32(rows), f32(rows)],
        sizes: { rows, columns, gradient, scale: 0.5 },
      };
    }
    for (const used of [0, rows]) {
      yield {
        kernel: accumulateMetricsKernel,
        shape: `${used} of ${rows}`,
        inputs: [f32(rows), f32(rows), f32(12)],
        sizes: { rows: live("rows", 1, rows), slot: 4 },
        scalars: { rows: used },
      };
    }
  }
}

/** Losses of extreme and of ignored rows, with and without gradient, and the metrics of all and of no rows. */
export const crossEntropyCases: readonly OpCase[] = [...cases()];
