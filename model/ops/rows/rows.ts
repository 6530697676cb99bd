import { capacityOf, defineKernel, type Reach, scaleSize, type Size, type SizeOf } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { writeGradient } from "../accumulate/accumulate.ts";
import { elementwiseMain, rowsReach } from "../elementwise.ts";

const division = {
  workgroups: (size: SizeOf<"rows" | "columns">): number => Math.ceil(size("rows") * size("columns") / 256),
  tiles: (size: SizeOf<"rows" | "columns">): number => Math.ceil(size("rows") / 64),
} as const;

// One thread an element.
function main(body: string): string {
  return elementwiseMain(`  let row = i / columns;\n  let c = i % columns;\n${body}`, "rows() * columns");
}

/**
 * y[row] = x[index[row] − first_x_row]; zeros where the index is −1. `x` has `x_rows` rows; for indices of other rows, y is zero
 * or with `keep` what it was.
 */
export const gatherRowsKernel = defineKernel({
  name: "gather_rows",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "index", dtype: "i32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "x_rows", "first_x_row", "keep"],
  live: ["rows", "x_rows", "first_x_row", "keep"],
  bytes: (size) => 8 * size("rows") * size("columns"),
  wgsl: main(`  let origin = u32(index[row]) - first_x_row(); // wraps for rows that are not in x
  if (origin < x_rows()) { y[i] = x[origin * columns + c]; } else if (keep() == 0u) { y[i] = 0.0; }`),
  ...division,
  split: {
    reach: (size) => ({
      x: { strides: { x_rows: size("columns") }, constant: size("columns") - 1 },
      index: rowsReach(1),
      y: rowsReach(size("columns")),
    }),
    axes: () => [{ size: "rows" }, {
      size: "x_rows",
      sizes: (first, _, size) => first === 0 ? {} : { first_x_row: size("first_x_row") + first, keep: 1 },
    }],
  },
  reference({ x, index, y }, { rows, columns, x_rows: xRows, first_x_row: firstXRow, keep }) {
    for (let row = 0; row < rows; row++) {
      const origin = index[row] - firstXRow;
      const inside = origin >= 0 && origin < xRows;
      if (keep && !inside) continue;
      for (let c = 0; c < columns; c++) y[row * columns + c] = inside ? x[origin * columns + c] : 0;
    }
  },
});

/**
 * dx[index[row] − first_dx_row] += dy[row] where dx, which has `dx_rows` rows, has that row; −1 is skipped. The indices must be
 * distinct.
 */
export const scatterRowsKernel = defineKernel({
  name: "scatter_rows",
  bindings: [
    { name: "dy", dtype: "f32", access: "read" },
    { name: "index", dtype: "i32", access: "read" },
    { name: "dx", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "dx_rows", "first_dx_row"],
  live: ["rows", "dx_rows", "first_dx_row"],
  bytes: (size) => 12 * size("rows") * size("columns"),
  wgsl: main(`  let place = u32(index[row]) - first_dx_row(); // wraps for rows that are not in dx
  if (place < dx_rows()) { dx[place * columns + c] = dx[place * columns + c] + dy[i]; }`),
  ...division,
  split: {
    reach: (size) => ({
      dy: rowsReach(size("columns")),
      index: rowsReach(1),
      dx: { strides: { dx_rows: size("columns") }, constant: size("columns") - 1 },
    }),
    axes: () => [
      { size: "rows" },
      { size: "dx_rows", sizes: (first, _, size) => ({ first_dx_row: size("first_dx_row") + first }) },
    ],
  },
  reference({ dy, index, dx }, { rows, columns, dx_rows: dxRows, first_dx_row: firstDxRow }) {
    for (let row = 0; row < rows; row++) {
      const place = index[row] - firstDxRow;
      if (place < 0 || place >= dxRows) continue;
      for (let c = 0; c < columns; c++) dx[place * columns + c] += dy[row * columns + c];
    }
  },
});

/** Copies groups of `group_rows` rows between layouts whose groups are x_group and y_group rows apart. */
export const copyRowsKernel = defineKernel({
  name: "copy_rows",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "group_rows", "x_group", "x_offset", "y_group", "y_offset"],
  live: ["rows"],
  split: {
    reach: (size) => {
      const columns = size("columns");
      const grouped = (group: number, offset: number): Reach<"rows"> => ({
        strides: { rows: group / size("group_rows") * columns },
        constant: (offset + 1) * columns - 1,
      });
      return { x: grouped(size("x_group"), size("x_offset")), y: grouped(size("y_group"), size("y_offset")) };
    },
    axes: (size) => [{ size: "rows", multiple: size("group_rows") }],
  },
  wgsl: main(`  let item = row / group_rows;
  let inner = row % group_rows;
  y[(item * y_group + y_offset + inner) * columns + c] = x[(item * x_group + x_offset + inner) * columns + c];`),
  ...division,
  reference({ x, y }, sizes) {
    const { rows, columns, group_rows, x_group, x_offset, y_group, y_offset } = sizes;
    for (let row = 0; row < rows; row++) {
      const item = Math.floor(row / group_rows);
      const inner = row % group_rows;
      for (let c = 0; c < columns; c++) {
        y[(item * y_group + y_offset + inner) * columns + c] =
          x[(item * x_group + x_offset + inner) * columns + c];
      }
    }
  },
});

