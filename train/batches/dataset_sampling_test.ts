import assert from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import { BLOCK_DRAWS, DatasetSampling } from "./dataset_sampling.ts";

/** 24 data sets from 10^3 to 10^7 items. */
const SIZES = Array.from({ length: 24 }, (_, i) => Math.round(10 ** (3 + 4 * i / 23)));
const CYCLE = 1024 * BLOCK_DRAWS;

function shares(sizes: readonly number[], smoothing: number): number[] {
  const weights = sizes.map((size) => size ** smoothing);
  return weights.map((weight) => weight / weights.reduce((a, b) => a + b));
}

/** Draws of each data set in a block. */
function quotas(sampling: DatasetSampling, block: number, datasets: number): number[] {
  const counts = new Array<number>(datasets).fill(0);
  for (let slot = 0; slot < BLOCK_DRAWS; slot++) {
    const { dataset } = sampling.at(block * BLOCK_DRAWS + slot);
    counts[dataset] = (counts[dataset] ?? 0) + 1;
  }
  return counts;
}

Deno.test("DatasetSampling gives every data set its share: of a block within one, of a cycle rounded", () => {
  for (const [smoothing, blocks] of [[0, 50], [0.3, 50], [0.7, 1024], [1, 50]] as const) {
    const sampling = new DatasetSampling(SIZES, smoothing, 3);
    const expected = shares(SIZES, smoothing);
    const total = new Array<number>(SIZES.length).fill(0);
    for (let block = 0; block < blocks; block++) {
      quotas(sampling, block, SIZES.length).forEach((quota, i) => {
        const share = (expected[i] ?? 0) * BLOCK_DRAWS;
        assert.ok(quota >= 0 && Math.abs(quota - share) < 1 + 1e-3, `block ${block}: ${quota} for ${share}`);
        total[i] = (total[i] ?? 0) + quota;
        const drift = Math.abs((total[i] ?? 0) - share * (block + 1));
        assert.ok(drift < 6, `${drift} draws away after block ${block}`);
      });
    }
    if (blocks < 1024) continue;
    assert.equal(total.reduce((a, b) => a + b), CYCLE);
    total.forEach((draws, i) => assert.ok(Math.abs(draws - (expected[i] ?? 0) * CYCLE) < 1));
    const next = quotas(sampling, 1024 * 5 + 17, SIZES.length);
    assert.deepEqual(next, quotas(sampling, 17, SIZES.length), "cycles are alike");
  }
});

Deno.test("DatasetSampling counts the draws of each data set without a gap, from any draw on", () => {
  const sizes = [1, 50, 3, 1000];
  for (const smoothing of [0, 0.7, 1]) {
    const straight = new DatasetSampling(sizes, smoothing, 1);
    const first = 1023 * BLOCK_DRAWS; // across the end of a cycle
    const next = new Map<number, number>();
    for (let draw = first; draw < first + 3 * BLOCK_DRAWS; draw++) {
      const { dataset, ordinal } = straight.at(draw);
      const expected = next.get(dataset);
      if (expected !== undefined) assert.equal(ordinal, expected);
      next.set(dataset, ordinal + 1);
      if (draw % 1000 === 0) {
        assert.deepEqual(new DatasetSampling(sizes, smoothing, 1).at(draw), { dataset, ordinal });
      }
    }
    const counted = new Map<number, number>();
    const counting = new DatasetSampling(sizes, smoothing, 1);
    for (let draw = 0; draw < 2 * BLOCK_DRAWS; draw++) {
      const { dataset, ordinal } = counting.at(draw);
      assert.equal(ordinal, counted.get(dataset) ?? 0);
      counted.set(dataset, ordinal + 1);
    }
  }
});

Deno.test("DatasetSampling never forgets a data set, however small", () => {
  const sampling = new DatasetSampling([1, 1e9], 1, 0);
  assert.deepEqual(quotas(sampling, 0, 2), [1, BLOCK_DRAWS - 1]);
  for (let block = 1; block < 20; block++) assert.deepEqual(quotas(sampling, block, 2), [0, BLOCK_DRAWS]);
  assert.deepEqual(quotas(sampling, 1024, 2), [1, BLOCK_DRAWS - 1]);
});

Deno.test("DatasetSampling mixes the data sets evenly within blocks, by the seed", () => {
  const sizes = [300, 100];
  const parts = new Array<number>(16).fill(0);
  const sampling = new DatasetSampling(sizes, 1, 5);
  const blocks = 64;
  for (let draw = 0; draw < blocks * BLOCK_DRAWS; draw++) {
    if (sampling.at(draw).dataset !== 1) continue;
    const part = Math.floor(draw % BLOCK_DRAWS / (BLOCK_DRAWS / parts.length));
    parts[part] = (parts[part] ?? 0) + 1;
  }
  const expected = blocks * BLOCK_DRAWS / 4 / parts.length;
  const chiSquare = parts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 15 degrees of freedom, 0.1 %; draws without replacement from quotas of a quarter vary by 3/4 of that.
  assert.ok(chiSquare < 37.7, `${chiSquare}`);
  const order = (seed: number, block: number): string => {
    const other = new DatasetSampling(sizes, 1, seed);
    return Array.from({ length: BLOCK_DRAWS }, (_, slot) => other.at(block * BLOCK_DRAWS + slot).dataset)
      .join("");
  };
  assert.equal(order(5, 1), order(5, 1));
  assert.notEqual(order(5, 1), order(5, 2));
  assert.notEqual(order(5, 1), order(6, 1));
});

Deno.test("DatasetSampling refuses empty data sets and other smoothings", () => {
  assert.throws(() => new DatasetSampling([5, 0], 0.7, 0), UserError);
  assert.throws(() => new DatasetSampling([5, 6], 1.5, 0), /--sampling-smoothing 1\.5/);
});
