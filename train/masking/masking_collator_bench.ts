import { MaskingCollator } from "./masking_collator.ts";
import { maskingTables } from "./masking_tables.ts";
import type { DatasetItem } from "../building/page_items.ts";
import { RandomStream } from "../random.ts";

// Items as LUKE's English data has them: 510 words, a third of which continue a word, and 30 mentions. An iteration is 32 items, 16,320
// words. `deno bench -A train/masking/masking_collator_bench.ts`
const random = new RandomStream(1);
const tables = maskingTables({
  vocabSize: 50_265,
  padId: 1,
  clsId: 0,
  sepId: 2,
  maskId: 50_264,
  isSubword: (id) => id > 4 && id % 3 === 0,
});
const vocab = { size: 500_000, maskId: 2 };
const WORDS = 510;
const items = Array.from(
  { length: 32 },
  (_, item): { item: DatasetItem; key: { seed: number; epoch: number; item: number } } => ({
    item: {
      pageId: -1,
      wordIds: Int32Array.from({ length: WORDS }, () => random.integer(5, 50_000)),
      entities: Array.from(
        { length: 30 },
        (_, i) => ({ id: random.integer(3, 499_999), start: i * 17, length: 2 }),
      ),
    },
    key: { seed: 1, epoch: 0, item },
  }),
);

for (
  const [name, options] of [
    ["whole words", {}],
    ["subwords", { wholeWordMasking: false }],
    ["words of mentions too", { maskWordsInEntitySpan: true }],
  ] as const
) {
  const collator = new MaskingCollator(tables, vocab, options);
  Deno.bench(`mask and pad 32 items of ${WORDS} words: ${name}`, () => {
    collator.batch(items);
  });
}
const collator = new MaskingCollator(tables, vocab);
const masked = items.map(({ item, key }) => collator.maskItem(item, key));
Deno.bench(`pad 32 items of ${WORDS} words`, () => {
  collator.collate(masked);
});
