import assert from "node:assert/strict";
import { floatTensor, rowsOf } from "./row_view.ts";

const table = floatTensor([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));

Deno.test("rowsOf() appends, repeats, moves and selects rows", () => {
  const view = rowsOf(table, [{ zeros: 1 }, [1, 3], [0, 1], [0, 0]]);
  assert.deepEqual(view.shape, [4, 2]);
  assert.deepEqual([...view.readFloats(0, 8)], [0, 0, 3, 4, 5, 6, 1, 2]);
  const vector = rowsOf(floatTensor([3], Float32Array.of(7, 8, 9)), [[0, 3], [2, 3]]);
  assert.deepEqual([vector.shape, [...vector.readFloats(0, 4)]], [[4], [7, 8, 9, 9]]);
});

Deno.test("rowsOf() reads any stretch of its elements", () => {
  const view = rowsOf(table, [[2, 3], { zeros: 1 }, [0, 2]]);
  const all = [...view.readFloats(0, 8)];
  for (let begin = 0; begin <= 8; begin++) {
    for (let end = begin; end <= 8; end++) {
      assert.deepEqual([...view.readFloats(begin, end)], all.slice(begin, end));
    }
  }
});

Deno.test("rowsOf() and floatTensor() refuse what does not fit", () => {
  assert.throws(() => rowsOf(table, [[1, 4]]), /rows 1 to 4 of a table of 3/);
  assert.throws(() => floatTensor([2, 2], new Float32Array(3)), /3 elements for shape \[2,2\]/);
});
