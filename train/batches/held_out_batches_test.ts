import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { fits, type LukeBatch } from "@lukeforge/model";
import { heldOutCapacity, heldOutEntityBatches, heldOutWordBatches } from "./held_out_batches.ts";
import { maskingTables } from "../masking/masking_tables.ts";
import type { DatasetItem } from "../building/page_items.ts";

const tables = maskingTables({
  vocabSize: 1000,
  padId: 0,
  clsId: 2,
  sepId: 3,
  maskId: 4,
  isSubword: (): boolean => false,
});
const vocab = { size: 500, maskId: 2 };

// Item i has 20 + i words and i % 4 mentions with ids 10 i, 10 i + 1, …
const items: DatasetItem[] = Array.from({ length: 11 }, (_, i) => ({
  pageId: -1,
  wordIds: Array.from({ length: 20 + i }, (_, word) => 100 + word),
  entities: Array.from({ length: i % 4 }, (_, e) => ({ id: 10 * i + e, start: 3 * e, length: 2 })),
}));
const source = {
  size: items.length,
  item: (index: number): DatasetItem => items[index] ?? items[0] ?? fail(),
};
const capacity = heldOutCapacity({ longest_item: 30, most_entities: 3, longest_mention: 2 }, 4);

function fail(): never {
  throw new Error("no items");
}

Deno.test("heldOutEntityBatches() masks every mention once and no word", () => {
  const labels: number[] = [];
  for (const batch of heldOutEntityBatches(source, tables, vocab, 4)) {
    ok(fits(batch, capacity));
    equal(batch.maskedEntityLabels.length, batch.rows);
    equal(batch.maskedWordLabels.length, 0);
    equal(batch.wordIds.includes(tables.maskId), false);
    equal(batch.entityIds.filter((id) => id === vocab.maskId).length, batch.rows);
    for (const position of batch.maskedEntityPositions) equal(batch.entityIds[position], vocab.maskId);
    labels.push(...batch.maskedEntityLabels);
  }
  const expected = items.flatMap((item) => item.entities.map((entity) => entity.id));
  deepEqual(labels.toSorted((a, b) => a - b), expected.toSorted((a, b) => a - b));
});

Deno.test("heldOutWordBatches() masks the words of all items, differently in each draw, the same every time", () => {
  const run = (): LukeBatch[] => [...heldOutWordBatches(source, tables, vocab, { rows: 4, draws: 3 })];
  const batches = run();
  deepEqual(batches.map((batch) => batch.rows), [4, 4, 3, 4, 4, 3, 4, 4, 3]);
  deepEqual(run(), batches);
  notDeepEqual(batches[0]?.maskedWordPositions, batches[3]?.maskedWordPositions);
  for (const batch of batches) {
    ok(fits(batch, capacity));
    ok(batch.maskedWordLabels.length > 0);
    equal(batch.maskedEntityLabels.length, 0);
    equal(batch.entityIds.includes(vocab.maskId), false);
  }
});
