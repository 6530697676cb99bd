import assert from "node:assert/strict";
import { mappedRows } from "./mapped_rows.ts";
import type { StoredTensor } from "./stored_tensor.ts";

/** [4, 3] with the elements 0 … 11; counts its reads. */
function counting(): StoredTensor & { reads: number } {
  return {
    dtype: "F32",
    shape: [4, 3],
    reads: 0,
    readFloats(begin, end) {
      this.reads++;
      return Float32Array.from({ length: end - begin }, (_, i) => begin + i);
    },
  };
}

Deno.test("mappedRows() takes rows in any order, fills new ones, and reads any piece alike", () => {
  const mapped = mappedRows(counting(), Int32Array.of(2, 3, -1, 0, 0), (row, index) => void row.fill(-index));
  assert.deepEqual(mapped.shape, [5, 3]);
  const whole = [6, 7, 8, 9, 10, 11, -2, -2, -2, 0, 1, 2, 0, 1, 2];
  for (let begin = 0; begin <= 15; begin++) {
    for (let end = begin; end <= 15; end++) {
      assert.deepEqual([...mapped.readFloats(begin, end)], whole.slice(begin, end), `${begin} to ${end}`);
    }
  }
});

Deno.test("mappedRows() reads neighbours at once, and elements of a vector as rows", () => {
  const source = counting();
  mappedRows(source, Int32Array.of(0, 1, 2, 3)).readFloats(0, 12);
  assert.equal(source.reads, 1);
  const bias: StoredTensor = { ...counting(), shape: [4] };
  assert.deepEqual([...mappedRows(bias, Int32Array.of(3, -1, 1)).readFloats(0, 3)], [3, 0, 1]);
  assert.throws(() => mappedRows(bias, Int32Array.of(4)), /row 4 of a tensor of 4 rows/);
});
