/**
 * `deno run -A tests/peers/compare_items_luke.ts FILE TOKENIZER`: holds our items (`--compat luke`) against those that LUKE's own
 * code made of the same pages, in the FILE of `luke_items.py`; exits with 1 where a page has others.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { fromCodePointOffsets } from "@lukeforge/corpus";
import { openTokenizer } from "@lukeforge/vocab";
import { openSentenceSplitter, pageItems } from "@lukeforge/train";

interface Header {
  readonly maxSeqLength: number;
  readonly maxEntityLength: number;
  readonly maxMentionLength: number;
  readonly minSentenceLength: number;
  readonly locale: string;
  readonly vocab: Readonly<Record<string, number>>;
}

interface Page {
  readonly title: string;
  readonly paragraphs: readonly {
    readonly text: string;
    readonly links: readonly [title: string, text: string, start: number, end: number][];
  }[];
  readonly items: readonly {
    readonly page_id: number;
    readonly word_ids: readonly number[];
    readonly entity_ids: readonly number[];
    readonly entity_position_ids: readonly (readonly number[])[];
  }[];
}

const [file, tokenizerPath] = Deno.args;
if (file === undefined || tokenizerPath === undefined) {
  console.error("give FILE and TOKENIZER");
  Deno.exit(2);
}
const tokenizer = await openTokenizer(tokenizerPath);
const lines = createInterface({ input: createReadStream(file) })[Symbol.asyncIterator]();
const { locale, vocab, ...limits }: Header = JSON.parse((await lines.next()).value ?? "");
const ids = new Map(Object.entries(vocab));
const unkEntityId = ids.get("[UNK]");
const options = {
  ...limits,
  tokenizer,
  sentenceSplitter: openSentenceSplitter(locale, { compat: "luke" }),
  includeSentencesWithoutEntities: true,
  compat: "luke",
  entityId: (title: string): number | undefined => ids.get(title),
  resolveRedirect: (title: string): string => title,
  ...(unkEntityId !== undefined && { unkEntityId }),
} as const;

let [pages, items, words, different] = [0, 0, 0, 0];
for await (const line of lines) {
  const page: Page = JSON.parse(line);
  const paragraphs = page.paragraphs.map(({ text, links }) => {
    const offsets = fromCodePointOffsets(text, links.flatMap(([, , start, end]) => [start, end]));
    return {
      text,
      abstract: false,
      links: links.map(([title, anchor], i) => ({
        title,
        text: anchor,
        start: offsets[2 * i] ?? 0,
        end: offsets[2 * i + 1] ?? 0,
      })),
    };
  });
  const ours = pageItems({ title: page.title, paragraphs }, options).map(({ pageId, wordIds, entities }) => ({
    page_id: pageId,
    word_ids: Array.from(wordIds),
    entity_ids: entities.map(({ id }) => id),
    entity_position_ids: entities.map(({ start, length }) =>
      Array.from({ length: limits.maxMentionLength }, (_, i) => i < length ? start + i : -1)
    ),
  }));
  const theirs = page.items.map(({ page_id, word_ids, entity_ids, entity_position_ids }) => ({
    page_id,
    word_ids,
    entity_ids,
    entity_position_ids,
  }));
  pages++;
  items += theirs.length;
  for (const { word_ids } of theirs) words += word_ids.length;
  if (isDeepStrictEqual(ours, theirs)) continue;
  different++;
  const at = theirs.findIndex((item, i) => !isDeepStrictEqual(item, ours[i]));
  const [a = [], b = []] = [theirs[at]?.word_ids, ours[at]?.word_ids];
  const word = a.findIndex((id, i) => id !== b[i]);
  const around = (list: readonly number[]): string =>
    JSON.stringify(tokenizer.decode(list.slice(Math.max(0, word - 8), word + 8)));
  console.log(`${page.title}: item ${at}, word ${word}: theirs ${around(a)}, ours ${around(b)}`);
}
console.log(
  `${pages} pages, ${items} items, ${words} words of LUKE's code; other items of ours on ${different} pages`,
);
if (different > 0) Deno.exitCode = 1;
