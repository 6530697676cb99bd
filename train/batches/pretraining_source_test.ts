import assert from "node:assert/strict";
import { MaskingCollator } from "../masking/masking_collator.ts";
import { maskingTables } from "../masking/masking_tables.ts";
import type { DatasetItem } from "../building/page_items.ts";
import { Permutation } from "./permutation.ts";
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
const collator = new MaskingCollator(maskingTables(tokenizer), { size: 20, maskId: 2 });
const source = (seed: number): PretrainingSource =>
  new PretrainingSource(dataset, collator, { seed, batchSize: 4, microBatchSize: 2 });

Deno.test("PretrainingSource takes its items pass after pass, each in its own order, masked by seed, epoch and item", () => {
  const orders = [0, 1, 2, 3].map((epoch) => new Permutation(7, 1, epoch));
  for (let microBatch = 0; microBatch < 14; microBatch++) {
    const expected = [2 * microBatch, 2 * microBatch + 1].map((draw) => {
      const epoch = Math.floor(draw / 7);
      const item = orders[epoch]?.at(draw % 7) ?? NaN;
      return collator.maskItem(dataset.item(item), { seed: 1, epoch, item });
    });
    const batch = source(1).microBatch(Math.floor(microBatch / 2), microBatch % 2);
    assert.deepEqual(batch, collator.collate(expected));
  }
});

Deno.test("PretrainingSource gives a micro-batch by its place alone, whatever was drawn before", () => {
  const used = source(1);
  for (let step = 0; step < 6; step++) used.microBatch(step, step % 2);
  assert.deepEqual(used.microBatch(3, 1), source(1).microBatch(3, 1));
  assert.notDeepEqual(used.microBatch(3, 1), source(2).microBatch(3, 1));
  assert.notDeepEqual(used.microBatch(3, 1), used.microBatch(3, 0));
});

Deno.test("PretrainingSource packs the items of a micro-batch into rows within the recipe's limits", () => {
  const recipe = { seed: 1, batchSize: 6, microBatchSize: 3 };
  const pack = { words: 44, entities: 2 };
  const apart = new PretrainingSource(dataset, collator, recipe);
  const packed = new PretrainingSource(dataset, collator, { ...recipe, pack });
  for (const [step, microStep] of [[0, 0], [2, 1], [9, 0]] as const) {
    const [one, other] = [apart.microBatch(step, microStep), packed.microBatch(step, microStep)];
    assert.deepEqual([one.rows, other.rows], [3, 2]);
    assert.deepEqual(other.maskedWordLabels.toSorted(), one.maskedWordLabels.toSorted());
    assert.deepEqual(other.maskedEntityLabels.toSorted(), one.maskedEntityLabels.toSorted());
  }
});
