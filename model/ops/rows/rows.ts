import { defineKernel, scaleSize, type Size, type SizeOf } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { writeGradient } from "../add/add.ts";

const division = {
  workgroups: (size: SizeOf<"rows" | "columns">): number => Math.ceil(size("rows") * size("columns") / 256),
  tiles: (size: SizeOf<"rows" | "columns">): number => Math.ceil(size("rows") / 64),
} as const;

// One thread an element.
const main = `@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 256u + lane;
  if (i >= rows() * columns) { return; }
  let row = i / columns;
  let c = i % columns;
`;

/** y[row] = x[index[row]]; zeros where the index is −1. */
export const gatherRowsKernel = defineKernel({
  name: "gather_rows",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "index", dtype: "i32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns"],
  live: ["rows"],
  wgsl: `${main}  let origin = index[row];
  if (origin < 0) { y[i] = 0.0; } else { y[i] = x[u32(origin) * columns + c]; }
}
`,
  ...division,
  reference({ x, index, y }, { rows, columns }) {
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < columns; c++) {
        y[row * columns + c] = index[row] < 0 ? 0 : x[index[row] * columns + c];
      }
    }
  },
});

/** dx[index[row]] += dy[row], −1 skipped. The indices must be distinct. */
export const scatterRowsKernel = defineKernel({
  name: "scatter_rows",
  bindings: [
    { name: "dy", dtype: "f32", access: "read" },
    { name: "index", dtype: "i32", access: "read" },
    { name: "dx", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns"],
  live: ["rows"],
  wgsl: `${main}  let place = index[row];
  if (place >= 0) { dx[u32(place) * columns + c] = dx[u32(place) * columns + c] + dy[i]; }
}
`,
  ...division,
  reference({ dy, index, dx }, { rows, columns }) {
    for (let row = 0; row < rows; row++) {
      if (index[row] < 0) continue;
      for (let c = 0; c < columns; c++) dx[index[row] * columns + c] += dy[row * columns + c];
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
  wgsl: `${main}  let item = row / group_rows;
  let inner = row % group_rows;
  y[(item * y_group + y_offset + inner) * columns + c] = x[(item * x_group + x_offset + inner) * columns + c];
}
`,
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
  plan.dispatch(gatherRowsKernel, [x, index, y], sizes);
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy || !plan.needsGradient(x)) return;
    plan.dispatch(scatterRowsKernel, [dy, index, plan.sparseGradientTarget(x)], sizes);
  });
  return y;
}

/** Records the items of `first` and `second` one after the other: [items, firstRows] ‖ [items, secondRows] rows. */
export function concatenateRows(
  plan: PlanBuilder,
  items: Size,
  first: Tensor,
  firstRows: number,
  second: Tensor,
  secondRows: number,
): Tensor {
  const total = firstRows + secondRows;
  const y = plan.activation(`${first.name} ‖ ${second.name}`, scaleSize(items, total), first.columns);
  const parts = [[first, firstRows, 0], [second, secondRows, firstRows]] as const;
  for (const [part, rows, offset] of parts) {
    plan.dispatch(copyRowsKernel, [part, y], {
      rows: scaleSize(items, rows),
      columns: part.columns,
      group_rows: rows,
      x_group: rows,
      x_offset: 0,
      y_group: total,
      y_offset: offset,
    });
  }
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    for (const [part, rows, offset] of parts) {
      writeGradient(plan, part, (dx) =>
        plan.dispatch(copyRowsKernel, [dy, dx], {
          rows: scaleSize(items, rows),
          columns: part.columns,
          group_rows: rows,
          x_group: total,
          x_offset: offset,
          y_group: rows,
          y_offset: 0,
        }));
    }
  });
  return y;
}
