import assert from "node:assert/strict";
import { MaskingCollator } from "./masking_collator.ts";
import { maskingTables } from "./masking_tables.ts";
import type { DatasetItem } from "./page_items.ts";
import { PretrainingSource } from "./pretraining_source.ts";

const tokenizer = { vocabSize: 100, padId: 0, clsId: 2, sepId: 3, maskId: 4, isSubword: () => false };
const dataset = {
  size: 7,
  item: (index: number): DatasetItem => ({
    pageId: -1,
    wordIds: Array.from({ length: 20 }, (_, i) => 10 + index * 10 + i % 10),
    entities: [{ id: 3 + index, start: index, length: 2 }],
  }),
};
const source = (seed: number): PretrainingSource =>
  new PretrainingSource(
    dataset,
    new MaskingCollator(maskingTables(tokenizer), { size: 20, maskId: 2 }),
    seed,
  );

Deno.test("PretrainingSource visits every item once an epoch, in another order each epoch", () => {
  const order = (epoch: number): number[] =>
    Array.from({ length: 7 }, (_, place) => source(1).itemAt(epoch, place));
  const orders = [0, 1, 2, 3].map(order);
  for (const items of orders) assert.deepEqual([...items].sort(), [0, 1, 2, 3, 4, 5, 6]);
  assert.ok(new Set(orders.map(String)).size > 1);
});

Deno.test("PretrainingSource masks by seed, epoch and item, whatever was drawn before", () => {
  const [used, fresh] = [source(1), source(1)];
  for (let epoch = 0; epoch < 3; epoch++) {
    used.microBatch([{ epoch, item: used.itemAt(epoch, 2) }, { epoch, item: 1 }]);
  }
  const draws = [{ epoch: 3, item: 4 }, { epoch: 4, item: 0 }];
  assert.deepEqual(used.microBatch(draws), fresh.microBatch(draws));
  assert.notDeepEqual(fresh.microBatch(draws), source(2).microBatch(draws));
  assert.notDeepEqual(
    fresh.microBatch(draws),
    fresh.microBatch(draws.map(({ item }) => ({ epoch: 0, item }))),
  );
});
