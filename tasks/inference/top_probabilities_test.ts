import assert from "node:assert/strict";
import fc from "fast-check";
import { topProbabilities } from "./top_probabilities.ts";

Deno.test("topProbabilities() gives shares of all classes, best first", () => {
  const logits = Float32Array.of(0, Math.log(2), -Infinity, Math.log(5));
  const top = topProbabilities(logits, 3);
  assert.deepEqual(top.map(({ id }) => id), [3, 1, 0]);
  top.forEach(({ score }, i) => assert.ok(Math.abs(score - ([5, 2, 1][i] ?? 0) / 8) < 1e-7));
  assert.deepEqual(topProbabilities(logits, 9).length, 4);
  assert.deepEqual(topProbabilities(logits, 0), []);
});

Deno.test("topProbabilities() of candidates keeps the shares of all", () => {
  const [only] = topProbabilities(Float32Array.of(1000, 1000, 1000, 1000), 5, [2]);
  assert.deepEqual(only, { id: 2, score: 0.25 });
});

Deno.test("topProbabilities() orders as a stable sort does", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 30 }),
    fc.integer({ min: 1, max: 10 }),
    (values, count) => {
      const sorted = [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
      const top = topProbabilities(Float32Array.from(values), count);
      assert.deepEqual(top.map(({ id }) => id), sorted.slice(0, count));
    },
  ));
});
