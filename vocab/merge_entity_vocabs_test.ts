import { deepEqual, equal, throws } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { buildInterwikiDB } from "./build_interwiki_db.ts";
import { EntityVocab } from "./entity_vocab.ts";
import { type EntityVocabEntry, SPECIAL_ENTITIES } from "./entity_vocab_entry.ts";
import { InterwikiDB } from "./interwiki_db.ts";
import { ItemNumbers } from "./item_numbers.ts";
import { type InterwikiLookup, mergeEntityVocabs } from "./merge_entity_vocabs.ts";

const DATA = new URL("../../shared/data/", import.meta.url).pathname;

type Counted = readonly (readonly [title: string, count: number])[];

function withVocabs(
  vocabs: Record<string, Counted>,
  use: (paths: string[], directory: string) => void,
): void {
  const directory = Deno.makeTempDirSync();
  try {
    const paths = Object.entries(vocabs).map(([language, counted]) => {
      const specials = SPECIAL_ENTITIES.map((title): [string, number] => [title, 0]);
      const entries = [...specials, ...counted].map(([title, count], id): EntityVocabEntry => ({
        id,
        entities: [[title, language === "none" ? null : language]],
        count,
      }));
      const path = `${directory}/${language}.jsonl`;
      new EntityVocab(entries).save(path);
      return path;
    });
    use(paths, directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function lookup(items: Record<string, number>): InterwikiLookup {
  return {
    hasLanguage: (language) => language !== "xx",
    getId: (title, language) => items[`${language}:${title}`],
  };
}

function rows(vocab: EntityVocab): string[] {
  return [...vocab.entries()].slice(3).map(({ entities, count }) =>
    `${entities.map(([title, language]) => `${language}:${title}`).join(" ")} ${count}`
  );
}

const EN: Counted = [["Japan", 9], ["Only", 5], ["Cat", 2], ["Dog", 2]];
const JA: Counted = [["ネコ", 7], ["日本", 4], ["だけ", 5]];
const items = { "en:Japan": 30, "ja:日本": 30, "en:Cat": 4, "ja:ネコ": 4, "en:Dog": 2 };

Deno.test("mergeEntityVocabs() adds what belongs together, specials first, ties as they first come", () => {
  withVocabs({ en: EN, ja: JA }, (paths) => {
    const merged = mergeEntityVocabs(paths, lookup(items));
    deepEqual(rows(merged), [
      "en:Japan ja:日本 13",
      "en:Cat ja:ネコ 9",
      "en:Only 5",
      "ja:だけ 5",
      "en:Dog 2",
    ]);
    deepEqual([merged.padId, merged.unkId, merged.maskId], [0, 1, 2]);
    deepEqual([merged.getId("日本", "ja"), merged.getId("Japan", "en"), merged.getId("[MASK]", "ja")], [
      3,
      3,
      2,
    ]);
    deepEqual(rows(mergeEntityVocabs(paths, lookup(items), { minNumLanguages: 2 })), [
      "en:Japan ja:日本 13",
      "en:Cat ja:ネコ 9",
    ]);
    deepEqual(rows(mergeEntityVocabs(paths, lookup(items), { vocabSize: 6 })).length, 3);
  });
});

Deno.test("mergeEntityVocabs() says what is wrong with its files", () => {
  const refused = (paths: string[], pattern: RegExp, options = {}): void =>
    throws(
      () => mergeEntityVocabs(paths, lookup(items), options),
      (error) => error instanceof UserError && pattern.test(error.message),
    );
  withVocabs({ en: EN, ja: JA, none: EN, xx: EN }, ([en = "", ja = "", none = "", xx = ""]) => {
    refused(
      [en, xx],
      /xx\.jsonl: the interwiki database has no titles in its language xx; build it with -l xx/,
    );
    refused([en, en], /en\.jsonl and .*en\.jsonl: both have entities in language en/);
    refused([en, none], /none\.jsonl: names no language/);
    refused([en, ja], /--min-num-languages/, { minNumLanguages: 3 });
    refused([en], /vocab size 3/, { vocabSize: 3 });
    refused([en, "/nowhere.jsonl"], /no such/);
    refused([], /no entity vocabulary/);
  });
});

Deno.test("mergeEntityVocabs() makes what a merge with maps makes, of any vocabularies", () => {
  const title = fc.constantFrom(..."ABCDEFGHIJ");
  const counted = fc.uniqueArray(fc.tuple(title, fc.nat(5)), { selector: ([name]) => name, maxLength: 8 });
  fc.assert(
    fc.property(
      fc.record({ en: counted, ja: counted, de: counted }),
      fc.dictionary(
        fc.tuple(fc.constantFrom("en", "ja", "de"), title).map(([l, t]) => `${l}:${t}`),
        fc.nat(4),
      ),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 4, max: 12 }),
      (vocabs, found, minNumLanguages, vocabSize) => {
        // A title of a language belongs to one item, an item has one title in a language.
        const used = new Set<string>();
        const items = Object.fromEntries(
          Object.entries(found).filter(([key, item]) => {
            const place = `${key.slice(0, 2)}:${item}`;
            return !used.has(place) && used.add(place);
          }),
        );
        const groups = new Map<string, { titles: string[]; count: number }>();
        for (const [language, entries] of Object.entries(vocabs)) {
          for (const [name, count] of entries) {
            const key = `${language}:${name}`;
            const group = groups.get(String(items[key] ?? key)) ?? { titles: [], count: 0 };
            group.titles.push(key);
            group.count += count;
            groups.set(String(items[key] ?? key), group);
          }
        }
        const expected = [...groups.values()].filter(({ titles }) => titles.length >= minNumLanguages)
          .sort((a, b) => b.count - a.count).slice(0, vocabSize - 3)
          .map(({ titles, count }) => `${titles.join(" ")} ${count}`);
        withVocabs(vocabs, (paths) => {
          if (expected.length === 0) {
            return throws(
              () => mergeEntityVocabs(paths, lookup(items), { minNumLanguages, vocabSize }),
              UserError,
            );
          }
          deepEqual(rows(mergeEntityVocabs(paths, lookup(items), { minNumLanguages, vocabSize })), expected);
        });
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("ItemNumbers finds what was set, of any numbers", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 0xfffffffe }), { maxLength: 3000 }), (keys) => {
      const numbers = new ItemNumbers();
      keys.forEach((key, i) => numbers.set(key, i));
      keys.forEach((key, i) => equal(numbers.get(key), i));
      equal(numbers.get(0xfffffffe), keys.includes(0xfffffffe) ? keys.indexOf(0xfffffffe) : undefined);
    }),
    { numRuns: 50 },
  );
});

