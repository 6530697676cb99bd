import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import { fits } from "@lukeforge/model";
import {
  languageModelingCapacity,
  LanguageModelingCollator,
  type LanguageModelingOptions,
  maskingTables,
} from "@lukeforge/train";
import {
  assertSameShares,
  assertShares,
  countOutcomes,
  type Counts,
  evenShares,
  outcomesFrom,
} from "../train/chi_square_fixture.ts";

/** What transformers answered; written by `peers/language_modeling_collator.py`. */
interface Fixture {
  readonly vocab_size: number;
  readonly ids: Readonly<Record<"pad" | "unk" | "cls" | "sep" | "mask", number>>;
  readonly arrays: readonly {
    readonly rows: readonly (readonly number[])[];
    readonly options: Readonly<Record<string, number>>;
    readonly batch: Readonly<
      Record<"input_ids" | "attention_mask" | "labels", readonly (readonly number[])[]>
    >;
  }[];
  readonly draws: readonly {
    readonly row: readonly number[];
    readonly options: Readonly<Record<string, number>>;
    readonly counts: Counts;
  }[];
  readonly random_ids: readonly number[];
}

const fixture = JSON.parse(
  readFileSync(new URL("fixtures/language_modeling_collator.json", import.meta.url), "utf8"),
) as Fixture;
const { pad: padId, unk, cls: clsId, sep: sepId, mask: maskId } = fixture.ids;
const vocabSize = fixture.vocab_size;
const tables = maskingTables({ vocabSize, padId, clsId, sepId, maskId, isSubword: () => false });

function collator(options: Readonly<Record<string, number>>): LanguageModelingCollator {
  const camelCased = Object.entries(options).map(([name, value]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return new LanguageModelingCollator(tables, { ...Object.fromEntries(camelCased), specialIds: [unk] });
}

function key(item: number): { seed: number; epoch: number; item: number } {
  return { seed: 9, epoch: 0, item };
}

Deno.test("LanguageModelingCollator.arrays() pads and labels as transformers", () => {
  for (const { rows, options, batch } of fixture.arrays) {
    const masking = collator(options);
    const arrays = masking.arrays(rows.map((row, i) => masking.maskSequence(row, key(i))));
    deepEqual(arrays, {
      shape: [rows.length, batch.labels[0]?.length],
      input_ids: Int32Array.from(batch.input_ids.flat()),
      attention_mask: Int32Array.from(batch.attention_mask.flat()),
      labels: Int32Array.from(batch.labels.flat()),
    });
  }
});

fixture.draws.forEach(({ row, options, counts }, number) => {
  Deno.test(`LanguageModelingCollator draws from transformers' distribution, case ${number + 1}`, () => {
    const masking = collator(options);
    const drawn = countOutcomes(50_000, (index) => {
      const { wordIds, maskedWordPositions, maskedWordLabels } = masking.maskSequence(row, key(index));
      return Array.from(wordIds, (id, position) => {
        const label = maskedWordLabels[maskedWordPositions.indexOf(position)];
        return label === undefined ? "-" : id === maskId ? "m" : id === label ? "s" : "r";
      }).join("");
    });
    assertSameShares(drawn, counts);
  });
});

Deno.test("LanguageModelingCollator replaces by any token of the vocabulary, as transformers", () => {
  const masking = new LanguageModelingCollator(tables, {
    mlmProbability: 1,
    maskReplaceProb: 0,
    randomReplaceProb: 1,
  });
  const drawn = countOutcomes(60_000, (index) => masking.maskSequence([100], key(index)).wordIds[0] ?? -1);
  assertShares(drawn, evenShares(outcomesFrom(0, vocabSize - 1)));
  assertSameShares(drawn, Object.fromEntries(fixture.random_ids.map((count, id) => [id, count])));
});

Deno.test("LanguageModelingCollator.batch() is of words only, with or without attention mask", () => {
  const items = [4, 9].map((length, i) => ({
    item: {
      pageId: 3,
      wordIds: new Array<number>(length).fill(50 + i),
      entities: [{ id: 5, start: 1, length: 2 }],
    },
    key: key(i),
  }));
  const batch = (options: LanguageModelingOptions) =>
    new LanguageModelingCollator(tables, options).batch(items);
  const masked = batch({ mlmProbability: 1, randomReplaceProb: 0, maskReplaceProb: 1, padToMultipleOf: 4 });
  deepEqual([masked.rows, masked.words, masked.entities, masked.mentionLength], [2, 12, 0, 1]);
  deepEqual([...masked.wordIds], [
    ...[clsId, maskId, maskId, maskId, maskId, sepId, padId, padId, padId, padId, padId, padId],
    ...[clsId, ...new Array<number>(9).fill(maskId), sepId, padId],
  ]);
  deepEqual([...masked.maskedWordPositions], [1, 2, 3, 4, ...outcomesFrom(13, 21)]);
  deepEqual([...masked.maskedWordLabels], [50, 50, 50, 50, ...new Array<number>(9).fill(51)]);
  deepEqual([...masked.wordAttentionMask], [
    ...[1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
    ...[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0],
  ]);
  deepEqual([...batch({ attentionMask: false }).wordAttentionMask], new Array<number>(22).fill(1));
  const arrays = new LanguageModelingCollator(tables, { attentionMask: false }).arrays([]);
  equal("attention_mask" in arrays, false);
  deepEqual(batch({}), batch({}));
});

Deno.test("languageModelingCapacity() holds the batches", () => {
  for (const mlmProbability of [0, 0.15, 0.9, 1]) {
    const masking = new LanguageModelingCollator(tables, { mlmProbability, padToMultipleOf: 8 });
    const capacity = languageModelingCapacity({ longest_item: 60 }, 4, masking.options);
    for (let first = 0; first < 400; first += 4) {
      const items = outcomesFrom(first, first + 3).map((item) => ({
        item: { pageId: -1, wordIds: new Array<number>(60 - item % 7).fill(70), entities: [] },
        key: key(item),
      }));
      ok(fits(masking.batch(items), capacity));
    }
  }
});

Deno.test("LanguageModelingCollator names the option that makes no sense", () => {
  const refused = (options: LanguageModelingOptions, message: RegExp): void =>
    throws(
      () => new LanguageModelingCollator(tables, options),
      (e) => e instanceof UserError && message.test(e.message),
    );
  refused({ mlmProbability: 1.5 }, /mlmProbability 1.5/);
  refused({ maskReplaceProb: 0.8, randomReplaceProb: 0.3 }, /exceed 1/);
  refused({ padToMultipleOf: 0 }, /padToMultipleOf/);
});
