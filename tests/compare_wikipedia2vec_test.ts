import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { compareDump } from "./wikipedia2vec_comparison.ts";
import { readGolden, referencePairs } from "./wikipedia2vec_golden.ts";

/** Links found and F1 of the words, as by default and with tables; and the links that stand in tables, which are not found by default. */
const bars: Record<string, { links: number; f1: number; inTables: number; withTables: [number, number] }> = {
  "enwiki1.w2v105.jsonl.gz": { links: 0.9994, f1: 0.974, inTables: 0, withTables: [0.9994, 0.96] },
  "enwiki1.w2v200.jsonl.gz": { links: 0.9994, f1: 0.991, inTables: 0, withTables: [0.9994, 0.976] },
  "smallwiki.w2v105.jsonl.gz": { links: 0.989, f1: 0.955, inTables: 61, withTables: [1, 0.911] },
  "smallwiki.w2v200.jsonl.gz": { links: 0.989, f1: 0.974, inTables: 61, withTables: [1, 0.926] },
  "sample_dump_wikipedia2vec_1.0.5.json.gz": { links: 1, f1: 0.985, inTables: 0, withTables: [1, 0.979] },
  "sample_dump_wikipedia2vec_2.0.0.json.gz": { links: 1, f1: 0.999, inTables: 0, withTables: [1, 0.993] },
};

for (const [dump, golden] of referencePairs()) {
  const bar = bars[basename(golden)];
  Deno.test({
    name: `parseWikitext() finds the articles, redirects, links and words that wikipedia2vec finds: ${
      basename(golden)
    }`,
    ignore: !existsSync(dump) || !existsSync(golden) || bar === undefined,
    fn: async () => {
      const theirs = readGolden(golden);
      const { links, words, pages, redirects, language } = await compareDump(dump, theirs);
      deepEqual([pages, redirects], [{ lost: [], added: [] }, { lost: [], added: [] }]);
      equal(language.ours, language.theirs);
      equal(links.wrongOffsets, 0);
      deepEqual(links.misses.filter(({ kind }) => kind === "unexplained"), []);
      const inTables = links.misses.filter(({ kind }) => kind === "table").length;
      equal(inTables, bar?.inTables);
      ok(links.found / links.total >= (bar?.links ?? 1), `${links.found} of ${links.total} links`);
      ok(words.f1 >= (bar?.f1 ?? 1), `F1 ${words.f1}`);

      const withTables = await compareDump(dump, theirs, true);
      const [linksBar, f1Bar] = bar?.withTables ?? [1, 1];
      const { found, total, wrongOffsets, misses } = withTables.links;
      equal(wrongOffsets, 0);
      deepEqual(misses.filter(({ kind }) => kind === "table"), []);
      ok(found / total >= linksBar, `${found} of ${total} links with tables`);
      ok(withTables.words.f1 >= f1Bar, `F1 with tables ${withTables.words.f1}`);
    },
  });
}
