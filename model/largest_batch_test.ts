import assert from "node:assert/strict";
import { largestBatch } from "./largest_batch.ts";

Deno.test("largestBatch() finds the last row that fits, in few questions", async () => {
  const curves: readonly ((rows: number) => number)[] = [
    (rows) => 1000 + 7 * rows,
    (rows) => 1000 + 64 * Math.ceil(rows * 7 / 64),
    (rows) => rows + rows ** 1.5,
    (rows) => rows < 300 ? 5 * rows : 1e9,
    (rows) => {
      if (rows > 77) throw new RangeError("beyond a binding");
      return rows;
    },
  ];
  for (const [i, curve] of curves.entries()) {
    for (const limit of [1007, 1500, 30_000, 1e6]) {
      let asked = 0;
      const most = await largestBatch((rows) => {
        asked++;
        return Promise.resolve().then(() => curve(rows));
      }, limit);
      const bytes = (rows: number): number => {
        try {
          return curve(rows);
        } catch {
          return Infinity;
        }
      };
      assert.ok(most === 0 || bytes(most) <= limit, `curve ${i}, limit ${limit}: ${most}`);
      assert.ok(bytes(most + 1) > limit, `curve ${i}, limit ${limit}: ${most}`);
      assert.ok(asked < 40, `curve ${i}, limit ${limit}: ${asked} questions`);
    }
  }
  assert.equal(await largestBatch((rows) => Promise.resolve(10 * rows), 9), 0);
});
