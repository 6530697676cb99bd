import assert from "node:assert/strict";
import type { Tensor } from "./plan.ts";
import { ReferenceDevice } from "./reference_device.ts";
import { sliceColumns, sliceRows } from "./tensor_slice.ts";

function given(rows: number, columns: number): Tensor {
  const allocation = new ReferenceDevice().allocate("page", "f32", 640 + rows * columns);
  const view = { allocation, offset: 640, length: rows * columns };
  return { name: "table", dtype: "f32", rows, columns, role: "parameter", view };
}

Deno.test("sliceRows() and sliceColumns() are over the same memory", () => {
  const table = given(203, 6);
  const slice = sliceRows(table, 128, 75);
  assert.deepEqual([slice.rows, slice.columns, slice.dtype], [75, 6, "f32"]);
  assert.deepEqual(slice.view, { allocation: table.view?.allocation, offset: 640 + 768, length: 450 });
  const bias = sliceColumns(given(1, 203), 64, 64);
  assert.deepEqual([bias.rows, bias.columns, bias.view?.offset, bias.view?.length], [1, 64, 704, 64]);
});

Deno.test("sliceRows() and sliceColumns() refuse what has no such slice", () => {
  const refuses = (make: () => Tensor, message: RegExp): void =>
    assert.throws(make, { name: "RangeError", message });
  refuses(() => sliceRows(given(203, 6), 128, 76), /1218 elements has no slice of 456 from 768/);
  refuses(() => sliceRows(given(203, 6), 1, 2), /multiples of 64 elements/);
  refuses(() => sliceColumns(given(2, 203), 0, 64), /more than one row/);
  const { view: _, ...unplaced } = given(203, 6);
  refuses(() => sliceRows(unplaced, 0, 64), /no memory of its own/);
});
