import assert from "node:assert/strict";
import type { DatasetItem } from "./building/page_items.ts";
import { countTrainingIds, UnigramBaseline } from "./unigram_baseline.ts";

Deno.test("countTrainingIds() counts words and one for each mention", () => {
  const items: DatasetItem[] = [
    { pageId: -1, wordIds: [4, 4, 2], entities: [{ id: 3, start: 0, length: 2 }] },
    { pageId: 1, wordIds: [4], entities: [] },
  ];
  const item = (index: number): DatasetItem => items[index] ?? assert.fail();
  const counts = countTrainingIds({ size: 2, item }, 5, 4);
  assert.deepEqual(counts.words, new Float64Array([0, 0, 1, 0, 3]));
  assert.deepEqual(counts.entities, new Float64Array([0, 0, 0, 1]));
});

Deno.test("UnigramBaseline is add-one smoothed and its probabilities add up to 1", () => {
  const baseline = new UnigramBaseline(new Float64Array([0, 5, 1, 5]));
  assert.ok(Math.abs(baseline.loss(0) + Math.log(1 / 15)) < 1e-12);
  assert.ok(Math.abs(baseline.loss(1) + Math.log(6 / 15)) < 1e-12);
  const total = [0, 1, 2, 3].reduce((sum, id) => sum + Math.exp(-baseline.loss(id)), 0);
  assert.ok(Math.abs(total - 1) < 1e-12);
  assert.equal(baseline.mostFrequent, 1);
});
