import assert from "node:assert/strict";
import { normalArray, uniformGenerator } from "./random_normal.ts";

const COUNT = 2 ** 18;

/** Moments 1 to 4 about zero. */
function moments(values: Float32Array): number[] {
  return [1, 2, 3, 4].map((power) => values.reduce((sum, value) => sum + value ** power, 0) / values.length);
}

Deno.test("normalArray() has the mean, variance, skewness and kurtosis of a normal distribution", () => {
  for (const seed of [0, 1, 42, 0xffffffff]) {
    const [mean = NaN, variance = NaN, third = NaN, fourth = NaN] = moments(normalArray(COUNT, 1, seed));
    // Five standard errors of each sample moment: √(var(xᵏ) / n) with var 1, 2, 15, 96.
    const within = (value: number, expected: number, spread: number): void =>
      assert.ok(Math.abs(value - expected) < 5 * Math.sqrt(spread / COUNT), `seed ${seed}: ${value}`);
    within(mean, 0, 1);
    within(variance, 1, 2);
    within(third, 0, 15);
    within(fourth, 3, 96);
  }
});

Deno.test("normalArray() scales with the deviation and has tails", () => {
  const unit = normalArray(COUNT, 1, 7);
  const small = normalArray(COUNT, 0.02, 7);
  for (let i = 0; i < COUNT; i += 1009) {
    assert.ok(Math.abs((small[i] ?? NaN) - 0.02 * (unit[i] ?? NaN)) < 1e-8);
  }
  const beyond3 = unit.filter((value) => Math.abs(value) > 3).length / COUNT;
  assert.ok(Math.abs(beyond3 - 0.0027) < 5 * Math.sqrt(0.0027 / COUNT));
  assert.ok(unit.every(Number.isFinite));
});

Deno.test("normalArray() gives the same numbers for a seed, others for another, and prefixes agree", () => {
  assert.deepEqual(normalArray(1001, 0.02, 3), normalArray(1001, 0.02, 3));
  assert.notDeepEqual(normalArray(1001, 0.02, 3), normalArray(1001, 0.02, 4));
  assert.deepEqual(normalArray(7, 1, 3), normalArray(1001, 1, 3).slice(0, 7));
  assert.equal(normalArray(0, 1, 3).length, 0);
});

Deno.test("normalArray() of neighbouring seeds and neighbouring numbers is uncorrelated", () => {
  const [a, b] = [normalArray(COUNT, 1, 10), normalArray(COUNT, 1, 11)];
  let [across, along] = [0, 0];
  for (let i = 0; i < COUNT - 1; i++) {
    across += (a[i] ?? 0) * (b[i] ?? 0);
    along += (a[i] ?? 0) * (a[i + 1] ?? 0);
  }
  for (const sum of [across, along]) assert.ok(Math.abs(sum / COUNT) < 5 / Math.sqrt(COUNT));
});

Deno.test("uniformGenerator() fills (0, 1) evenly", () => {
  const uniform = uniformGenerator(5);
  const bins = new Uint32Array(256);
  for (let i = 0; i < COUNT; i++) {
    const value = uniform();
    assert.ok(value > 0 && value < 1);
    bins[Math.floor(value * bins.length)] = (bins[Math.floor(value * bins.length)] ?? 0) + 1;
  }
  const expected = COUNT / bins.length;
  const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 255 degrees of freedom: mean 255, deviation 22.6.
  assert.ok(Math.abs(chiSquare - 255) < 5 * 22.6, `χ² ${chiSquare}`);
});
