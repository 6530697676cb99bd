import assert from "node:assert/strict";
import type { ItemLengths } from "../dataset/dataset_index.ts";
import { type ItemDraw, ItemOrder } from "./item_order.ts";
import { LengthGroups } from "./length_groups.ts";

const ITEMS = 3000;
const lengths = (item: number): ItemLengths => ({ words: 5 + item * 7919 % 500, entities: item * 31 % 20 });
const groupsOf = (batchSize: number, microBatchSize: number, seed = 4, read = lengths): LengthGroups =>
  new LengthGroups(new ItemOrder([ITEMS], seed), read, { seed, batchSize, microBatchSize });
const keys = (draws: readonly ItemDraw[]): string[] => draws.map(({ epoch, item }) => `${epoch}/${item}`);
/** Rows times the longest row, over all words: 1 is no padding. */
const padding = (microBatches: readonly (readonly ItemDraw[])[]): number => {
  const words = microBatches.map((draws) => draws.map(({ item }) => lengths(item).words));
  return words.reduce((sum, row) => sum + row.length * Math.max(...row), 0) /
    words.flat().reduce((a, b) => a + b);
};

Deno.test("LengthGroups keeps the items of an update that has several micro-batches", () => {
  const groups = groupsOf(32, 4), order = new ItemOrder([ITEMS], 4);
  for (const step of [0, 1, 93, 94, 12_345]) {
    const microBatches = Array.from({ length: 8 }, (_, microStep) => groups.draws(step, microStep));
    const plain = Array.from({ length: 32 }, (_, i) => order.at(step * 32 + i));
    assert.deepEqual(keys(microBatches.flat()).sort(), keys(plain).sort());
    assert.ok(padding(microBatches) < 1.2, `${padding(microBatches)}`);
  }
});

Deno.test("LengthGroups groups the items of 64 updates of a single micro-batch, in no order of length", () => {
  const groups = groupsOf(8, 8), order = new ItemOrder([ITEMS], 4);
  for (const window of [0, 5, 1000]) {
    const microBatches = Array.from({ length: 64 }, (_, i) => groups.draws(64 * window + i, 0));
    const plain = Array.from({ length: 512 }, (_, i) => order.at(512 * window + i));
    assert.deepEqual(keys(microBatches.flat()).sort(), keys(plain).sort());
    assert.ok(padding(microBatches) < 1.05, `${padding(microBatches)}`);
    const longest = microBatches.map((draws) => Math.max(...draws.map(({ item }) => lengths(item).words)));
    const rises = longest.slice(1).filter((words, i) => words > (longest[i] ?? 0)).length;
    assert.ok(rises > 20 && rises < 43, `${rises}`);
  }
});

Deno.test("LengthGroups begins anywhere after one window's lengths, and as a run that came there", () => {
  let read = 0;
  const counting = (item: number): ItemLengths => {
    read++;
    return lengths(item);
  };
  const far = groupsOf(8, 8, 4, counting).draws(1e9, 0);
  assert.equal(far.length, 8);
  assert.equal(read, 512);
  const straight = groupsOf(8, 8);
  for (let step = 0; step < 200; step++) {
    const draws = straight.draws(step, 0);
    if (step % 37 === 0) assert.deepEqual(draws, groupsOf(8, 8).draws(step, 0));
  }
  assert.notDeepEqual(straight.draws(3, 0), groupsOf(8, 8, 5).draws(3, 0));
});
