import assert from "node:assert/strict";
import { indexOfNonFinite } from "./non_finite.ts";

Deno.test("indexOfNonFinite() finds the first NaN or infinity and nothing else", () => {
  assert.equal(indexOfNonFinite(Float32Array.of()), -1);
  assert.equal(indexOfNonFinite(Float32Array.of(0, -0, 3.4e38, -3.4e38, 1e-45)), -1);
  for (const odd of [NaN, Infinity, -Infinity]) {
    assert.equal(indexOfNonFinite(Float32Array.of(0, 1, odd, odd)), 2);
  }
});
