import { deepEqual, notDeepEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { assertShares, countOutcomes, evenShares, outcomesFrom } from "./chi_square_fixture.ts";
import { RandomStream } from "./random.ts";

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
  const first = (item: number): number => new RandomStream(1, 0, item).uniform();
  const even = evenShares(outcomesFrom(0, 99));
  assertShares(countOutcomes(100_000, (item) => Math.floor(first(item) * 100)), even);
  assertShares(
    countOutcomes(100_000, (i) => Math.floor(first(2 * i) * 10) * 10 + Math.floor(first(2 * i + 1) * 10)),
    even,
  );
});

Deno.test("RandomStream.integer() covers its range evenly, ends included", () => {
  const random = new RandomStream(7);
  assertShares(countOutcomes(70_000, () => random.integer(-3, 3)), evenShares(outcomesFrom(-3, 3)));
  throws(() => random.integer(3, 2), RangeError);
});

Deno.test("RandomStream.shuffle() gives every order equally often", () => {
  const orders = [0, 1, 2, 3].flatMap((a) =>
    [0, 1, 2, 3].flatMap((b) => [0, 1, 2, 3].map((c) => [a, b, c, 6 - a - b - c]))
  ).filter((order) => new Set(order).size === 4 && order.every((value) => value >= 0 && value < 4));
  assertShares(
    countOutcomes(24_000, (item) => new RandomStream(3, 1, item).shuffle(Int32Array.of(0, 1, 2, 3)).join()),
    evenShares(orders.map((order) => order.join())),
  );
});
