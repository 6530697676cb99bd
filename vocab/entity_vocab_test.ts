import { deepEqual, equal, throws } from "node:assert/strict";
import { existsSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { EntityVocab } from "./entity_vocab.ts";
import { type EntityVocabEntry, SPECIAL_ENTITIES } from "./entity_vocab_entry.ts";

const data = new URL("../../shared/data/luke/", import.meta.url).pathname;
const noData = !existsSync(data);

function specials(language: string | null = null): EntityVocabEntry[] {
  return SPECIAL_ENTITIES.map((title, id) => ({ id, entities: [[title, language]], count: 0 }));
}

function inDirectory(use: (directory: string) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    use(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function userError(pattern: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof UserError && pattern.test(error.message) && !error.message.includes("\n");
}

Deno.test("EntityVocab.load() returns what save() wrote, and save() is deterministic", () => {
  const title = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) =>
    !SPECIAL_ENTITIES.includes(text)
  );
  const language = fc.constantFrom("en", "ja", null);
  const arbitrary = fc.uniqueArray(fc.tuple(title, language, fc.nat()), {
    selector: ([text, code]) => `${code}:${text}`,
  });
  inDirectory((directory) => {
    fc.assert(
      fc.property(arbitrary, (titles) => {
        const entries = [
          ...specials("en"),
          ...titles.map(([text, code, count], i): EntityVocabEntry => ({
            id: i + 3,
            entities: [[text, code]],
            count,
          })),
        ];
        const vocab = new EntityVocab(entries);
        vocab.save(`${directory}/a.jsonl`);
        const loaded = EntityVocab.load(`${directory}/a.jsonl`);
        loaded.save(`${directory}/b.jsonl`);
        deepEqual([...loaded.entries()], entries);
        equal(Deno.readTextFileSync(`${directory}/a.jsonl`), Deno.readTextFileSync(`${directory}/b.jsonl`));
        titles.forEach(([text, code, count], i) => {
          equal(loaded.getId(text, code), i + 3);
          equal(loaded.titleOf(i + 3), text);
          equal(loaded.countOf(i + 3), count);
        });
      }),
      { numRuns: 50 },
    );
  });
});

Deno.test("EntityVocab.save() writes non-ASCII characters as they are", () => {
  inDirectory((directory) => {
    new EntityVocab([...specials("ja"), { id: 3, entities: [["東京 😀", "ja"]], count: 2 }]).save(
      `${directory}/v.jsonl`,
    );
    const lines = Deno.readTextFileSync(`${directory}/v.jsonl`).split("\n");
    equal(lines[3], '{"id":3,"entities":[["東京 😀","ja"]],"count":2}');
    deepEqual(lines.slice(4), [""]);
    deepEqual([...Deno.readDirSync(directory)].map((entry) => entry.name), ["v.jsonl"]);
  });
});

Deno.test("EntityVocab finds the special entities by title, not by id", () => {
  const vocab = new EntityVocab([
    { id: 0, entities: [["[MASK]", "en"], ["[MASK]", "ja"]], count: 0 },
    { id: 1, entities: [["[UNK]", "en"], ["[UNK]", "ja"]], count: 0 },
    { id: 2, entities: [["[PAD]", "en"], ["[PAD]", "ja"]], count: 0 },
    { id: 3, entities: [["Japan", "en"], ["日本", "ja"]], count: 9 },
  ]);
  deepEqual([vocab.padId, vocab.unkId, vocab.maskId, vocab.size], [2, 1, 0, 4]);
  equal(vocab.getId("[UNK]"), 1);
  equal(vocab.getId("[UNK]", "de"), 1);
  equal(vocab.getId("日本", "ja"), 3);
  equal(vocab.getId("日本", "en"), undefined);
  equal(vocab.getId("Japan"), undefined); // two languages: without one the title is ambiguous
  equal(vocab.titleOf(3, "ja"), "日本");
  equal(vocab.titleOf(3, "de"), "Japan");
});

Deno.test("EntityVocab.getId() falls back where only one language is in question", () => {
  const withLanguage = new EntityVocab([...specials("en"), { id: 3, entities: [["Japan", "en"]], count: 1 }]);
  equal(withLanguage.getId("Japan"), 3);
  equal(withLanguage.getId("Japan", "en"), 3);
  equal(withLanguage.has("Japan", "de"), false);
  deepEqual([...withLanguage.languages], ["en"]);
  const without = new EntityVocab([...specials(), { id: 3, entities: [["Japan", null]], count: 1 }]);
  equal(without.getId("Japan", "en"), 3);
  equal(without.getId("constructor"), undefined);
});

Deno.test("EntityVocab.lookupLanguage() says in which entries titles are found", () => {
  const of = (...languages: (string | null)[]): EntityVocab =>
    new EntityVocab([
      ...specials(),
      ...languages.map((code, i): EntityVocabEntry => ({ id: i + 3, entities: [["A", code]], count: 0 })),
    ]);
  deepEqual(["en", "de", null].map((code) => of("en").lookupLanguage(code)), ["en", undefined, "en"]);
  deepEqual(["en", "de", null].map((code) => of("en", "ja").lookupLanguage(code)), [
    "en",
    undefined,
    undefined,
  ]);
  deepEqual(["en", "de", null].map((code) => of("en", null).lookupLanguage(code)), ["en", null, null]);
  equal(of().lookupLanguage("en"), undefined);
});

Deno.test("EntityVocab.titleOf() and countOf() refuse ids that do not exist", () => {
  const vocab = new EntityVocab(specials());
  throws(() => vocab.titleOf(3), RangeError);
  throws(() => vocab.countOf(-1), RangeError);
});

const malformed: [name: string, file: string, content: string, message: RegExp][] = [
  [
    "a line that is no JSON",
    "v.jsonl",
    '{"id":0,"entities":[["[PAD]",null]],"count":0}\n{"id":',
    /v\.jsonl, line 2: expected/,
  ],
  ["a missing count", "v.jsonl", '{"id":0,"entities":[["[PAD]",null]]}', /line 1: expected/],
  [
    "a repeated id",
    "v.jsonl",
    '{"id":0,"entities":[["a",null]],"count":0}\n'.repeat(2),
    /line 2: id 0 is already on line 1/,
  ],
  ["a gap in the ids", "v.jsonl", '{"id":1,"entities":[["a",null]],"count":0}\n', /no entry has id 0/],
  [
    "missing specials",
    "v.tsv",
    "[PAD]\t0\nJapan\t3\n",
    /v\.tsv: lacks the special entities \[UNK\], \[MASK\]/,
  ],
  ["a tsv line without a count", "v.tsv", "[PAD]\t0\nJapan\n", /v\.tsv, line 2: expected/],
  [
    "a repeated title",
    "v.tsv",
    "[PAD]\t0\n[UNK]\t0\n[MASK]\t0\nA\t2\nA\t1\n",
    /ids 3 and 4 both hold \["A",null\]/,
  ],
  [
    "a special entity at two ids",
    "v.jsonl",
    [..."[PAD] [UNK] [MASK] [MASK]".split(" ").entries()]
      .map(([id, title]) => JSON.stringify({ id, entities: [[title, id === 3 ? "en" : null]], count: 0 }))
      .join("\n"),
    /ids 2 and 3 both hold the special entity \[MASK\]/,
  ],
  [
    "a repeated title in jsonl",
    "v.jsonl",
    [..."[PAD] [UNK] [MASK] A A".split(" ").entries()]
      .map(([id, title]) => JSON.stringify({ id, entities: [[title, "en"]], count: 0 })).join("\n"),
    /v\.jsonl, line 5: ids 3 and 4 both hold \["A","en"\]/,
  ],
  ["nothing", "v.jsonl", "", /v\.jsonl: is empty/],
  ["empty lines only", "v.jsonl", "\n \n", /v\.jsonl: is empty/],
  ["nothing as tsv", "v.tsv", "", /v\.tsv: is empty/],
  ["an object of no keys", "v.json", "{}", /v\.json: is empty/],
  [
    "a broken object among several on a line",
    "v.jsonl",
    '{"id":0,"entities":[["[PAD]",null]],"count":0}{"id":1,"entities":[["}",null]}',
    /v\.jsonl, line 1, object 2: expected/,
  ],
  ["another ending", "v.txt", "", /rename/],
];

for (const [name, file, content, message] of malformed) {
  Deno.test(`EntityVocab.load() names file, place and remedy for ${name}`, () => {
    inDirectory((directory) => {
      Deno.writeTextFileSync(`${directory}/${file}`, content);
      throws(() => EntityVocab.load(`${directory}/${file}`), userError(message));
    });
  });
}

Deno.test("EntityVocab.load() names the line that is not UTF-8", () => {
  inDirectory((directory) => {
    Deno.writeFileSync(`${directory}/v.tsv`, Uint8Array.of(0x41, 0x09, 0x31, 0x0a, 0xff, 0x09, 0x31, 0x0a));
    throws(() => EntityVocab.load(`${directory}/v.tsv`), userError(/v\.tsv, line 2: is not UTF-8/));
  });
});

Deno.test("EntityVocab.load() opens jsonl whose line breaks are missing, as ice-luke's run left it", () => {
  inDirectory((directory) => {
    const titles = ["[PAD]", "[UNK]", "[MASK]", "Bandaríkin", 'A "}{" B\\', "{"];
    const objects = titles.map((title, id) =>
      `{"id": ${id}, "entities": [[${JSON.stringify(title)}, "is"]], "count": ${id}}`
    );
    for (const separator of ["", " ", "\n", "\n\n"]) {
      Deno.writeTextFileSync(`${directory}/v.jsonl`, objects.join(separator));
      const vocab = EntityVocab.load(`${directory}/v.jsonl`);
      deepEqual(Array.from({ length: vocab.size }, (_, id) => vocab.titleOf(id)), titles);
      deepEqual([vocab.countOf(4), [...vocab.languages]], [4, ["is"]]);
    }
  });
});

Deno.test("EntityVocab.save() writes the format that the file's ending or the caller names", () => {
  const entries: EntityVocabEntry[] = [
    ...specials("en"),
    { id: 3, entities: [["Alien: Covenant", "en"]], count: 7 },
  ];
  inDirectory((directory) => {
    const vocab = new EntityVocab(entries);
    vocab.save(`${directory}/v.tsv`);
    equal(Deno.readTextFileSync(`${directory}/v.tsv`), "[PAD]\t0\n[UNK]\t0\n[MASK]\t0\nAlien: Covenant\t7\n");
    vocab.save(`${directory}/v.json`);
    const object = { "[PAD]": 0, "[UNK]": 1, "[MASK]": 2, "en:Alien: Covenant": 3, "[MASK2]": 4 };
    deepEqual(JSON.parse(Deno.readTextFileSync(`${directory}/v.json`)), object);
    const back = EntityVocab.load(`${directory}/v.json`);
    deepEqual([back.getId("Alien: Covenant", "en"), back.countOf(3)], [3, 0]);
    vocab.save(`${directory}/v.partial`, "jsonl");
    equal(Deno.readTextFileSync(`${directory}/v.partial`).split("\n").length, 5);
    throws(() => vocab.save(`${directory}/v.partial`), userError(/rename/));
    const two = new EntityVocab([...specials(), { id: 3, entities: [["A", "en"], ["B", "ja"]], count: 0 }]);
    throws(() => two.save(`${directory}/two.tsv`), userError(/two\.tsv: id 3 has several titles.*\.jsonl/));
    const languages = new EntityVocab([
      ...specials(),
      { id: 3, entities: [["A", "en"]], count: 0 },
      { id: 4, entities: [["A", "ja"]], count: 0 },
    ]);
    throws(() => languages.save(`${directory}/two.tsv`), userError(/id 4 has another language/));
  });
});

Deno.test("EntityVocab.load() takes a directory, and says when it holds no vocabulary", () => {
  inDirectory((directory) => {
    throws(() => EntityVocab.load(directory), userError(/holds neither/));
    throws(() => EntityVocab.load(`${directory}/none.jsonl`), userError(/no such/));
    new EntityVocab(specials()).save(`${directory}/entity_vocab.jsonl`);
    equal(EntityVocab.load(directory).size, 3);
    Deno.writeTextFileSync(`${directory}/entity_vocab.tsv`, "[PAD]\t0\n[UNK]\t0\n[MASK]\t0\nA\t1\n");
    equal(EntityVocab.load(directory).size, 4);
  });
});

Deno.test({
  name: "EntityVocab.load() opens the vocabularies of LUKE's own tests",
  ignore: noData,
  fn: () => {
    const dummy = EntityVocab.load(`${data}dummy_entity_vocab.tsv`);
    deepEqual([dummy.padId, dummy.unkId, dummy.maskId, dummy.getId("Japan")], [0, 1, 2, 3]);
    const english = EntityVocab.load(`${data}enwiki_20181220_entvocab_100.tsv`);
    equal(english.size, 103);
    equal(english.getId("United States"), 4);
    equal(english.countOf(4), 261500);
    equal(english.getId("United States", "en"), 4);
    const multilingual = EntityVocab.load(`${data}en_ja_multilingual_vocab_test.jsonl`);
    deepEqual([...multilingual.languages], ["ja"]);
    for (const { id, entities } of multilingual.entries()) {
      for (const [title, language] of entities) equal(multilingual.getId(title, language), id);
    }
  },
});
