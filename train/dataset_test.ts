import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { Dataset } from "./dataset.ts";
import { buildPretrainingDataset, type DatasetBuildOptions, type PageSource } from "./dataset_builder.ts";
import { decodeIndexEntry, encodeIndexEntry } from "./dataset_index.ts";
import { decodeItem, encodeItem } from "./dataset_record.ts";
import { type ItemParagraph, pageItems } from "./page_items.ts";
import { openSentenceSplitter } from "./sentence_splitter.ts";

const PAGES = 40;

/** Page n: some sentences, each with a link to page n + 1 and one to a page that does not exist. */
const db: PageSource = {
  meta: { language: "en", dump_file: "testwiki.xml.bz2" },
  *titles(): Generator<string> {
    for (let n = 0; n < PAGES; n++) yield `Page ${n}`;
    yield "File:Cat.jpg";
  },
  paragraphs(title: string): ItemParagraph[] {
    const number = Number(title.slice(5));
    const text = `The page ${number} points to number ${number + 1}, or to nothing.`;
    const start = text.indexOf(" number") + 1;
    const links = [
      { title: `Page ${number + 1}`, text: "number", start, end: start + 6 },
      { title: "Nothing", text: "nothing", start: text.length - 8, end: text.length - 1 },
    ];
    return Array.from({ length: 1 + number % 5 }, (_, i) => ({ text, links, abstract: i === 0 }));
  },
  resolveRedirect: (title: string): string => title,
};

const tokenizer = {
  vocabSize: 10_000,
  modelType: "bert" as const,
  encodeSegment: (text: string): number[] =>
    text.split(/\s+/).filter((word) => word !== "").map((word) => word.length + word.charCodeAt(0)),
  isSubword: (): boolean => false,
  save: (directory: string): void => writeFileSync(`${directory}/tokenizer.json`, "{}"),
};

function vocabulary(language: string | null): Parameters<typeof buildPretrainingDataset>[2] {
  return {
    size: PAGES + 3,
    unkId: 1,
    languages: new Set([language]),
    getId(title: string, wanted: string | null = null): number | undefined {
      const number = /^Page (\d+)$/.exec(title)?.[1];
      return number === undefined || wanted !== language || Number(number) >= PAGES
        ? undefined
        : Number(number) + 3;
    },
    save: (path: string): void => writeFileSync(path, "entities\n"),
  };
}

function build(out: string, options: DatasetBuildOptions = {}): ReturnType<typeof buildPretrainingDataset> {
  return buildPretrainingDataset(db, tokenizer, vocabulary("en"), out, options);
}

function inDirectory(use: (directory: string) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function userError(pattern: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof UserError && pattern.test(error.message) && !error.message.includes("\n");
}

function files(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory).sort().map((
      name,
    ) => [name, createHash("sha256").update(readFileSync(`${directory}/${name}`)).digest("hex")]),
  );
}

Deno.test("encodeItem() and decodeItem() invert each other; decodeItem() refuses other lengths", () => {
  const id = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  const entities = fc.array(fc.record({ id, start: id, length: id }, { noNullPrototype: true }));
  fc.assert(
    fc.property(fc.integer({ min: -1, max: 1000 }), fc.array(id), entities, (pageId, wordIds, mentions) => {
      const record = encodeItem({ pageId, wordIds, entities: mentions });
      deepEqual(decodeItem(record), { pageId, wordIds: Int32Array.from(wordIds), entities: mentions });
      equal(decodeItem(record.subarray(0, record.length - 1)), undefined);
    }),
  );
});

