import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { assertShares, countOutcomes, evenShares, outcomesFrom } from "../chi_square_fixture.ts";
import { Permutation } from "./permutation.ts";

Deno.test("Permutation visits every item once, for every size, seed and epoch", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 3000 }), fc.nat(), fc.nat(50), (size, seed, epoch) => {
    const permutation = new Permutation(size, seed, epoch);
    const seen = new Uint8Array(size);
    for (let place = 0; place < size; place++) seen[permutation.at(place)] = 1;
    equal(seen.every((mark) => mark === 1), true);
  }));
});

Deno.test("Permutation is the same for equal keys and another for another epoch", () => {
  const order = (seed: number, epoch: number): number[] => {
    const permutation = new Permutation(1000, seed, epoch);
    return Array.from({ length: 1000 }, (_, place) => permutation.at(place));
  };
  deepEqual(order(5, 2), order(5, 2));
  for (const [seed, epoch] of [[5, 3], [6, 2]] as const) {
    const same = order(seed, epoch).filter((item, place) => item === order(5, 2)[place]).length;
    equal(same < 10, true); // one fixed point is expected
  }
});

Deno.test("Permutation puts every item everywhere equally often", () => {
  const size = 10;
  for (let place = 0; place < size; place++) {
    const counts = countOutcomes(20_000, (epoch) => new Permutation(size, 11, epoch).at(place));
    assertShares(counts, evenShares(outcomesFrom(0, size - 1)));
  }
});

Deno.test("Permutation reaches into tables of any length", () => {
  const size = 2 ** 40 + 12345;
  const permutation = new Permutation(size, 1);
  const places = [0, 1, 2 ** 33, size - 1].map((place) => permutation.at(place));
  equal(new Set(places).size, 4);
  equal(places.every((item) => Number.isInteger(item) && item >= 0 && item < size), true);
  throws(() => permutation.at(size), RangeError);
  throws(() => new Permutation(-1, 0), RangeError);
});
