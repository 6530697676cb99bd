import { capacityOf, defineKernel, type Size } from "../../kernel.ts";
import type { Plan, PlanBuilder, Tensor } from "../../plan.ts";
import { rowsReach } from "../elementwise.ts";
import backwardWgsl from "./embedding_backward.wgsl" with { type: "text" };
import forwardWgsl from "./embedding_forward.wgsl" with { type: "text" };
import type { Lookup } from "./lookup.ts";

/**
 * y[row] = weights[row] · Σ table[ids[row, …] − first_row], ids under 0 skipped; added to y when `accumulate` is not 0. `table`
 * has `table_rows` rows, the ids of others are skipped, too: a part of a table that is too large to be bound.
 */
export const embeddingForward = defineKernel({
  name: "embedding_forward",
  bindings: [
    { name: "ids", dtype: "i32", access: "read" },
    { name: "weights", dtype: "f32", access: "read" },
    { name: "table", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "width", "accumulate", "table_rows", "first_row"],
  live: ["rows", "accumulate", "table_rows", "first_row"],
  wgsl: forwardWgsl,
  bytes: (size) => 4 * size("rows") * (2 * size("columns") + size("width") + 1), // one table row each, mostly
  workgroups: (size) => Math.ceil(size("rows") * size("columns") / 256),
  tiles: (size) => Math.ceil(size("rows") / 16),
  split: {
    reach: (size) => ({
      ids: rowsReach(size("width")),
      weights: rowsReach(1),
      table: { strides: { table_rows: size("columns") }, constant: size("columns") - 1 },
      y: rowsReach(size("columns")),
    }),
    axes: () => [{ size: "rows" }, {
      size: "table_rows",
      sizes: (first, _, size) => first === 0 ? {} : { first_row: size("first_row") + first, accumulate: 1 },
    }],
  },
  reference({ ids, weights, table, y }, sizes) {
    const { rows, columns, width, accumulate, table_rows: tableRows, first_row: firstRow } = sizes;
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < columns; c++) {
        let sum = 0;
        for (let j = 0; j < width; j++) {
          const place = ids[row * width + j] - firstRow;
          if (place >= 0 && place < tableRows) sum += table[place * columns + c];
        }
        y[row * columns + c] = sum * weights[row] + (accumulate ? y[row * columns + c] : 0);
      }
    }
  },
});

/**
 * dtable[id − first_row] += Σ weights[row] · dy[row] over the rows of each run of equal ids. `dtable` has `table_rows` rows and
 * `dy` the `rows` rows from `first_dy_row` on; what lies outside is skipped.
 */
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
  sizes: ["runs", "columns", "table_rows", "first_row", "rows", "first_dy_row"],
  live: ["runs", "table_rows", "first_row", "rows", "first_dy_row"],
  wgsl: backwardWgsl,
  bytes: (size) => 12 * size("runs") * size("columns"), // most runs are of one row
  workgroups: (size) => size("runs"),
  tiles: (size) => size("runs"),
  split: {
    reach: (size) => ({
      run_ids: { strides: { runs: 1 } },
      run_starts: { strides: { runs: 1 }, constant: 1 },
      weights: rowsReach(1),
      dy: rowsReach(size("columns")),
      dtable: { strides: { table_rows: size("columns") }, constant: size("columns") - 1 },
    }),
    axes: () => [
      { size: "table_rows", sizes: (first, _, size) => ({ first_row: size("first_row") + first }) },
      { size: "rows", sizes: (first, _, size) => ({ first_dy_row: size("first_dy_row") + first }) },
    ],
  },
  reference({ run_ids, run_starts, run_rows, weights, dy, dtable }, sizes) {
    const { runs, columns, table_rows: tableRows, first_row: firstRow, rows, first_dy_row: firstDyRow } =
      sizes;
    for (let run = 0; run < runs; run++) {
      const place = run_ids[run] - firstRow;
      if (place < 0 || place >= tableRows) continue;
      for (let i = run_starts[run]; i < run_starts[run + 1]; i++) {
        const row = run_rows[i] - firstDyRow;
        if (row < 0 || row >= rows) continue;
        for (let c = 0; c < columns; c++) dtable[place * columns + c] += dy[row * columns + c] * weights[row];
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
    table_rows: capacityOf(table.rows),
    first_row: 0,
  });
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy || !plan.needsGradient(table)) return;
    const gradient = plan.sparseGradientTarget(table);
    const runs = { scalar: inputs.runsScalar, times: 1, capacity: capacityOf(rows) * width };
    plan.dispatch(
      embeddingBackward,
      [inputs.runIds, inputs.runStarts, inputs.runRows, inputs.weights, dy, gradient],
      {
        runs,
        columns,
        table_rows: capacityOf(table.rows),
        first_row: 0,
        rows: capacityOf(rows),
        first_dy_row: 0,
      },
    );
  });
  return y;
}
