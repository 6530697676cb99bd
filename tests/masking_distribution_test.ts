import { readFileSync } from "node:fs";
import { type MaskedItem, MaskingCollator, maskingTables } from "@lukeforge/train";
import { assertSameShares, countOutcomes, type Counts } from "../train/chi_square_fixture.ts";

/** What `peers/masking_distribution.py` drew; an outcome is spelled there. */
interface Fixture {
  readonly words: {
    readonly vocab_size: number;
    readonly pad: number;
    readonly mask: number;
    readonly first_subword: number;
  };
  readonly entities: { readonly vocab_size: number; readonly mask: number };
  readonly cases: readonly {
    readonly options: Readonly<Record<string, number | boolean>>;
    readonly words: readonly number[];
    readonly entities: readonly (readonly [id: number, start: number, length: number])[];
    readonly counts: Counts;
  }[];
}

const fixture = JSON.parse(
  readFileSync(new URL("fixtures/masking_distribution.json", import.meta.url), "utf8"),
) as Fixture;
const tables = maskingTables({
  vocabSize: fixture.words.vocab_size,
  padId: fixture.words.pad,
  clsId: 0,
  sepId: 2,
  maskId: fixture.words.mask,
  isSubword: (id) => id >= fixture.words.first_subword,
});
const vocab = { size: fixture.entities.vocab_size, maskId: fixture.entities.mask };

function marks(
  shown: ArrayLike<number>,
  places: readonly number[],
  labels: readonly number[],
  mask: number,
): string {
  return Array.from(shown, (id, place) => {
    const label = labels[places.indexOf(place)];
    return label === undefined ? "-" : id === mask ? "m" : id === label ? "s" : "r";
  }).join("");
}

function outcome(masked: MaskedItem): string {
  const entities = marks(
    masked.entities.map(({ id }) => id),
    masked.maskedEntityIndices,
    masked.maskedEntityLabels,
    vocab.maskId,
  );
  const words = marks(masked.wordIds, masked.maskedWordPositions, masked.maskedWordLabels, tables.maskId);
  return `${entities}/${words.slice(1, -1)}`;
}

fixture.cases.forEach(({ options, words, entities, counts }, number) => {
  Deno.test(`MaskingCollator draws from the distribution of a second implementation, case ${number + 1}`, () => {
    const camelCased = Object.entries(options).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      name === "compat" ? "luke" : value,
    ]);
    const collator = new MaskingCollator(tables, vocab, Object.fromEntries(camelCased));
    const item = {
      pageId: -1,
      wordIds: words,
      entities: entities.map(([id, start, length]) => ({ id, start, length })),
    };
    const drawn = countOutcomes(
      50_000,
      (index) => outcome(collator.maskItem(item, { seed: 5, epoch: 0, item: index })),
    );
    assertSameShares(drawn, counts);
  });
});
