import { deepEqual, equal, throws } from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { EntityVocab } from "./entity_vocab.ts";
import { readEntityKeys } from "./entity_vocab_json.ts";

function inFile(text: string | Uint8Array, use: (file: string, directory: string) => void): void {
  const directory = Deno.makeTempDirSync();
  const file = `${directory}/entity_vocab.json`;
  try {
    Deno.writeFileSync(file, typeof text === "string" ? new TextEncoder().encode(text) : text);
    use(file, directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function refused(text: string | Uint8Array, pattern: RegExp): void {
  inFile(text, (file) =>
    throws(
      () => EntityVocab.load(file),
      (error) => error instanceof UserError && pattern.test(error.message) && !error.message.includes("\n"),
    ));
}

const specials = { "[PAD]": 0, "[UNK]": 1, "[MASK]": 2 };

Deno.test("EntityVocab.load() reads Hugging Face's entity_vocab.json with plain titles, whatever they contain", () => {
  const vocab = { "Japan": 3, ...specials, "[MASK2]": 6, "Alien: Covenant": 4, "en:Tokyo": 5 };
  inFile(JSON.stringify(vocab, null, 2), (file, directory) => {
    for (const path of [file, directory]) {
      const opened = EntityVocab.load(path);
      deepEqual([opened.size, opened.padId, opened.unkId, opened.maskId, opened.mask2Id], [7, 0, 1, 2, 6]);
      deepEqual([...opened.languages], [null]);
      deepEqual([opened.getId("Alien: Covenant"), opened.getId("en:Tokyo"), opened.getId("Japan", "en")], [
        4,
        5,
        3,
      ]);
      equal(opened.countOf(3), 0);
    }
  });
});

Deno.test("EntityVocab.load() takes languages from lang:Title, several keys to an id, special ids in any order", () => {
  const vocab = {
    "[MASK]": 0,
    "[UNK]": 1,
    "[PAD]": 2,
    "en:Alien: Covenant": 3,
    "ja:エイリアン": 3,
    "zh-min-nan:X": 4,
  };
  inFile(JSON.stringify(vocab), (file) => {
    const opened = EntityVocab.load(file);
    deepEqual([opened.size, opened.padId, opened.maskId, opened.mask2Id], [5, 2, 0, undefined]);
    deepEqual([...opened.languages].sort(), ["en", "ja", "zh-min-nan"]);
    equal(opened.getId("エイリアン", "ja"), 3);
    equal(opened.titleOf(3, "en"), "Alien: Covenant");
    deepEqual([...opened.entries()][3], {
      id: 3,
      entities: [["Alien: Covenant", "en"], ["エイリアン", "ja"]],
      count: 0,
    });
  });
});

Deno.test("EntityVocab.load() splits what it can where the tokenizer is MLukeTokenizer", () => {
  inFile(JSON.stringify({ ...specials, "en:Japan": 3, "qqx:Japan": 4, "Bare": 5 }), (file, directory) => {
    equal(EntityVocab.load(file).getId("en:Japan"), 3);
    Deno.writeTextFileSync(`${directory}/tokenizer_config.json`, '{"tokenizer_class": "MLukeTokenizer"}');
    const opened = EntityVocab.load(file);
    deepEqual([opened.getId("Japan", "en"), opened.getId("Bare"), opened.getId("qqx:Japan")], [3, 5, 4]);
    Deno.writeTextFileSync(`${directory}/tokenizer_config.json`, "{");
    throws(() => EntityVocab.load(file), /tokenizer_config\.json: cannot be read as JSON/);
  });
});

Deno.test("EntityVocab.load() mends None:Title, which upstream wrote for no language", () => {
  inFile(JSON.stringify({ ...specials, "None:Japan": 3, "None:A: B": 4 }), (file) => {
    const opened = EntityVocab.load(file);
    deepEqual([opened.getId("Japan"), opened.getId("A: B", "en"), [...opened.languages]], [3, 4, [null]]);
  });
});

Deno.test("EntityVocab.load() opens a lite vocabulary of special entities only", () => {
  inFile('{"[MASK]": 0, "[UNK]": 1, "[PAD]": 2, "[MASK2]": 3}', (file) => {
    const opened = EntityVocab.load(file);
    deepEqual([opened.size, opened.mask2Id, opened.languages.size], [4, 3, 0]);
  });
});

Deno.test("EntityVocab.load() names file, byte and remedy for a malformed entity_vocab.json", () => {
  refused("", /entity_vocab\.json, byte 0: expected \{/);
  refused("[1]", /byte 0: expected \{/);
  refused('{"a": 0', /byte 7: the file ends in an entry/);
  refused('{"a": 0,}', /byte 8: expected a key/);
  refused('{"a": -1}', /byte 6: expected an id/);
  refused('{"a": 1.5}', /byte 6: expected an id/);
  refused('{"a" 1}', /byte 5: expected a colon/);
  refused('{"a": 0} x', /byte 9: something follows/);
  refused('{"a": 0 "b": 1}', /byte 8: expected , or \}/);
  refused('{"\\q": 0}', /unknown escape/);
  refused('{"\\u12g4": 0}', /malformed \\u escape/);
  refused(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x30, 0x7d), /byte 2: a key is not UTF-8/);
  refused('{"a": 0}', /lacks the special entities/);
  refused(JSON.stringify({ ...specials, A: 4 }), /no entry has id 3/);
  const text = JSON.stringify(specials).slice(0, -1) + ',"A":3,"B":4,"A":4}';
  refused(text, new RegExp(`byte ${text.lastIndexOf('"A"')}: ids 3 and 4 both hold \\["A",null\\]`));
});

Deno.test("readEntityKeys() reads every object of ids that JSON.parse reads", () => {
  const key = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary", maxLength: 20 }));
  const numbers = fc.dictionary(
    key.filter((text) => text.isWellFormed() && text !== "__proto__"),
    fc.nat(999_999_999),
  );
  fc.assert(
    fc.property(numbers, fc.boolean(), fc.constantFrom(undefined, 1, "\t"), (object, escaped, space) => {
      let text = JSON.stringify(object, null, space);
      if (escaped) {
        text = text.replace(
          /[\x7f-\uffff]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
        );
      }
      inFile(text, (file) => {
        const read: Record<string, number> = {};
        readEntityKeys(file, (bytes, from, to, id) => {
          read[new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(from, to))] = id;
        });
        deepEqual(read, { ...object });
      });
    }),
    { numRuns: 100 },
  );
});

Deno.test("readEntityKeys() reads entries across the pieces that it reads, and refuses endless keys", () => {
  const long = "x".repeat(900_000);
  const entries = Array.from({ length: 12 }, (_, id): [string, number] => [`${id}${long}`, id]);
  inFile(JSON.stringify(Object.fromEntries(entries.map(([key, id]) => [`k${key}`, id]))), (file) => {
    const lengths: number[] = [];
    readEntityKeys(file, (_bytes, from, to) => lengths.push(to - from));
    deepEqual(lengths, entries.map(([key]) => key.length + 1));
  });
  refused(`{"${"x".repeat(9 << 20)}": 0}`, /longer than 1 MiB/);
});

Deno.test("EntityVocab.load() reads the vocabulary that transformers 5 keeps in tokenizer_config.json", () => {
  const directory = Deno.makeTempDirSync();
  try {
    const entityVocab = {
      "entity_vocab": 4,
      'a "entity_vocab': 5,
      "[PAD]": 0,
      "[UNK]": 1,
      "[MASK]": 2,
      Japan: 3,
    };
    const config = { bos_token: "<s>", entity_vocab: entityVocab, tokenizer_class: "LukeTokenizer" };
    Deno.writeTextFileSync(`${directory}/tokenizer_config.json`, JSON.stringify(config, null, 2));
    for (const path of [directory, `${directory}/tokenizer_config.json`]) {
      const vocab = EntityVocab.load(path);
      deepEqual(Array.from({ length: vocab.size }, (_, id) => vocab.titleOf(id)), [
        "[PAD]",
        "[UNK]",
        "[MASK]",
        "Japan",
        "entity_vocab",
        'a "entity_vocab',
      ]);
    }
    Deno.writeTextFileSync(`${directory}/tokenizer_config.json`, JSON.stringify({ entity_vocab: null }));
    throws(() => EntityVocab.load(directory), /holds neither entity_vocab\.jsonl/);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