Deno.test("buildPretrainingDataset() writes what Dataset reads, over several shards", () => {
  inDirectory((directory) => {
    const out = `${directory}/set`;
    const summary = build(out, { shardBytes: 1000, includeUnkEntities: true });
    ok(summary.shards > 2);
    equal(summary.pages, PAGES);
    using dataset = Dataset.open(out);
    equal(dataset.size, summary.items);
    const expected = new Map<number, unknown>();
    for (let n = 0; n < PAGES; n++) {
      const title = `Page ${n}`;
      const items = pageItems({ title, paragraphs: db.paragraphs(title) }, {
        tokenizer,
        sentenceSplitter: openSentenceSplitter("en"),
        entityId: (name) => vocabulary("en").getId(name, "en"),
        unkEntityId: 1,
        resolveRedirect: (name) => name,
        maxSeqLength: 512,
        maxEntityLength: 128,
        maxMentionLength: 30,
        minSentenceLength: 5,
      });
      equal(items.length, 1);
      expected.set(n + 3, items[0]);
    }
    let words = 0;
    for (let index = dataset.size - 1; index >= 0; index--) {
      const item = dataset.item(index);
      words += item.wordIds.length;
      deepEqual(dataset.lengths(index), { words: item.wordIds.length, entities: item.entities.length });
      deepEqual({ ...item, wordIds: Array.from(item.wordIds) }, expected.get(item.pageId));
      expected.delete(item.pageId);
    }
    equal(expected.size, 0);
    equal(words, summary.words);
    const { metadata } = dataset;
    equal(metadata.total_words, words);
    equal(metadata.total_entities, summary.entities);
    equal(metadata.longest_item, 5 * 11);
    equal(metadata.most_entities, 10);
    equal(metadata.longest_mention, 1);
    equal(metadata.language, "en");
    equal(metadata.tokenizer_class, "BertTokenizer");
    for (const { name, sha256, index_sha256 } of metadata.shards) {
      equal(files(out)[`${name}.bin`], sha256);
      equal(files(out)[`${name}.idx`], index_sha256);
    }
    throws(() => dataset.item(dataset.size), RangeError);
    deepEqual(readdirSync(directory), ["set"]);
    deepEqual(metadata.files, {
      "entity_vocab.jsonl": files(out)["entity_vocab.jsonl"],
      "tokenizer.json": files(out)["tokenizer.json"],
    });
    dataset.checkFiles();
  });
});

Deno.test("buildPretrainingDataset() is deterministic; the seed orders the pages", () => {
  inDirectory((directory) => {
    for (const [name, seed] of [["a", 1], ["b", 1], ["c", 2]] as const) {
      build(`${directory}/${name}`, { seed });
    }
    deepEqual(files(`${directory}/a`), files(`${directory}/b`));
    const pages = (name: string): number[] => {
      using dataset = Dataset.open(`${directory}/${name}`);
      return Array.from({ length: dataset.size }, (_, index) => dataset.item(index).pageId);
    };
    ok(JSON.stringify(pages("a")) !== JSON.stringify(pages("c")));
    deepEqual(pages("a").sort(), pages("c").sort());
  });
});

Deno.test("buildPretrainingDataset() honours filters, caps and abstractOnly", () => {
  inDirectory((directory) => {
    equal(build(`${directory}/cap`, { maxNumDocuments: 7 }).pages, 7);
    equal(build(`${directory}/filter`, { pageFilter: (title) => /[02468]$/.test(title) }).pages, PAGES / 2);
    const abstracts = build(`${directory}/abstract`, {
      abstractOnly: true,
      includeSentencesWithoutEntities: true,
    });
    equal(abstracts.words, PAGES * 10);
    const progress: number[] = [];
    build(`${directory}/progress`, { progress: (done) => progress.push(done) });
    deepEqual([progress[0], progress.at(-1)], [0, PAGES]);
  });
});

Deno.test("buildPretrainingDataset() replaces an empty directory and a killed run's rest, nothing else", () => {
  inDirectory((directory) => {
    const out = `${directory}/set`;
    Deno.mkdirSync(out);
    Deno.mkdirSync(`${out}.partial`);
    writeFileSync(`${out}.partial/shard-00099.bin`, "rest");
    build(out);
    equal(existsSync(`${out}/shard-00099.bin`), false);
    const before = files(out);
    throws(() => build(out), userError(/set: exists and is not empty/));
    deepEqual(files(out), before);
  });
});

