import { deepEqual, equal, ok } from "node:assert/strict";
import { fits, type LukeBatch } from "@lukeforge/model";
import fc from "fast-check";
import { batchCapacity, collate, type MaskedItem, MaskingCollator } from "../masking/masking_collator.ts";
import { maskingTables } from "../masking/masking_tables.ts";
import { packedCapacity, packItems, type RowLimits, rowLimits } from "./packing.ts";
import type { DatasetItem, ItemEntity } from "../building/page_items.ts";

const PAD = 1;
const collator = new MaskingCollator(
  maskingTables({
    vocabSize: 60,
    padId: PAD,
    clsId: 0,
    sepId: 2,
    maskId: 3,
    isSubword: (id) => id % 3 === 0,
  }),
  { size: 30, maskId: 2 },
  { maskedLmProb: 0.3, maskedEntityProb: 0.5, randomEntityProb: 0.3 },
);
const MOST = {
  longest_item: 12,
  most_entities: 4,
  longest_mention: 3,
  total_words: 650,
  total_entities: 200,
};

const itemArbitrary: fc.Arbitrary<DatasetItem> = fc.array(fc.integer({ min: 4, max: 59 }), {
  minLength: 1,
  maxLength: MOST.longest_item,
}).chain((wordIds) =>
  fc.array(
    fc.record({
      id: fc.integer({ min: 3, max: 29 }),
      start: fc.nat(wordIds.length - 1),
      length: fc.integer({ min: 1, max: MOST.longest_mention }),
    }).map((entity) => ({ ...entity, length: Math.min(entity.length, wordIds.length - entity.start) })),
    { maxLength: MOST.most_entities },
  ).map((entities) => ({ pageId: -1, wordIds, entities }))
);

function maskAll(items: readonly DatasetItem[]): MaskedItem[] {
  return items.map((item, i) => collator.maskItem(item, { seed: 1, epoch: 0, item: i }));
}

/** The items of a batch as text, with what is to be predicted where, sorted. */
function itemsOf(batch: LukeBatch): string[] {
  const { rows, words, entities, mentionLength } = batch;
  const labels = (places: Int32Array, ids: Int32Array, place: number): number | undefined =>
    places.includes(place) ? ids[places.indexOf(place)] : undefined;
  const items: unknown[] = [];
  for (let row = 0; row < rows; row++) {
    const most = Math.max(...batch.wordAttentionMask.subarray(row * words, (row + 1) * words));
    for (let number = 1; number <= most; number++) {
      const item = { words: [] as unknown[], entities: [] as unknown[] };
      for (let place = row * words; place < (row + 1) * words; place++) {
        if (batch.wordAttentionMask[place] !== number) continue;
        item.words.push([
          batch.wordIds[place],
          labels(batch.maskedWordPositions, batch.maskedWordLabels, place),
        ]);
      }
      for (let place = row * entities; place < (row + 1) * entities; place++) {
        if (batch.entityAttentionMask[place] !== number) continue;
        item.entities.push([
          batch.entityIds[place],
          labels(batch.maskedEntityPositions, batch.maskedEntityLabels, place),
          [...batch.entityPositionIds.subarray(place * mentionLength, (place + 1) * mentionLength)]
            .filter((position) => position >= 0),
        ]);
      }
      items.push(item);
    }
  }
  return items.map((item) => JSON.stringify(item)).sort();
}

Deno.test("packItems() keeps every item whole, in rows within their limits, no more rows than items", () => {
  fc.assert(
    fc.property(
      fc.array(itemArbitrary, { maxLength: 9 }),
      fc.record({ words: fc.integer({ min: 0, max: 40 }), entities: fc.constantFrom(0, 2, 5, 99) }),
      (items, { words, entities }) => {
        const masked = maskAll(items);
        const limits: RowLimits = { ...rowLimits(MOST, {}, words), entities };
        const batch = packItems(masked, limits, PAD);
        deepEqual(itemsOf(batch), itemsOf(collate(masked, PAD)));
        deepEqual(packItems(masked, limits, PAD), batch);
        ok(batch.words <= limits.words);
        ok(batch.entities <= Math.max(entities, MOST.most_entities));
        ok(fits(batch, packedCapacity(batchCapacity(MOST, items.length, collator.options), limits)));
        // First fit: what begins a row had no room in the one before.
        const attended = batch.wordAttentionMask.filter((item) => item > 0).length;
        if (entities === 99) ok(batch.rows <= 1 + 2 * attended / limits.words);
      },
    ),
  );
});

Deno.test("rowLimits() are those of the longest item, entities grow with the words of wider rows", () => {
  deepEqual(rowLimits(MOST), { words: 14, entities: 7 });
  deepEqual(rowLimits({ ...MOST, total_entities: 20 }, {}, 9), { words: 14, entities: 4 });
  deepEqual(rowLimits(MOST, {}, 65), { words: 65, entities: 30 });
  deepEqual(rowLimits(MOST, { wordOnlyTraining: true }, 65), { words: 65, entities: 0 });
  const nothing = {
    longest_item: 0,
    most_entities: 0,
    longest_mention: 0,
    total_words: 0,
    total_entities: 0,
  };
  deepEqual(rowLimits(nothing), { words: 3, entities: 0 });
});

Deno.test("packItems() fills rows with the longest items first and opens a row where entities are too many", () => {
  const entity: ItemEntity = { id: 5, start: 0, length: 1 };
  const item = (words: number, entities: number): DatasetItem => ({
    pageId: -1,
    wordIds: new Array<number>(words).fill(7),
    entities: new Array<ItemEntity>(entities).fill(entity),
  });
  const rowsOf = (items: readonly DatasetItem[], entities: number): string[] => {
    const batch = packItems(maskAll(items), { words: 14, entities }, PAD);
    return Array.from(
      { length: batch.rows },
      (_, row) => batch.wordAttentionMask.subarray(row * batch.words, (row + 1) * batch.words).join(""),
    );
  };
  const items = [item(2, 2), item(12, 0), item(5, 1), item(3, 2)];
  deepEqual(rowsOf(items, 9), ["11111111111111", "11111112222200", "11110000000000"]);
  deepEqual(rowsOf(items, 2), ["11111111111111", "11111110000000", "11111000000000", "11110000000000"]);
  deepEqual(rowsOf([], 9), []);
  // An item beyond the limits has a row of its own.
  equal(packItems(maskAll([item(12, 3), item(1, 0)]), { words: 5, entities: 1 }, PAD).rows, 2);
});
