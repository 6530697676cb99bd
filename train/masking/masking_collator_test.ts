import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { assertShares, countOutcomes, evenShares, outcomesFrom } from "../chi_square_fixture.ts";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { fits } from "@lukeforge/model";
import { batchCapacity, type MaskedItem, MaskingCollator } from "./masking_collator.ts";
import type { MaskingOptions } from "./masking_options.ts";
import { maskingTables, type MaskingTokenizer } from "./masking_tables.ts";
import type { DatasetItem, ItemEntity } from "../building/page_items.ts";
import { roundHalfEven } from "./round_half_even.ts";

// Ids: 0 [PAD], 1 [UNK], 2 [CLS], 3 [SEP], 4 [MASK]; of the others every third continues a word.
const tokenizer: MaskingTokenizer = {
  vocabSize: 100,
  padId: 0,
  clsId: 2,
  sepId: 3,
  maskId: 4,
  isSubword: (id) => id > 4 && id % 3 === 0,
};
const vocab = { size: 50, maskId: 2 };

function collator(options: MaskingOptions = {}): MaskingCollator {
  return new MaskingCollator(maskingTables(tokenizer), vocab, options);
}

function item(wordIds: readonly number[], entities: readonly ItemEntity[] = []): DatasetItem {
  return { pageId: -1, wordIds, entities };
}

/** n words of one token each. */
function wholeWords(n: number): number[] {
  return Array.from({ length: n }, (_, i) => 10 + (i % 20) * 3);
}

const itemArbitrary: fc.Arbitrary<DatasetItem> = fc.array(fc.integer({ min: 5, max: 99 }), {
  minLength: 1,
  maxLength: 60,
}).chain((words) =>
  fc.array(
    fc.record({
      id: fc.integer({ min: 1, max: 49 }),
      start: fc.nat(words.length - 1),
      length: fc.integer({ min: 1, max: 5 }),
    }).map((entity) => ({ ...entity, length: Math.min(entity.length, words.length - entity.start) })),
    { maxLength: 12 },
  ).map((entities) => item(words, entities))
);

const optionsArbitrary: fc.Arbitrary<MaskingOptions> = fc.record({
  maskedLmProb: fc.constantFrom(0, 0.05, 0.15, 0.5, 1),
  maskedEntityProb: fc.constantFrom(0, 0.15, 0.3, 1),
  wholeWordMasking: fc.boolean(),
  unmaskedWordProb: fc.constantFrom(0, 0.1, 0.5),
  randomWordProb: fc.constantFrom(0, 0.1, 0.5),
  unmaskedEntityProb: fc.constantFrom(0, 0.5),
  randomEntityProb: fc.constantFrom(0, 0.5),
  maskWordsInEntitySpan: fc.boolean(),
  wordOnlyTraining: fc.boolean(),
});

Deno.test("roundHalfEven() rounds as Python", () => {
  const values = [0.5, 1.5, 2.5, 3.5, 2.4, 2.6, 0, 30 * 0.15, 50 * 0.15];
  deepEqual(values.map(roundHalfEven), [0, 2, 2, 4, 2, 3, 0, 4, 8]);
});

Deno.test("MaskingCollator.maskItem() depends on its key and item alone, and changes with the epoch", () => {
  const words = item(wholeWords(100), [{ id: 9, start: 3, length: 2 }, { id: 8, start: 7, length: 1 }]);
  const shared = collator();
  const first = shared.maskItem(words, { seed: 1, epoch: 2, item: 3 });
  shared.maskItem(words, { seed: 1, epoch: 2, item: 4 });
  deepEqual(shared.maskItem(words, { seed: 1, epoch: 2, item: 3 }), first);
  deepEqual(collator().maskItem(words, { seed: 1, epoch: 2, item: 3 }), first);
  for (
    const key of [{ seed: 2, epoch: 2, item: 3 }, { seed: 1, epoch: 3, item: 3 }, {
      seed: 1,
      epoch: 2,
      item: 4,
    }]
  ) {
    ok(JSON.stringify(collator().maskItem(words, key)) !== JSON.stringify(first));
  }
});

/** The words of an item as [start, end), positions with [CLS] at 0. */
function groups(wordIds: ArrayLike<number>): [number, number][] {
  const spans: [number, number][] = [];
  for (let i = 0; i < wordIds.length; i++) {
    const last = spans.at(-1);
    if (last !== undefined && tokenizer.isSubword(wordIds[i] ?? 0)) last[1] = i + 2;
    else spans.push([i + 1, i + 2]);
  }
  return spans;
}