Deno.test("buildPretrainingDataset() says why nothing came out, and leaves nothing behind", () => {
  inDirectory((directory) => {
    const out = `${directory}/set`;
    const german = vocabulary("de");
    for (const options of [{}, { includeSentencesWithoutEntities: true }, { includeUnkEntities: true }]) {
      throws(
        () => buildPretrainingDataset(db, tokenizer, german, out, options),
        userError(/no titles in en, the language looked up, only in de; pass/),
      );
    }
    // Upstream looks up without a language unless told.
    throws(() => build(out, { compat: "luke" }), userError(/looked up: none/));
    throws(() => build(out, { minSentenceLength: 100 }), userError(/no items .* 120 are shorter/));
    throws(() => build(out, { pageFilter: () => false }), userError(/no pages/));
    throws(() => build(out, { maxSeqLength: 2 }), userError(/--max-seq-length 2/));
    throws(() => build(out, { minSentenceLength: 511 }), userError(/--min-sentence-length 511/));
    deepEqual(readdirSync(directory), []);
  });
});

Deno.test("Dataset.open() names what is missing, cut off or foreign", () => {
  inDirectory((directory) => {
    throws(() => Dataset.open(`${directory}/none`), userError(/none: no such data set/));
    throws(() => Dataset.open(directory), userError(/metadata\.json: no such file/));
    const out = `${directory}/set`;
    build(out);
    truncateSync(`${out}/shard-00000.bin`, 8);
    throws(() => Dataset.open(out), userError(/shard-00000\.bin: 8 bytes, \d+ expected/));
    rmSync(`${out}/shard-00000.bin`);
    throws(() => Dataset.open(out), userError(/shard-00000\.bin: no such file/));
    writeFileSync(`${out}/metadata.json`, "{");
    throws(() => Dataset.open(out), userError(/not valid JSON/));
    writeFileSync(`${out}/metadata.json`, '{"number_of_items": 3}');
    throws(() => Dataset.open(out), userError(/not the metadata of a lukeforge-dataset-2/));
    writeFileSync(`${out}/dataset.tf`, "");
    throws(() => Dataset.open(out), userError(/take it over with convert-dataset/));
    writeFileSync(`${out}/metadata.json`, '{"format": "lukeforge-dataset-1"}');
    throws(() => Dataset.open(out), userError(/older format lukeforge-dataset-1, .* build it again/));
    writeFileSync(`${out}/metadata.json`, '{"format": "lukeforge-dataset-9"}');
    throws(() => Dataset.open(out), userError(/format is lukeforge-dataset-9, this version reads/));
  });
});

/** Flips one bit of a file, runs `use`, and flips it back. */
function withFlippedBit(path: string, bit: number, use: () => void): void {
  const bytes = readFileSync(path);
  const flip = (): void => {
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ 1 << (bit & 7);
    writeFileSync(path, bytes);
  };
  flip();
  use();
  flip();
}

Deno.test("Dataset.item() names file and item of any flipped bit; other items are read", () => {
  inDirectory((directory) => {
    const out = `${directory}/set`;
    build(out, { shardBytes: 1000 });
    const random = fc.sample(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { seed: 1, numRuns: 60 });
    for (const ending of ["bin", "idx"]) {
      const path = `${out}/shard-00001.${ending}`;
      const bits = 8 * readFileSync(path).length;
      for (const number of random) {
        withFlippedBit(path, number % bits, () => {
          using dataset = Dataset.open(out);
          const errors: string[] = [];
          for (let index = 0; index < dataset.size; index++) {
            try {
              dataset.item(index);
            } catch (error) {
              ok(error instanceof UserError);
              errors.push(error.message);
              const place = index - (dataset.metadata.shards[0]?.items ?? 0);
              ok(error.message.startsWith(`${path}, item ${place} (item ${index} of the data set, byte `));
              ok(/damaged, its checksum does not agree; copy it again from /.test(error.message));
            }
          }
          equal(errors.length, 1);
        });
      }
    }
  });
});

