import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { fits } from "@lukeforge/model";
import { batchCapacity, type MaskedItem, MaskingCollator } from "./masking_collator.ts";
import type { MaskingOptions } from "./masking_options.ts";
import { maskingTables, type MaskingTokenizer } from "./masking_tables.ts";
import type { DatasetItem, ItemEntity } from "./page_items.ts";
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

/** chi-square of counts against expected shares. */
function chiSquare(observed: readonly number[], shares: readonly number[]): number {
  const total = observed.reduce((sum, count) => sum + count, 0);
  return observed.reduce((sum, count, i) => {
    const expected = total * (shares[i] ?? 0);
    return expected === 0 ? sum + count * 1e9 : sum + (count - expected) ** 2 / expected;
  }, 0);
}

Deno.test("roundHalfEven() rounds as Python", () => {
  const values = [0.5, 1.5, 2.5, 3.5, 2.4, 2.6, 0, 30 * 0.15, 50 * 0.15];
  deepEqual(values.map(roundHalfEven), [0, 2, 2, 4, 2, 3, 0, 4, 8]);
});

Deno.test("MaskingCollator.maskItem() masks as many words as LUKE's budget", () => {
  const expected: [number, number][] = [
    [3, 1],
    [10, 2],
    [30, 4],
    [50, 8],
    [90, 14],
    [110, 16],
    [510, 76],
  ];
  for (const [words, budget] of expected) {
    const masked = collator().maskItem(item(wholeWords(words)), { seed: 0, epoch: 0, item: 0 });
    equal(masked.maskedWordPositions.length, budget, `${words} words`);
  }
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

Deno.test("MaskingCollator.maskItem() draws words, replacements and entities with the right probabilities", () => {
  const words = wholeWords(40);
  const entities = Array.from({ length: 10 }, (_, i) => ({ id: 10 + i, start: i, length: 1 }));
  const masking = collator({ maskedEntityProb: 0.3, unmaskedEntityProb: 0.2, randomEntityProb: 0.3 });
  const wordKinds = [0, 0, 0], entityKinds = [0, 0, 0];
  const positions = new Array<number>(40).fill(0), chosenEntities = new Array<number>(10).fill(0);
  const randomWords = new Array<number>(99).fill(0), randomEntities = new Array<number>(47).fill(0);
  const count = (counts: number[], index: number): void => {
    counts[index] = (counts[index] ?? 0) + 1;
  };
  for (let index = 0; index < 20_000; index++) {
    const masked = masking.maskItem(item(words, entities), { seed: 42, epoch: 0, item: index });
    masked.maskedWordPositions.forEach((position, i) => {
      count(positions, position - 1);
      const seen = masked.wordIds[position] ?? 0;
      // A random draw may give [MASK] or the word itself; neither is counted here or in the shares below.
      if (seen === tokenizer.maskId) count(wordKinds, 0);
      else if (seen === masked.maskedWordLabels[i]) count(wordKinds, 2);
      else {
        count(wordKinds, 1);
        count(randomWords, seen - 1);
      }
    });
    masked.maskedEntityIndices.forEach((entity, i) => {
      count(chosenEntities, entity);
      const seen = masked.entities[entity]?.id ?? 0;
      if (seen === vocab.maskId) count(entityKinds, 0);
      else if (seen === masked.maskedEntityLabels[i]) count(entityKinds, 2);
      else {
        count(entityKinds, 1);
        count(randomEntities, seen - 3);
      }
    });
  }
  const even = (n: number): number[] => new Array<number>(n).fill(1 / n);
  // Limits: the 0.999 quantiles of chi-square.
  ok(chiSquare(positions, even(40)) < 73);
  ok(chiSquare(chosenEntities, even(10)) < 27.9);
  ok(chiSquare(wordKinds, [0.8 + 0.1 / 99, 0.1 * 97 / 99, 0.1 + 0.1 / 99]) < 13.8);
  ok(chiSquare(entityKinds, [0.5, 0.3 * 46 / 47, 0.2 + 0.3 / 47]) < 13.8);
  equal(randomWords[tokenizer.maskId - 1], 0);
  // Ids 1 to 99 but [MASK]; the 20 that occur as labels are seen a little less often.
  const free = randomWords.filter((_, i) => i + 1 !== tokenizer.maskId && !words.includes(i + 1));
  ok(chiSquare(free, even(free.length)) < 122);
  const others = randomEntities.filter((_, i) => i + 3 < 10 || i + 3 > 19);
  ok(chiSquare(others, even(others.length)) < 70.7);
});

Deno.test("MaskingCollator.maskItem() never leaves an item without a masked word", () => {
  // One word of five tokens, and a budget of one.
  const long = item([5, 6, 9, 12, 15]);
  const picked = (options: MaskingOptions): Set<number> => {
    const seen = new Set<number>();
    for (let index = 0; index < 300; index++) {
      const masked = collator(options).maskItem(long, { seed: 0, epoch: 0, item: index });
      equal(masked.maskedWordPositions.length, 1);
      const position = masked.maskedWordPositions[0] ?? 0;
      equal(masked.wordIds[position], tokenizer.maskId);
      seen.add(position);
    }
    return seen;
  };
  deepEqual([...picked({})].sort(), [1, 2, 3, 4, 5]);
  deepEqual([...picked({ compat: "luke" })].sort(), [1, 2, 3]);
  equal(
    collator({ compat: "luke" }).maskItem(item([5, 6]), { seed: 0, epoch: 0, item: 0 }).maskedWordPositions
      .length,
    1,
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
