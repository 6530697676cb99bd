import { deepEqual, equal, notDeepEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { RandomStream } from "./random.ts";

/** Sum of (observed − expected)² / expected. */
function chiSquare(observed: readonly number[], expected: number): number {
  return observed.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

Deno.test("RandomStream repeats for equal keys and differs when any key differs", () => {
  const draw = (...keys: [number, number, number, number]): number[] => {
    const random = new RandomStream(...keys);
    return Array.from({ length: 8 }, () => random.word());
  };
  fc.assert(fc.property(
    fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()),
    fc.nat(3),
    fc.integer({ min: 1 }),
    (keys, place, change) => {
      deepEqual(draw(...keys), draw(...keys));
      const other: [number, number, number, number] = [...keys];
      other[place] = (other[place] ?? 0) + change;
      notDeepEqual(draw(...keys), draw(...other));
    },
  ));
});

Deno.test("RandomStream first draws of neighbouring items are uniform and uncorrelated", () => {
  const bins = new Array<number>(100).fill(0);
  const pairs = new Array<number>(100).fill(0);
  let previous = 0;
  for (let item = 0; item < 100_000; item++) {
    const u = new RandomStream(1, 0, item).uniform();
    const bin = Math.floor(u * 100);
    bins[bin] = (bins[bin] ?? 0) + 1;
    const pair = Math.floor(previous * 10) * 10 + Math.floor(u * 10);
    pairs[pair] = (pairs[pair] ?? 0) + 1;
    previous = u;
  }
  // 99 degrees of freedom: 148 is the 0.999 quantile.
  equal(chiSquare(bins, 1000) < 148, true);
  equal(chiSquare(pairs, 1000) < 148, true);
});

Deno.test("RandomStream.integer() covers its range evenly, ends included", () => {
  const random = new RandomStream(7);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) {
    const value = random.integer(-3, 3);
    counts[value + 3] = (counts[value + 3] ?? 0) + 1;
  }
  equal(chiSquare(counts, 10_000) < 22.5, true); // 6 degrees of freedom, 0.999
  throws(() => random.integer(3, 2), RangeError);
});

Deno.test("RandomStream.shuffle() gives every order equally often", () => {
  const counts = new Map<string, number>();
  for (let item = 0; item < 24_000; item++) {
    const order = new RandomStream(3, 1, item).shuffle(Int32Array.of(0, 1, 2, 3)).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  equal(counts.size, 24);
  equal(chiSquare([...counts.values()], 1000) < 49.8, true); // 23 degrees of freedom, 0.999
});
