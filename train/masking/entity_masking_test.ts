import { deepEqual, equal, ok } from "node:assert/strict";
import { assertShares, countOutcomes, evenShares, outcomesFrom } from "../chi_square_fixture.ts";
import { type MaskedItem, MaskingCollator } from "./masking_collator.ts";
import type { MaskingOptions } from "./masking_options.ts";
import { maskingTables } from "./masking_tables.ts";
import type { ItemEntity } from "../building/page_items.ts";

const tables = maskingTables({
  vocabSize: 1000,
  padId: 0,
  clsId: 2,
  sepId: 3,
  maskId: 4,
  isSubword: () => false,
});
// Ids: 0 [PAD], 1 [UNK], 2 [MASK].
const vocab = { size: 20, maskId: 2 };
const words = outcomesFrom(10, 40);

/** Entities of two words each, one behind the other. */
function mentions(ids: readonly number[]): ItemEntity[] {
  return ids.map((id, i) => ({ id, start: 3 * i, length: 2 }));
}

function masker(ids: readonly number[], options: MaskingOptions): (index: number) => MaskedItem {
  const collator = new MaskingCollator(tables, vocab, options);
  const item = { pageId: -1, wordIds: words, entities: mentions(ids) };
  return (index) => collator.maskItem(item, { seed: 42, epoch: 0, item: index });
}

Deno.test("MaskingCollator chooses max(1, round(m × probability)) entities, halves to the even number", () => {
  const expected = { 1: 1, 3: 1, 4: 1, 9: 1, 10: 2, 13: 2, 16: 2, 17: 3, 30: 4, 50: 8, 128: 19 };
  for (const [m, chosen] of Object.entries(expected)) {
    const masked = masker(new Array(Number(m)).fill(5), {})(0);
    equal(masked.maskedEntityIndices.length, chosen, `${m} entities`);
  }
  for (const [m, chosen] of [[0, 0], [1, 1], [3, 2], [5, 2], [7, 4]] as const) {
    equal(masker(new Array(m).fill(5), { maskedEntityProb: 0.5 })(0).maskedEntityIndices.length, chosen);
  }
});

Deno.test("MaskingCollator chooses every set of entities equally often", () => {
  const mask = masker([5, 6, 7, 8, 9], { maskedEntityProb: 0.4 });
  const pairs = [0, 1, 2, 3, 4].flatMap((a) => outcomesFrom(a + 1, 4).map((b) => `${a},${b}`));
  const counts = countOutcomes(20_000, (index) => [...mask(index).maskedEntityIndices].sort().join());
  assertShares(counts, evenShares(pairs));
});

Deno.test("MaskingCollator shows [MASK], a random entity or the entity by their probabilities", () => {
  const mask = masker([7], { randomEntityProb: 0.3, unmaskedEntityProb: 0.2 });
  const counts = countOutcomes(20_000, (index) => {
    const id = mask(index).entities[0]?.id;
    return id === vocab.maskId ? "mask" : id === 7 ? "entity" : "random";
  });
  // Of the 17 random entities one is the entity itself.
  assertShares(counts, { mask: 0.5, random: 0.3 * 16 / 17, entity: 0.2 + 0.3 / 17 });
  const always = masker([7], {});
  for (let index = 0; index < 200; index++) equal(always(index).entities[0]?.id, vocab.maskId);
});

Deno.test("MaskingCollator draws random entities evenly from behind [MASK] to the last", () => {
  const mask = masker([1], { randomEntityProb: 1 });
  assertShares(
    countOutcomes(20_000, (index) => mask(index).entities[0]?.id ?? -1),
    evenShares(outcomesFrom(vocab.maskId + 1, vocab.size - 1)),
  );
});

Deno.test("MaskingCollator's entity labels are the ids that stood there, [UNK] included", () => {
  const ids = [1, 5, 1, 9, 12];
  const mask = masker(ids, { maskedEntityProb: 0.6, randomEntityProb: 0.4, unmaskedEntityProb: 0.4 });
  let unknown = 0;
  for (let index = 0; index < 200; index++) {
    const masked = mask(index);
    deepEqual(masked.maskedEntityLabels, masked.maskedEntityIndices.map((entity) => ids[entity]));
    unknown += masked.maskedEntityLabels.filter((id) => id === 1).length;
    deepEqual(
      masked.entities.map(({ start, length }) => [start, length]),
      mentions(ids).map(({ start, length }) => [start + 1, length]),
    );
    masked.entities.forEach(({ id }, entity) => {
      if (!masked.maskedEntityIndices.includes(entity)) equal(id, ids[entity]);
    });
  }
  ok(unknown > 100);
});

Deno.test("MaskingCollator hands the words of chosen entities on, whatever becomes of the entity", () => {
  const mask = masker([5, 6, 7], {
    maskWordsInEntitySpan: true,
    randomEntityProb: 0.3,
    unmaskedEntityProb: 0.4,
  });
  const seen = new Set<string>();
  for (let index = 0; index < 200; index++) {
    const { entities, maskedEntityIndices: [chosen = -1], maskedWordPositions } = mask(index);
    const { id = 0, start = 0 } = entities[chosen] ?? {};
    seen.add(id === vocab.maskId ? "mask" : id === 5 + chosen ? "entity" : "random");
    ok([start, start + 1].every((position) => maskedWordPositions.includes(position)));
  }
  equal(seen.size, 3);
});

Deno.test("MaskingCollator with masked entity probability 0 leaves entities and the words of their mentions", () => {
  const masked = masker([5, 6], { maskedEntityProb: 0, maskWordsInEntitySpan: true, maskedLmProb: 0.03 })(0);
  deepEqual([masked.maskedEntityIndices, masked.maskedEntityLabels], [[], []]);
  deepEqual(masked.entities.map(({ id }) => id), [5, 6]);
  equal(masked.maskedWordPositions.length, 1);
});

Deno.test("MaskingCollator masks no entity of a vocabulary without entities at random", () => {
  const collator = new MaskingCollator(tables, { size: 3, maskId: 2 }, { randomEntityProb: 1 });
  const item = { pageId: -1, wordIds: words, entities: mentions([1]) };
  equal(collator.maskItem(item, { seed: 0, epoch: 0, item: 0 }).entities[0]?.id, 2);
});