Deno.test("Dataset.lengths() names file and item of a damaged index entry", () => {
  inDirectory((directory) => {
    const out = `${directory}/set`;
    build(out);
    withFlippedBit(`${out}/shard-00000.idx`, 8 * 24 * 3 + 70, () => {
      using dataset = Dataset.open(out);
      throws(() => dataset.lengths(3), userError(/shard-00000\.idx, item 3 \(byte 72\): damaged/));
      equal(dataset.lengths(4).words, dataset.item(4).wordIds.length);
    });
  });
});

Deno.test("decodeIndexEntry() inverts encodeIndexEntry() and refuses records beyond the file", () => {
  const entry = { offset: 2 ** 40 + 4, words: 7, entities: 2, checksum: 0xfedcba98 };
  const end = entry.offset + 4 * (3 + 7 + 6);
  deepEqual(decodeIndexEntry(encodeIndexEntry(entry), end), entry);
  equal(decodeIndexEntry(encodeIndexEntry(entry), end - 1), undefined);
});

Deno.test("readDatasetMetadata() finds any changed field", () => {
  inDirectory((directory) => {
    const out = `${directory}/set`;
    build(out, { shardBytes: 1000 });
    const path = `${out}/metadata.json`;
    const text = readFileSync(path, "utf8");
    deepEqual(Object.keys(JSON.parse(text)).slice(0, 8), [
      "number_of_items",
      "max_seq_length",
      "max_entity_length",
      "max_mention_length",
      "min_sentence_length",
      "tokenizer_class",
      "language",
      "format",
    ]);
    const cases: [RegExp, string, RegExp][] = [
      [/"total_words": \d+/, '"total_words": 1', /total_words is 1, its shards have \d+ words/],
      [/"number_of_items": \d/, '"number_of_items": -1', /number_of_items is no whole number/],
      [/"vocab_size": 1/, '"vocab_size": 2', /do not agree with metadata_sha256/],
      [/"language": "en"/, '"language": "eo"', /do not agree with metadata_sha256/],
      [/"language": "en"/, '"language": 3', /language is neither text nor null/],
      [/"shard-00001"/, '"../../shard-00001"', /shard 1 is called "\.\.\/\.\.\/shard-00001"/],
      [/"shard-00002"/, '"shard-00001"', /shard 2 is called "shard-00001"/],
      [/"bytes": \d+/, '"bytes": 12', /the numbers of shard 0 do not agree/],
      [/"sha256": "../, '"sha256": "', /shard 0 lacks a field, or one is of another type/],
      [/"tokenizer.json": "/, '"../tokenizer.json": "', /files does not map names to SHA-256/],
      [/"pages": \d+/, '"pages": 0.5', /counts holds something else/],
    ];
    for (const [pattern, replacement, message] of cases) {
      ok(pattern.test(text), String(pattern));
      writeFileSync(path, text.replace(pattern, replacement));
      throws(() => Dataset.open(out), userError(/metadata\.json: damaged \(.*\); copy it again from/));
      throws(() => Dataset.open(out), userError(message));
    }
    // Layout is nobody's loss.
    writeFileSync(path, JSON.stringify(JSON.parse(text)));
    Dataset.open(out).close();
  });
});

Deno.test("Dataset.checkFiles() finds a tokenizer or a vocabulary that was replaced", () => {
  inDirectory((directory) => {
    const out = `${directory}/set`;
    build(out);
    using dataset = Dataset.open(out);
    writeFileSync(`${out}/tokenizer.json`, "[]");
    throws(
      () => dataset.checkFiles(),
      userError(/tokenizer\.json: is not the file that the data set was built/),
    );
    rmSync(`${out}/entity_vocab.jsonl`);
    throws(() => dataset.checkFiles(), userError(/entity_vocab\.jsonl: no such file/));
  });
});