for (
  const [name, options] of [
    ["all", {}],
    ["min2", { minNumLanguages: 2 }],
    ["top5", { vocabSize: 5 }],
  ] as const
) {
  Deno.test({
    name: `mergeEntityVocabs() has the entities and counts of upstream's ${name}`,
    ignore: !existsSync(`${DATA}golden/mvocab`),
    fn: async () => {
      const directory = Deno.makeTempDirSync();
      try {
        await buildInterwikiDB(`${DATA}luke/wikidata_20180423_sitelinks10.json`, `${directory}/interwiki.db`);
        using interwiki = InterwikiDB.open(`${directory}/interwiki.db`);
        const paths = ["en", "ja", "de"].map((language) => `${DATA}golden/mvocab/${language}.jsonl`);
        const merged = mergeEntityVocabs(paths, interwiki, options);
        const asSet = (entries: Iterable<EntityVocabEntry>): Set<string> =>
          new Set(
            Array.from(entries, ({ entities, count }) => `${entities.map(String).sort().join(" ")} ${count}`),
          );
        const upstream: EntityVocabEntry[] = readFileSync(`${DATA}golden/mvocab/out_${name}.jsonl`, "utf8")
          .trim()
          .split("\n").map((line) => JSON.parse(line));
        equal(merged.size, upstream.length);
        deepEqual(asSet(merged.entries()), asSet(upstream));
        deepEqual([merged.padId, merged.unkId, merged.maskId], [0, 1, 2]);
      } finally {
        Deno.removeSync(directory, { recursive: true });
      }
    },
  });
}
