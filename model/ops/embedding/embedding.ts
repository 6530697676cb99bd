import { capacityOf, defineKernel, type Size } from "../../kernel.ts";
import type { Plan, PlanBuilder, Tensor } from "../../plan.ts";
import backwardWgsl from "./embedding_backward.wgsl" with { type: "text" };
import forwardWgsl from "./embedding_forward.wgsl" with { type: "text" };
import type { Lookup } from "./lookup.ts";

/** y[row] = weights[row] · Σ table[ids[row, …]], ids under 0 skipped; added to y when `accumulate` is not 0. */
export const embeddingForward = defineKernel({
  name: "embedding_forward",
  bindings: [
    { name: "ids", dtype: "i32", access: "read" },
    { name: "weights", dtype: "f32", access: "read" },
    { name: "table", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "width", "accumulate"],
  live: ["rows"],
  wgsl: forwardWgsl,
  bytes: (size) => 4 * size("rows") * (2 * size("columns") + size("width") + 1), // one table row each, mostly
  workgroups: (size) => Math.ceil(size("rows") * size("columns") / 256),
  tiles: (size) => Math.ceil(size("rows") / 16),
  reference({ ids, weights, table, y }, { rows, columns, width, accumulate }) {
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < columns; c++) {
        let sum = 0;
        for (let j = 0; j < width; j++) {
          const id = ids[row * width + j];
          if (id >= 0) sum += table[id * columns + c];
        }
        y[row * columns + c] = sum * weights[row] + (accumulate ? y[row * columns + c] : 0);
      }
    }
  },
});

/** dtable[id] += Σ weights[row] · dy[row] over the rows of each run of equal ids. */
export const embeddingBackward = defineKernel({
  name: "embedding_backward",
  bindings: [
    { name: "run_ids", dtype: "i32", access: "read" },
    { name: "run_starts", dtype: "i32", access: "read" },
    { name: "run_rows", dtype: "i32", access: "read" },
    { name: "weights", dtype: "f32", access: "read" },
    { name: "dy", dtype: "f32", access: "read" },
    { name: "dtable", dtype: "f32", access: "read_write" },
  ],
  sizes: ["runs", "columns"],
  live: ["runs"],
  wgsl: backwardWgsl,
  bytes: (size) => 12 * size("runs") * size("columns"), // most runs are of one row
  workgroups: (size) => size("runs"),
  tiles: (size) => size("runs"),
  reference({ run_ids, run_starts, run_rows, weights, dy, dtable }, { runs, columns }) {
    for (let run = 0; run < runs; run++) {
      for (let i = run_starts[run]; i < run_starts[run + 1]; i++) {
        const row = run_rows[i];
        for (let c = 0; c < columns; c++) {
          dtable[run_ids[run] * columns + c] += dy[row * columns + c] * weights[row];
        }
      }
    }
  },
});

/** The inputs of one table's lookups in a plan. */
export interface LookupInputs {
  readonly rows: Size;
  readonly width: number;
  readonly ids: Tensor;
  readonly weights: Tensor;
  readonly runIds: Tensor;
  readonly runStarts: Tensor;
  readonly runRows: Tensor;
  /** The scalar that tells the number of runs. */
  readonly runsScalar: string;
}

/** Declares the inputs of lookups named `name`: `width` ids a row. The scalar `${name}_runs` goes with them. */
export function lookupInputs(plan: PlanBuilder, name: string, rows: Size, width: number): LookupInputs {
  const places = capacityOf(rows) * width;
  return {
    rows,
    width,
    ids: plan.input(`${name} ids`, rows, width, "i32"),
    weights: plan.input(`${name} weights`, rows, 1, "f32"),
    runIds: plan.input(`${name} run ids`, places, 1, "i32"),
    runStarts: plan.input(`${name} run starts`, places + 1, 1, "i32"),
    runRows: plan.input(`${name} run rows`, places, 1, "i32"),
    runsScalar: `${name}_runs`,
  };
}

/** Writes a batch's lookups and returns the number of runs, the value of `runsScalar`. */
export function writeLookup(plan: Plan, inputs: LookupInputs, lookup: Lookup): number {
  plan.write(inputs.ids, lookup.ids);
  plan.write(inputs.weights, lookup.weights);
  plan.write(inputs.runIds, lookup.runIds);
  plan.write(inputs.runStarts, lookup.runStarts);
  plan.write(inputs.runRows, lookup.runRows);
  return lookup.runIds.length;
}

/** Records the lookup of rows of `table` [n, columns] f32, added to `sum` where one is given (and returned). */
export function embedding(plan: PlanBuilder, inputs: LookupInputs, table: Tensor, sum?: Tensor): Tensor {
  const { rows, width } = inputs;
  const columns = table.columns;
  const y = sum ?? plan.activation(`lookup in ${table.name}`, rows, columns);
  plan.dispatch(embeddingForward, [inputs.ids, inputs.weights, table, y], {
    rows,
    columns,
    width,
    accumulate: sum ? 1 : 0,
  });
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy || !plan.needsGradient(table)) return;
    const gradient = plan.sparseGradientTarget(table);
    const runs = { scalar: inputs.runsScalar, times: 1, capacity: capacityOf(rows) * width };
    plan.dispatch(
      embeddingBackward,
      [inputs.runIds, inputs.runStarts, inputs.runRows, inputs.weights, dy, gradient],
      { runs, columns },
    );
  });
  return y;
}
