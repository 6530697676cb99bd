/** Entity vocabularies beside those of the reference program: each difference has a reason. */
import { deepEqual, equal } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { buildDumpDB, DumpDB, Namespaces, normalizeTitle } from "@lukeforge/corpus";
import { buildEntityVocab, compareCodePoints } from "@lukeforge/vocab";
import { TemporaryDirectory } from "./command_line.ts";
import { compareDump } from "./wikipedia2vec_comparison.ts";
import { readGolden, referencePairs } from "./wikipedia2vec_golden.ts";

const DATA = new URL("../../shared/data/", import.meta.url).pathname;
const SAMPLE = `${DATA}wikidumps/wikipedia2vec-enwiki-pages-articles-sample.xml.bz2`;

async function withDatabase(dump: string, use: (db: DumpDB) => void | Promise<void>): Promise<void> {
  using directory = new TemporaryDirectory();
  await buildDumpDB(dump, directory.file("pages.db"));
  using db = DumpDB.open(directory.file("pages.db"));
  await use(db);
}

function count(counts: Map<string, number>, title: string, by = 1): void {
  const sum = (counts.get(title) ?? 0) + by;
  if (sum === 0) counts.delete(title);
  else counts.set(title, sum);
}

/** Upstream's keys that are no titles, and what they are to us. */
const RENAMED: Record<string, string | undefined> = {
  // A fragment names a place in the article: the link is one to the article.
  "Screen reader#Accessibility APIs": "Screen reader",
  "Local authority#England": "Local authority",
  "Rehabilitation Act of 1973#Section 508": "Rehabilitation Act of 1973",
  "ISO/IEC JTC1/SC36#WG 7 Culture.2C Language.2C and Human Functioning Activities": "ISO/IEC JTC1/SC36",
  // Links to Wikipedias in other languages are no entities of this one.
  "Es:Accesibilidad": undefined,
  "It:Accessibilità (informatica)": undefined,
};

for (const version of ["1.0.5", "2.0.0"]) {
  const golden = `${DATA}golden/wikipedia2vec/vocab_all_links_w2v${version}.tsv.gz`;
  Deno.test({
    name:
      `the link counts of wikipedia2vec's sample dump are those of LUKE with wikipedia2vec ${version}, but for six keys`,
    ignore: !existsSync(golden) || !existsSync(SAMPLE),
    fn: () =>
      withDatabase(SAMPLE, (db) => {
        const theirs = new Map<string, number>();
        const renamed = new Set<string>();
        for (const line of gunzipSync(readFileSync(golden)).toString().trimEnd().split("\n").slice(3)) {
          const [title = "", links] = line.split("\t");
          if (Object.hasOwn(RENAMED, title)) renamed.add(title);
          const ours = Object.hasOwn(RENAMED, title) ? RENAMED[title] : title;
          if (ours !== undefined) count(theirs, ours, Number(links));
        }
        deepEqual(renamed, new Set(Object.keys(RENAMED)));
        // The reference lists links to what is no page of this dump of two pages, too.
        const ours = new Map<string, number>();
        for (const { targets } of db.linkTargets(1, db.lastPlace)) {
          for (const target of targets) count(ours, db.resolveRedirect(target));
        }
        const inOrder = (counts: Map<string, number>): [string, number][] =>
          [...counts].sort((a, b) => b[1] - a[1] || compareCodePoints(a[0], b[0]));
        deepEqual(inOrder(ours), inOrder(theirs));
      }),
  });
}

/** Links that only we see, which stand in tags of which version 1.0.5 takes the text alone. */
const ADDED: Record<string, Record<string, number>> = { "enwiki1.w2v105.jsonl.gz": { "Agriculture": 1 } };

for (const [dump, path] of referencePairs()) {
  Deno.test({
    name: `the vocabulary of a dump is that of wikipedia2vec's links, chains and fragments resolved: ${
      basename(path)
    }`,
    ignore: !existsSync(dump) || !existsSync(path),
    fn: () =>
      withDatabase(dump, async (db) => {
        const golden = readGolden(path);
        const rules = {
          caseSensitive: db.meta["case"] === "case-sensitive",
          ...(db.meta["language"] !== undefined && { language: db.meta["language"] }),
        };
        const pageOf = (title: string): string => db.resolveRedirect(normalizeTitle(title, rules));
        const expected = new Map<string, number>();
        for (const [title, { paragraphs }] of golden.pages) {
          if (!db.has(title)) continue; // a category, a template: not only English ones (ledger B6, B20)
          for (const { links } of paragraphs) {
            for (const [target] of links) if (db.has(pageOf(target))) count(expected, pageOf(target));
          }
        }
        // Each has a reason, which compare-wikipedia2vec prints; nearly all stand in tables.
        const { links: { misses } } = await compareDump(dump, golden);
        equal(misses.filter(({ kind }) => kind === "unexplained").length, 0);
        for (const { title } of misses) if (db.has(pageOf(title))) count(expected, pageOf(title), -1);
        for (const [title, links] of Object.entries(ADDED[basename(path)] ?? {})) {
          count(expected, title, links);
        }
        const vocab = buildEntityVocab(db, { vocabSize: 1_000_000, language: null });
        const ours = [...vocab.entries()].slice(3).map((
          { id, count },
        ): [string, number] => [vocab.titleOf(id), count]);
        const { namespaces } = JSON.parse(db.meta["siteinfo"] ?? "{}");
        const known = new Namespaces(namespaces, db.meta["language"]);
        deepEqual(ours.filter(([title]) => known.of(title) !== 0), []);
        deepEqual(ours, [...expected].sort((a, b) => b[1] - a[1] || compareCodePoints(a[0], b[0])));
      }),
  });
}
