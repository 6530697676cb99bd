import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { Dataset } from "./dataset.ts";
import { buildPretrainingDataset, type DatasetBuildOptions, type PageSource } from "./dataset_builder.ts";
import { decodeItem, encodeItem } from "./dataset_shard.ts";
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
    ok(existsSync(`${out}/entity_vocab.jsonl`) && existsSync(`${out}/tokenizer.json`));
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
    throws(() => Dataset.open(out), userError(/upstream's dataset\.tf/));
  });
});
