import { deepEqual, equal, ok } from "node:assert/strict";
import { assertShares, countOutcomes, type Counts, evenShares, outcomesFrom } from "../chi_square_fixture.ts";
import { type MaskedItem, MaskingCollator } from "./masking_collator.ts";
import type { MaskingOptions } from "./masking_options.ts";
import { maskingTables } from "./masking_tables.ts";
import type { ItemEntity } from "../building/page_items.ts";

const [padId, clsId, sepId, maskId] = [1, 0, 2, 4];
/** Ids from here on continue a word. */
const SUBWORDS = 500;
const tables = maskingTables({
  vocabSize: 1000,
  padId,
  clsId,
  sepId,
  maskId,
  isSubword: (id) => id >= SUBWORDS,
});

/** Words of so many tokens. */
function wordsOf(lengths: readonly number[]): number[] {
  return lengths.flatMap((length, word) =>
    Array.from({ length }, (_, i) => i === 0 ? 10 + word : SUBWORDS + word)
  );
}

function masker(
  wordIds: readonly number[],
  options: MaskingOptions,
  entities: readonly ItemEntity[] = [],
  words = tables,
): (index: number) => MaskedItem {
  const collator = new MaskingCollator(words, { size: 50, maskId: 2 }, options);
  return (index) => collator.maskItem({ pageId: -1, wordIds, entities }, { seed: 42, epoch: 0, item: index });
}

function positions(masked: MaskedItem): string {
  return [...masked.maskedWordPositions].sort((a, b) => a - b).join();
}

/** What becomes of positions: mask, random, same. */
function shown(masked: MaskedItem, at: readonly number[]): string {
  return at.map((position) => {
    const id = masked.wordIds[position] ?? 0;
    const label = masked.maskedWordLabels[masked.maskedWordPositions.indexOf(position)];
    return label === undefined ? "-" : id === maskId ? "m" : id === label ? "s" : "r";
  }).join("");
}

/** The shares of sets of positions when words are visited in every order, and those that do not fit the budget passed over. */
function setShares(lengths: readonly number[], budget: number): Counts {
  const starts = lengths.map((_, word) => 1 + lengths.slice(0, word).reduce((a, b) => a + b, 0));
  const shares: Record<string, number> = {};
  const visit = (left: readonly number[], taken: readonly number[], share: number): void => {
    const used = taken.reduce((tokens, word) => tokens + (lengths[word] ?? 0), 0);
    if (left.length === 0 || used === budget) {
      const key = [...taken].sort((a, b) => a - b).flatMap((word) =>
        Array.from({ length: lengths[word] ?? 0 }, (_, i) => (starts[word] ?? 0) + i)
      ).join();
      shares[key] = (shares[key] ?? 0) + share;
      return;
    }
    for (const word of left) {
      const fits = used + (lengths[word] ?? 0) <= budget;
      visit(left.filter((other) => other !== word), fits ? [...taken, word] : taken, share / left.length);
    }
  };
  visit(lengths.map((_, word) => word), [], 1);
  return shares;
}

Deno.test("MaskingCollator masks as many words as LUKE's budget, halves to the even number", () => {
  const expected = [[3, 1], [10, 2], [30, 4], [50, 8], [90, 14], [110, 16], [510, 76]] as const;
  for (const [words, budget] of expected) {
    for (let index = 0; index < 20; index++) {
      const masked = masker(wordsOf(new Array(words).fill(1)), {})(index);
      equal(masked.maskedWordPositions.length, budget, `${words} words`);
    }
  }
});

Deno.test("MaskingCollator visits whole words in random order and passes over those that do not fit", () => {
  for (
    const [lengths, probability, budget] of [
      [[1, 1, 1, 1, 1, 1], 0.3, 2],
      [[2, 1, 3, 1, 2, 1], 0.3, 3],
      [[1, 2, 3, 4, 2], 0.4, 5],
      [[4, 4, 1, 1], 0.3, 3], // ends below its budget
    ] as const
  ) {
    const mask = masker(wordsOf(lengths), { maskedLmProb: probability });
    const counts = countOutcomes(20_000, (index) => positions(mask(index)));
    assertShares(counts, setShares(lengths, budget));
  }
});

Deno.test("MaskingCollator masks subwords for themselves when asked to", () => {
  const mask = masker(wordsOf([3, 1, 2]), { maskedLmProb: 0.3, wholeWordMasking: false });
  const counts = countOutcomes(20_000, (index) => positions(mask(index)));
  assertShares(counts, setShares([1, 1, 1, 1, 1, 1], 2));
});

Deno.test("MaskingCollator opens a word with the first token, whatever it is", () => {
  const mask = masker([SUBWORDS, SUBWORDS + 1, 10, 11], { maskedLmProb: 0.5 });
  assertShares(countOutcomes(10_000, (index) => positions(mask(index))), setShares([2, 1, 1], 2));
});

Deno.test("MaskingCollator decides once a word: masked, random or the same", () => {
  const mask = masker(wordsOf([3]), { maskedLmProb: 1, unmaskedWordProb: 0.2, randomWordProb: 0.3 });
  const counts = countOutcomes(20_000, (index) => shown(mask(index), [1, 2, 3]));
  const whole = ["mmm", "rrr", "sss"].reduce((total, outcome) => total + (counts[outcome] ?? 0), 0);
  // A random word may be [MASK] or the very word.
  ok(whole > 19_900);
  const kind = (index: number): string => [...shown(mask(index), [1, 2, 3])].sort()[1] ?? "";
  const slack = 1e-5;
  assertShares(countOutcomes(20_000, kind), { m: 0.5 + slack, r: 0.3 - 2 * slack, s: 0.2 + slack });
});