function checkMasked(source: DatasetItem, options: MaskingOptions, masked: MaskedItem): void {
  const words = source.wordIds.length;
  equal(masked.wordIds.length, words + 2);
  equal(masked.wordIds[0], tokenizer.clsId);
  equal(masked.wordIds[words + 1], tokenizer.sepId);
  equal(new Set(masked.maskedWordPositions).size, masked.maskedWordPositions.length);
  masked.maskedWordPositions.forEach((position, i) => {
    ok(position >= 1 && position <= words);
    equal(masked.maskedWordLabels[i], source.wordIds[position - 1]);
  });
  const chosen = new Set(masked.maskedWordPositions);
  for (let i = 0; i < words; i++) if (!chosen.has(i + 1)) equal(masked.wordIds[i + 1], source.wordIds[i]);
  const budget = Math.max(1, roundHalfEven(words * (options.maskedLmProb ?? 0.15)));
  if (options.maskedLmProb === 0) equal(chosen.size, 0);
  else {
    ok(chosen.size >= 1);
    if (!options.maskWordsInEntitySpan) ok(chosen.size <= budget);
    // With the spans out of the way, a whole word is masked or not, unless it is the single one instead of nothing.
    if (options.wholeWordMasking && !options.maskWordsInEntitySpan && chosen.size > 1) {
      for (const [start, end] of groups(source.wordIds)) {
        const inside = masked.maskedWordPositions.filter((position) => position >= start && position < end);
        ok(inside.length === 0 || inside.length === end - start);
      }
    }
    if (!options.wholeWordMasking && !options.maskWordsInEntitySpan) equal(chosen.size, budget);
  }
  const entities = options.wordOnlyTraining ? [] : source.entities;
  equal(masked.entities.length, entities.length);
  const expected = entities.length === 0 || options.maskedEntityProb === 0
    ? 0
    : Math.max(1, roundHalfEven(entities.length * (options.maskedEntityProb ?? 0.15)));
  equal(new Set(masked.maskedEntityIndices).size, expected);
  entities.forEach(({ id, start, length }, index) => {
    equal(masked.entities[index]?.start, start + 1);
    equal(masked.entities[index]?.length, length);
    const at = masked.maskedEntityIndices.indexOf(index);
    if (at < 0) equal(masked.entities[index]?.id, id);
    else {
      equal(masked.maskedEntityLabels[at], id);
      if (options.maskWordsInEntitySpan && options.maskedLmProb !== 0) {
        for (let p = start + 1; p <= start + length; p++) ok(chosen.has(p));
      }
    }
  });
}

Deno.test("MaskingCollator.maskItem() keeps LUKE's invariants for every option", () => {
  fc.assert(
    fc.property(itemArbitrary, optionsArbitrary, fc.nat(), (source, options, seed) => {
      checkMasked(source, options, collator(options).maskItem(source, { seed, epoch: 0, item: 0 }));
    }),
    { numRuns: 400 },
  );
});

Deno.test("MaskingCollator.collate() pads, offsets and flattens", () => {
  const items = [
    item([10, 11], [{ id: 7, start: 0, length: 2 }, { id: 8, start: 1, length: 1 }]),
    item([13, 14, 16, 17]),
  ];
  const keyed = items.map((source, index) => ({ item: source, key: { seed: 0, epoch: 0, item: index } }));
  const batch = collator({ maskedLmProb: 0, maskedEntityProb: 1 }).batch(keyed);
  deepEqual([batch.rows, batch.words, batch.entities, batch.mentionLength], [2, 6, 2, 2]);
  deepEqual([...batch.wordIds], [2, 10, 11, 3, 0, 0, 2, 13, 14, 16, 17, 3]);
  deepEqual([...batch.wordAttentionMask], [1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1]);
  deepEqual([...batch.entityIds], [2, 2, 0, 0]);
  deepEqual([...batch.entityAttentionMask], [1, 1, 0, 0]);
  deepEqual([...batch.entityPositionIds], [1, 2, 2, -1, -1, -1, -1, -1]);
  deepEqual([...batch.maskedWordPositions, ...batch.maskedWordLabels], []);
  deepEqual([...batch.maskedEntityPositions].sort(), [0, 1]);
  deepEqual([...batch.maskedEntityLabels].sort(), [7, 8]);
});

