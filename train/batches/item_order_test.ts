import assert from "node:assert/strict";
import { type ItemDraw, ItemOrder } from "./item_order.ts";
import { Permutation } from "./permutation.ts";

const draws = (order: ItemOrder, first: number, count: number): ItemDraw[] =>
  Array.from({ length: count }, (_, i) => order.at(first + i));

Deno.test("ItemOrder of one data set is its passes, one permutation after the other", () => {
  const order = new ItemOrder([7], 3);
  const expected = [0, 1, 2].flatMap((epoch) => {
    const permutation = new Permutation(7, 3, epoch);
    return Array.from({ length: 7 }, (_, place) => ({ epoch, item: permutation.at(place) }));
  });
  assert.deepEqual(draws(order, 0, 21), expected);
  assert.deepEqual(new ItemOrder([7], 3, 0).at(20), expected[20], "smoothing changes nothing");
});

Deno.test("ItemOrder goes through each of several data sets pass by pass, no item missing or twice", () => {
  for (const smoothing of [0, 0.7, 1]) {
    const sizes = [40, 1, 300, 40];
    const order = new ItemOrder(sizes, 9, smoothing);
    const passes = new Map<number, number>();
    const seen = new Map<string, number>();
    let first = 0;
    const datasetOf = Array.from({ length: order.items }, (_, item) => {
      if (item >= first + (sizes[0] ?? 0)) first += sizes.shift() ?? 0;
      return first;
    });
    for (const { epoch, item } of draws(order, 0, 20_000)) {
      const dataset = datasetOf[item] ?? NaN;
      assert.ok(epoch === (passes.get(dataset) ?? 0) || epoch === (passes.get(dataset) ?? 0) + 1);
      passes.set(dataset, epoch);
      const key = `${epoch}/${item}`;
      assert.ok(!seen.has(key), `item ${item} twice in pass ${epoch}`);
      seen.set(key, item);
    }
    // All passes but the last are whole.
    const last = new Map([...passes]);
    for (const [item, dataset] of datasetOf.entries()) {
      for (let epoch = 0; epoch < (last.get(dataset) ?? 0); epoch++) assert.ok(seen.has(`${epoch}/${item}`));
    }
  }
});

Deno.test("ItemOrder gives data sets of one size different orders", () => {
  const order = new ItemOrder([100, 100], 1, 1);
  const all = draws(order, 0, 4096);
  const pass = (first: number): number[] =>
    all.filter(({ epoch, item }) => epoch === 0 && item >= first && item < first + 100).map(({ item }) =>
      item - first
    );
  assert.notDeepEqual(pass(0), pass(100));
  assert.deepEqual(pass(0).toSorted(), pass(100).toSorted());
});

Deno.test("ItemOrder is at any draw at once: far into a run, and as a run resumed there goes on", () => {
  const sizes = Array.from({ length: 24 }, (_, i) => Math.round(10 ** (3 + 4 * i / 23)));
  // Whoever went through the draws before would not come back.
  const far = draws(new ItemOrder(sizes, 2), 1e9 * 2048, 4);
  assert.ok(far.every(({ epoch }) => epoch > 1000));
  const straight = draws(new ItemOrder(sizes, 2), 0, 20_000);
  for (const start of [1, 4095, 4096, 4097, 12_345]) {
    assert.deepEqual(draws(new ItemOrder(sizes, 2), start, 100), straight.slice(start, start + 100));
  }
});