Deno.test("MaskingCollator decides for each word by itself", () => {
  const mask = masker(wordsOf([1, 1]), { maskedLmProb: 1, unmaskedWordProb: 0.2, randomWordProb: 0 });
  const counts = countOutcomes(20_000, (index) => shown(mask(index), [1, 2]));
  assertShares(counts, { mm: 0.64, ms: 0.16, sm: 0.16, ss: 0.04 });
});

Deno.test("MaskingCollator draws each random word of a word for itself, from behind the padding to the last", () => {
  const small = maskingTables({ vocabSize: 9, padId, clsId, sepId, maskId, isSubword: (id) => id === 8 });
  const mask = masker([7, 8], { maskedLmProb: 1, randomWordProb: 1, unmaskedWordProb: 0 }, [], small);
  const ids = outcomesFrom(padId + 1, 8); // [SEP] and [MASK] among them
  const pairs = ids.flatMap((a) => ids.map((b) => `${a},${b}`));
  assertShares(
    countOutcomes(50_000, (index) => mask(index).wordIds.subarray(1, 3).join()),
    evenShares(pairs),
  );
});

Deno.test("MaskingCollator masks one position where no word fits, upstream never one of the last two", () => {
  const options = { unmaskedWordProb: 1, randomWordProb: 0 };
  const lone = wordsOf([6]);
  const position = (compat: MaskingOptions): (index: number) => number => {
    const mask = masker(lone, { ...options, ...compat });
    return (index) => {
      const { maskedWordPositions: [at = 0], maskedWordLabels, wordIds } = mask(index);
      // Always by [MASK], whatever the probabilities.
      deepEqual([wordIds[at], maskedWordLabels], [maskId, [lone[at - 1]]]);
      return at;
    };
  };
  assertShares(countOutcomes(20_000, position({})), evenShares(outcomesFrom(1, 6)));
  assertShares(countOutcomes(20_000, position({ compat: "luke" })), evenShares(outcomesFrom(1, 4)));
  // Upstream stops with an error at two words.
  const two = masker(wordsOf([2]), { compat: "luke" });
  assertShares(countOutcomes(10_000, (index) => positions(two(index))), evenShares([1, 2]));
});

Deno.test("MaskingCollator never masks [CLS] and [SEP], even where everything is masked", () => {
  for (const wholeWordMasking of [true, false]) {
    const masked = masker(wordsOf([2, 1, 3]), { maskedLmProb: 1, wholeWordMasking })(0);
    equal(positions(masked), "1,2,3,4,5,6");
    deepEqual([masked.wordIds[0], masked.wordIds[7]], [clsId, sepId]);
  }
});

Deno.test("MaskingCollator masks words within mentions as often as others unless told otherwise", () => {
  const mask = masker(wordsOf(new Array(8).fill(1)), { maskedLmProb: 0.1 }, [{ id: 5, start: 2, length: 3 }]);
  assertShares(countOutcomes(20_000, (index) => positions(mask(index))), evenShares(outcomesFrom(1, 8)));
});

Deno.test("MaskingCollator decides once a mention when it masks the words of mentions", () => {
  // Two mentions over the words 2–3 and 5–6; the budget is met by them.
  const mask = masker(wordsOf([1, 1, 1, 1, 1, 1, 1]), {
    maskWordsInEntitySpan: true,
    maskedEntityProb: 1,
    maskedLmProb: 4 / 7,
    unmaskedWordProb: 0.2,
    randomWordProb: 0,
  }, [{ id: 5, start: 1, length: 2 }, { id: 6, start: 4, length: 2 }]);
  const counts = countOutcomes(20_000, (index) => {
    const masked = mask(index);
    equal(positions(masked), "2,3,5,6");
    return shown(masked, [2, 3, 5, 6]);
  });
  assertShares(counts, { mmmm: 0.64, mmss: 0.16, ssmm: 0.16, ssss: 0.04 });
});

Deno.test("MaskingCollator counts the words of mentions and leaves out every word that they touch", () => {
  // Tokens 1–2 | 3 4 | 5 | 6 | 7–8; the mention takes 2 and 3: of the words only 5, 6 and 7–8 are left, and two tokens of the budget.
  const mask = masker(wordsOf([2, 2, 1, 1, 2]), {
    maskWordsInEntitySpan: true,
    maskedEntityProb: 1,
    maskedLmProb: 0.5,
  }, [{ id: 5, start: 1, length: 2 }]);
  // Of 5, 6, 78: the pair (5, 6) comes up unless 78 is the first.
  assertShares(countOutcomes(20_000, (index) => positions(mask(index))), {
    "2,3,5,6": 2 / 3,
    "2,3,7,8": 1 / 3,
  });
});

Deno.test("MaskingCollator masks whole mentions beyond the budget, and then nothing else", () => {
  const mask = masker(wordsOf(new Array(20).fill(1)), {
    maskWordsInEntitySpan: true,
    maskedEntityProb: 1,
    maskedLmProb: 0.05,
  }, [{ id: 5, start: 4, length: 6 }]);
  for (let index = 0; index < 50; index++) equal(positions(mask(index)), "5,6,7,8,9,10");
});

Deno.test("MaskingCollator with masked word probability 0 leaves every word, also in mentions", () => {
  const words = wordsOf([1, 2, 1]);
  const masked = masker(words, { maskedLmProb: 0, maskWordsInEntitySpan: true, maskedEntityProb: 1 }, [
    { id: 5, start: 0, length: 2 },
  ])(0);
  deepEqual([...masked.wordIds], [clsId, ...words, sepId]);
  deepEqual([masked.maskedWordPositions.length, masked.maskedWordLabels.length], [0, 0]);
});
