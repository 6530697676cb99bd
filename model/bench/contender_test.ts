import assert from "node:assert/strict";
import { alternate, median } from "./contender.ts";

Deno.test("median() takes the middle, or the mean of two", () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("alternate() lets all take turns and leaves the first out", async () => {
  const order: string[] = [];
  const contender = (name: string) => ({
    name,
    work: 1,
    run: () => Promise.resolve(order.push(name)),
  });
  const times = await alternate([contender("a"), contender("b")], 2);
  assert.equal(order.join(""), "ababab");
  assert.deepEqual(times, [[3, 5], [4, 6]]);
});
