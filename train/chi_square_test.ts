import { ok, throws } from "node:assert/strict";
import {
  assertSameShares,
  assertShares,
  chiSquareTail,
  countOutcomes,
  evenShares,
  outcomesFrom,
} from "./chi_square_fixture.ts";
import { RandomStream } from "./random.ts";

Deno.test("chiSquareTail() agrees with closed forms and tables", () => {
  const close = (value: number, expected: number, tolerance = 1e-10): void =>
    ok(Math.abs(value / expected - 1) < tolerance, `${value} is not ${expected}`);
  for (const x of [0.01, 0.5, 2, 7, 30, 200]) {
    close(chiSquareTail(x, 2), Math.exp(-x / 2));
    close(chiSquareTail(x, 4), Math.exp(-x / 2) * (1 + x / 2));
    close(chiSquareTail(x, 6), Math.exp(-x / 2) * (1 + x / 2 + x * x / 8));
  }
  close(chiSquareTail(3.841458820694124, 1), 0.05, 1e-9);
  close(chiSquareTail(22.457744484825323, 6), 0.001, 1e-9);
  close(chiSquareTail(148.2303591720106, 99), 0.001, 1e-5);
});

Deno.test("assertShares() and assertSameShares() refuse a die that is a little wrong", () => {
  const random = new RandomStream(1);
  const fair = (): number => random.integer(1, 6);
  const loaded = (): number => random.uniform() < 0.03 ? 6 : fair();
  const even = evenShares(outcomesFrom(1, 6));
  assertShares(countOutcomes(20_000, fair), even);
  assertSameShares(countOutcomes(20_000, fair), countOutcomes(40_000, fair));
  throws(() => assertShares(countOutcomes(20_000, loaded), even), /chi-square/);
  throws(() => assertSameShares(countOutcomes(20_000, fair), countOutcomes(40_000, loaded)), /chi-square/);
  throws(() => assertShares({ 7: 1 }, even), /cannot be/);
});