Deno.test("batchCapacity() holds every batch", () => {
  fc.assert(
    fc.property(
      fc.array(itemArbitrary, { minLength: 1, maxLength: 6 }),
      optionsArbitrary,
      fc.nat(),
      (items, options, seed) => {
        const extremes = {
          longest_item: Math.max(...items.map((source) => source.wordIds.length)),
          most_entities: Math.max(...items.map((source) => source.entities.length)),
          longest_mention: Math.max(0, ...items.flatMap((source) => source.entities.map((e) => e.length))),
        };
        const capacity = batchCapacity(extremes, items.length, options);
        const keyed = items.map((source, index) => ({ item: source, key: { seed, epoch: 0, item: index } }));
        ok(fits(collator(options).batch(keyed), capacity));
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("MaskingCollator.maskItem() gives neighbouring items, epochs and seeds unrelated masks", () => {
  // One of eight words is masked: the pairs of two masks are even over 64 cells.
  const source = item(wholeWords(8));
  const options = { maskedLmProb: 0.1 };
  const position = (seed: number, epoch: number, index: number): number =>
    collator(options).maskItem(source, { seed, epoch, item: index }).maskedWordPositions[0] ?? 0;
  const pairs = evenShares(outcomesFrom(1, 8).flatMap((a) => outcomesFrom(1, 8).map((b) => `${a},${b}`)));
  const others: ((i: number) => number)[] = [
    (i) => position(7, 3, i + 1),
    (i) => position(7, 4, i),
    (i) => position(8, 3, i),
    (i) => position(7, i, 3),
    (i) => position(i, 3, 7),
    (i) => position(7, 3, i + 2 ** 16),
  ];
  for (const other of others) {
    // Each item once: with the item after it as its partner, no two pairs overlap.
    const counts = countOutcomes(12_800, (i) => `${position(7, 3, 2 * i)},${other(2 * i)}`);
    assertShares(counts, pairs);
  }
});

Deno.test("MaskingCollator.batch() masks an item equally in any batch, in any order, from cloned tables", () => {
  const sources = Array.from({ length: 6 }, (_, i) => ({
    item: item(wholeWords(20 + 5 * i), [{ id: 9, start: i, length: 2 }, { id: 8, start: 7, length: 1 + i }]),
    key: { seed: 3, epoch: i % 2, item: 100 + i },
  }));
  const alone = sources.map((source) => collator().batch([source]));
  const elsewhere = new MaskingCollator(structuredClone(maskingTables(tokenizer)), structuredClone(vocab));
  for (const order of [[0, 1, 2, 3, 4, 5], [5, 3, 1], [2, 4, 0, 5]]) {
    const batch = elsewhere.batch(order.flatMap((i) => sources[i] ?? []));
    order.forEach((source, row) => {
      const single = alone[source];
      ok(single !== undefined);
      const start = row * batch.words;
      deepEqual(batch.wordIds.slice(start, start + single.words), single.wordIds);
      const inRow = (positions: Int32Array, labels: Int32Array, width: number): number[][] =>
        Array.from(positions, (position, i) => [position - row * width, labels[i] ?? 0])
          .filter(([position = -1]) => position >= 0 && position < width);
      deepEqual(
        inRow(batch.maskedWordPositions, batch.maskedWordLabels, batch.words),
        Array.from(single.maskedWordPositions, (position, i) => [position, single.maskedWordLabels[i]]),
      );
      deepEqual(
        inRow(batch.maskedEntityPositions, batch.maskedEntityLabels, batch.entities),
        Array.from(single.maskedEntityPositions, (position, i) => [position, single.maskedEntityLabels[i]]),
      );
    });
  }
});

Deno.test("MaskingCollator masks as it did when the published runs were made", async () => {
  const source = item(Array.from({ length: 70 }, (_, i) => 5 + (i * 37) % 95), [
    { id: 9, start: 3, length: 2 },
    { id: 8, start: 7, length: 1 },
    { id: 30, start: 20, length: 4 },
  ]);
  const variants: MaskingOptions[] = [
    {},
    { wholeWordMasking: false, maskedEntityProb: 0.6, randomEntityProb: 0.3, unmaskedEntityProb: 0.2 },
    { maskWordsInEntitySpan: true, maskedEntityProb: 1, compat: "luke" },
    { wordOnlyTraining: true, maskedLmProb: 0.02 },
  ];
  const seen = variants.map((options) =>
    Array.from({ length: 50 }, (_, index) => {
      const masked = collator(options).maskItem(source, { seed: 42, epoch: index % 3, item: index });
      const shown = Array.from(masked.entities, ({ id, start, length }) => [id, start, length]);
      return [
        ...[masked.wordIds, masked.maskedWordPositions, masked.maskedWordLabels],
        ...[masked.maskedEntityIndices, masked.maskedEntityLabels],
      ].map((values) => Array.from(values)).concat(shown);
    })
  );
  const bytes = new TextEncoder().encode(JSON.stringify(seen));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  equal(hash, "a158373c6e20766a12e3a04dd4414a1f74cc028ebcd7be54355d52cbbc8727de");
});

Deno.test("MaskingCollator names the option that makes no sense", () => {
  throws(
    () => collator({ maskedLmProb: 2 }),
    (e) => e instanceof UserError && /--masked-lm-prob/.test(e.message),
  );
  throws(() => collator({ randomWordProb: 0.7, unmaskedWordProb: 0.4 }), /exceed 1/);
  throws(() => collator({ randomEntityProb: 0.7, unmaskedEntityProb: 0.4 }), /exceed 1/);
});
