import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { MaxHeap } from "./max_heap.ts";

Deno.test("MaxHeap yields its items in order", () => {
  fc.assert(fc.property(fc.array(fc.integer()), (items) => {
    const heap = new MaxHeap((a, b) => a > b);
    for (const item of items) heap.push(item);
    const out: (number | undefined)[] = items.map(() => heap.pop());
    deepEqual(out, items.toSorted((a, b) => b - a));
    deepEqual(heap.pop(), undefined);
  }));
});