/** Records the rows of `x` that `index` [rows, 1] i32 names; each at most once. */
export function gatherRows(plan: PlanBuilder, x: Tensor, index: Tensor): Tensor {
  const y = plan.activation(`rows of ${x.name}`, index.rows, x.columns);
  const sizes = { rows: index.rows, columns: x.columns };
  const length = capacityOf(x.rows);
  plan.dispatch(gatherRowsKernel, [x, index, y], { ...sizes, x_rows: length, first_x_row: 0, keep: 0 });
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy || !plan.needsGradient(x)) return;
    const dx = plan.sparseGradientTarget(x);
    plan.dispatch(scatterRowsKernel, [dy, index, dx], { ...sizes, dx_rows: length, first_dx_row: 0 });
  });
  return y;
}

/** A tensor of which each item has `rows` rows. */
export interface ItemRows {
  readonly tensor: Tensor;
  readonly rows: number;
}

/** The copies that put the rows of each item of `parts` one after the other, or with `apart` take them from there. */
function copyParts(
  plan: PlanBuilder,
  items: Size,
  parts: readonly ItemRows[],
  whole: Tensor,
  apart: boolean,
): void {
  const total = parts.reduce((sum, { rows }) => sum + rows, 0);
  let offset = 0;
  for (const { tensor, rows } of parts) {
    const [part, joined] = [[rows, 0], [total, offset]] as const;
    const [from, to] = apart ? [joined, part] : [part, joined];
    plan.dispatch(copyRowsKernel, apart ? [whole, tensor] : [tensor, whole], {
      rows: scaleSize(items, rows),
      columns: whole.columns,
      group_rows: rows,
      x_group: from[0],
      x_offset: from[1],
      y_group: to[0],
      y_offset: to[1],
    });
    offset += rows;
  }
}

/** Records the items of `parts` one after the other: [items, rows of all parts] rows. */
export function concatenateRows(plan: PlanBuilder, items: Size, parts: readonly ItemRows[]): Tensor {
  const [first] = parts;
  if (!first) throw new RangeError("nothing to concatenate");
  const total = parts.reduce((sum, { rows }) => sum + rows, 0);
  const name = parts.map(({ tensor }) => tensor.name).join(" ‖ ");
  const y = plan.activation(name, scaleSize(items, total), first.tensor.columns);
  copyParts(plan, items, parts, y, false);
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    let offset = 0;
    for (const { tensor, rows } of parts) {
      const x_offset = offset;
      offset += rows;
      writeGradient(plan, tensor, (dx) =>
        plan.dispatch(copyRowsKernel, [dy, dx], {
          rows: scaleSize(items, rows),
          columns: y.columns,
          group_rows: rows,
          x_group: total,
          x_offset,
          y_group: rows,
          y_offset: 0,
        }));
    }
  });
  return y;
}

/** Records the reverse of {@linkcode concatenateRows}: the first `rows[0]` rows of each item of `x`, the next `rows[1]`, … */
export function separateRows(
  plan: PlanBuilder,
  items: Size,
  x: Tensor,
  rows: readonly number[],
): Tensor[] {
  const parts = rows.map((count, i): ItemRows => ({
    tensor: plan.activation(`part ${i} of ${x.name}`, scaleSize(items, count), x.columns),
    rows: count,
  }));
  copyParts(plan, items, parts, x, true);
  plan.onBackward(() => {
    const gradients = parts.flatMap(({ tensor, rows }): ItemRows[] => {
      const gradient = plan.gradientOf(tensor);
      return gradient ? [{ tensor: gradient, rows }] : [];
    });
    if (gradients.length === 0) return;
    if (gradients.length < parts.length) throw new RangeError(`a part of ${x.name} is not used`);
    writeGradient(plan, x, (dx) => copyParts(plan, items, gradients, dx, false));
  });
  return parts.map(({ tensor }) => tensor);
}
