import assert from "node:assert/strict";
import { LiveDispatches } from "./live_dispatches.ts";
import type { Size } from "./kernel.ts";
import { addKernel } from "./ops/testdata_add.ts";

const live = (scalar: string): Size => ({ scalar, times: 2, capacity: 100 });
const dispatches = [5, live("rows"), live("masked"), live("rows")].map((count) => ({
  kernel: addKernel,
  views: [],
  sizes: { count, other: count },
}));

Deno.test("LiveDispatches.update() resolves all at first, then what has changed", () => {
  const program = new LiveDispatches(dispatches);
  const resolved = (scalars: Record<string, number>): number[] => {
    const numbers: number[] = [];
    program.update(scalars, (i) => numbers.push(i));
    return numbers;
  };
  assert.deepEqual(resolved({ rows: 1, masked: 2, key: 3 }), [0, 1, 2, 3]);
  assert.deepEqual(resolved({ rows: 1, masked: 2, key: 4 }), []);
  assert.deepEqual(resolved({ rows: 2, masked: 2, key: 4 }), [1, 3]);
  assert.deepEqual(resolved({ rows: 1, masked: 3, key: 4 }).sort(), [1, 2, 3]);
});

Deno.test("LiveDispatches.update() begins anew when resolving has failed", () => {
  const program = new LiveDispatches(dispatches);
  program.update({ rows: 1, masked: 1 }, () => {});
  assert.throws(() =>
    program.update({ rows: 9, masked: 1 }, () => {
      throw new RangeError("beyond the capacity");
    })
  );
  const numbers: number[] = [];
  program.update({ rows: 1, masked: 1 }, (i) => numbers.push(i));
  assert.deepEqual(numbers, [0, 1, 2, 3]);
});
