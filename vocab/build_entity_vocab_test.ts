import { deepEqual, equal, throws } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { buildEntityVocab } from "./build_entity_vocab.ts";
import type { EntityVocab } from "./entity_vocab.ts";
import { wiki } from "./link_source_fixture.ts";

function rows(vocab: EntityVocab): [string, number][] {
  return [...vocab.entries()].map(({ id, count }) => [vocab.titleOf(id), count]);
}

const specials: [string, number][] = [["[PAD]", 0], ["[UNK]", 0], ["[MASK]", 0]];

Deno.test("buildEntityVocab() counts every occurrence to the end of a redirect chain, and only between retained pages", () => {
  const db = wiki(
    { A: ["B", "B", "Beta", "Bee", "Red link", "Category:X"], B: ["A"], C: ["A", "Bee"], D: [] },
    { Beta: "Bee", Bee: "B", Elsewhere: "Red link" },
  );
  const vocab = buildEntityVocab(db, { vocabSize: 100, language: "en" });
  deepEqual(rows(vocab), [...specials, ["B", 5], ["A", 2]]);
  equal(vocab.getId("B", "en"), 3);
});

Deno.test("buildEntityVocab() breaks ties by title in code point order", () => {
  const titles = ["b", "\u{1F600}", "\uFF21", "a", "B"];
  const pages = Object.fromEntries(titles.map((title) => [title, titles]));
  const vocab = buildEntityVocab(wiki(pages), { vocabSize: 100, language: null });
  deepEqual(rows(vocab).slice(3).map(([title]) => title), ["B", "a", "b", "\uFF21", "\u{1F600}"]);
});

Deno.test("buildEntityVocab() puts the white list first, in its order, redirects followed, unlinked titles left out", () => {
  const db = wiki({ A: ["A", "A", "B", "B", "C", "D"], B: [], C: [], D: [], E: [] }, { Dee: "D" });
  const whiteList = ["Dee  ", "", "E", "C", "D", "Nothing"];
  deepEqual(rows(buildEntityVocab(db, { vocabSize: 6, whiteList, language: null })), [...specials, ["D", 1], [
    "C",
    1,
  ], ["A", 2]]);
  deepEqual(rows(buildEntityVocab(db, { vocabSize: 9, whiteList, whiteListOnly: true, language: null })), [
    ...specials,
    ["D", 1],
    ["C", 1],
  ]);
  deepEqual(rows(buildEntityVocab(db, { vocabSize: 4, whiteList, language: null })), [...specials, ["D", 1]]);
});

Deno.test("buildEntityVocab() applies the minimum count without gaps in the ids", () => {
  const db = wiki({ A: ["A", "A", "B", "B", "C"], B: [], C: [] });
  const vocab = buildEntityVocab(db, { vocabSize: 9, minCount: 2, whiteList: ["C", "B"], language: null });
  deepEqual(rows(vocab), [...specials, ["B", 2], ["A", 2]]);
  equal(vocab.size, 5);
});

Deno.test("buildEntityVocab() leaves the links of filtered pages out, not links to them", () => {
  const db = wiki({ A: ["B", "Held"], Held: ["A", "B"], B: [] });
  const progress: [number, number | undefined][] = [];
  const vocab = buildEntityVocab(db, {
    vocabSize: 9,
    language: null,
    pageFilter: (title) => title !== "Held",
    progress: (...state) => progress.push(state),
  });
  deepEqual(rows(vocab), [...specials, ["B", 1], ["Held", 1]]);
  deepEqual(progress, [[3, 3]]);
});

Deno.test("buildEntityVocab() says when no entity fits or qualifies", () => {
  const db = wiki({ A: ["A"] });
  throws(() => buildEntityVocab(db, { vocabSize: 3, language: null }), UserError);
  throws(() => buildEntityVocab(db, { vocabSize: 9, minCount: 2, language: null }), UserError);
  throws(() => buildEntityVocab(db, { vocabSize: 9, whiteListOnly: true, language: null }), UserError);
});

Deno.test("buildEntityVocab() never exceeds the size and orders the rest by count, whatever the links and white list", () => {
  const title = fc.constantFrom(..."ABCDEFGHIJ");
  fc.assert(fc.property(
    fc.dictionary(title, fc.array(title, { maxLength: 12 })),
    fc.integer({ min: 4, max: 12 }),
    fc.array(title),
    (pages, vocabSize, whiteList) => {
      const linked = new Set(Object.values(pages).flat().filter((target) => Object.hasOwn(pages, target)));
      fc.pre(linked.size > 0);
      const vocab = buildEntityVocab(wiki(pages), { vocabSize, whiteList, language: null });
      equal(vocab.size, Math.min(vocabSize, 3 + linked.size));
      const listed = new Set(whiteList);
      const counts = rows(vocab).slice(3).filter(([name]) => !listed.has(name)).map(([, count]) => count);
      deepEqual(counts, [...counts].sort((a, b) => b - a));
    },
  ));
});

const golden = new URL("../../shared/data/golden/wikipedia2vec/", import.meta.url).pathname;

interface GoldenDump {
  readonly redirects: [string, string][];
  readonly pages: Record<string, { paragraphs: { links: [string, ...unknown[]][] }[] }>;
}

Deno.test({
  name: "buildEntityVocab() counts and orders the links of wikipedia2vec's sample dump as wikipedia2vec does",
  ignore: !existsSync(golden),
  fn: () => {
    const read = (name: string): string => gunzipSync(readFileSync(golden + name)).toString("utf8");
    const dump: GoldenDump = JSON.parse(read("sample_dump_wikipedia2vec_2.0.0.json.gz"));
    const expected = read("vocab_all_links_w2v2.0.0.tsv.gz").trimEnd().split("\n")
      .map((line): [string, number] => {
        const [title = "", count] = line.split("\t");
        return [title, Number(count)];
      });
    const redirects = new Map(dump.redirects);
    // The reference lists red links too, but no categories and files.
    const links = Object.entries(dump.pages).map(([title, { paragraphs }]): [string, string[]] => [
      title,
      paragraphs.flatMap((paragraph) => paragraph.links.map(([target]) => target)),
    ]);
    const red = links.flatMap(([, targets]) => targets).filter((title) =>
      !/^(Category|File):/.test(title) && !redirects.has(title)
    );
    const pages = [...red, ...redirects.values()].map((title): [string, string[]] => [title, []]);
    const db = wiki(Object.fromEntries([...pages, ...links]), Object.fromEntries(redirects));
    deepEqual(rows(buildEntityVocab(db, { vocabSize: 1000, language: "en" })), expected);
  },
});
