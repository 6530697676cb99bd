import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { Dataset } from "./dataset.ts";
import { buildPretrainingDataset } from "./dataset_builder.ts";
import {
  build,
  db,
  files,
  inDirectory,
  PAGES,
  paragraphsOf,
  tokenizer,
  userError,
  vocabulary,
} from "./dataset_fixture.ts";
import { PageDocuments } from "./page_documents.ts";
import { pageItems } from "./page_items.ts";
import { openSentenceSplitter } from "./sentence_splitter.ts";

Deno.test("buildPretrainingDataset() writes what Dataset reads, over several shards", async () => {
  await inDirectory(async (directory) => {
    const out = `${directory}/set`;
    const summary = await build(out, { shardBytes: 1000, includeUnkEntities: true });
    ok(summary.shards > 2);
    equal(summary.pages, PAGES);
    using dataset = Dataset.open(out);
    equal(dataset.size, summary.items);
    const expected = new Map<number, unknown>();
    for (let n = 0; n < PAGES; n++) {
      const title = `Page ${n}`;
      const items = pageItems({ title, paragraphs: paragraphsOf(n) }, {
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

Deno.test("buildPretrainingDataset() is deterministic; the seed orders the pages", async () => {
  await inDirectory(async (directory) => {
    for (const [name, seed] of [["a", 1], ["b", 1], ["c", 2]] as const) {
      await build(`${directory}/${name}`, { seed });
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

Deno.test("buildPretrainingDataset() honours filters, caps and abstractOnly", async () => {
  await inDirectory(async (directory) => {
    equal((await build(`${directory}/cap`, { maxNumDocuments: 7 })).pages, 7);
    equal(
      (await build(`${directory}/filter`, { pageFilter: (title) => /[02468]$/.test(title) })).pages,
      PAGES / 2,
    );
    const abstracts = await build(`${directory}/abstract`, {
      abstractOnly: true,
      includeSentencesWithoutEntities: true,
    });
    equal(abstracts.words, PAGES * 10);
    const progress: number[] = [];
    await build(`${directory}/progress`, { progress: (done) => progress.push(done) });
    deepEqual([progress[0], progress.at(-1)], [0, PAGES]);
  });
});

Deno.test("buildPretrainingDataset() replaces an empty directory and a killed run's rest, nothing else", async () => {
  await inDirectory(async (directory) => {
    const out = `${directory}/set`;
    Deno.mkdirSync(out);
    Deno.mkdirSync(`${out}.partial`);
    writeFileSync(`${out}.partial/shard-00099.bin`, "rest");
    await build(out);
    equal(existsSync(`${out}/shard-00099.bin`), false);
    const before = files(out);
    await rejects(build(out), userError(/set: exists and is not empty/));
    deepEqual(files(out), before);
  });
});

Deno.test("buildPretrainingDataset() says why nothing came out, and leaves nothing behind", async () => {
  await inDirectory(async (directory) => {
    const out = `${directory}/set`;
    const german = vocabulary("de");
    for (const options of [{}, { includeSentencesWithoutEntities: true }, { includeUnkEntities: true }]) {
      await rejects(
        buildPretrainingDataset(new PageDocuments(db), tokenizer, german, out, options),
        userError(/no titles in en, the language looked up, only in de; pass/),
      );
    }
    // Upstream looks up without a language unless told.
    await rejects(build(out, { compat: "luke" }), userError(/looked up: none/));
    await rejects(build(out, { minSentenceLength: 100 }), userError(/no items .* 120 are shorter/));
    await rejects(build(out, { pageFilter: () => false }), userError(/no pages/));
    await rejects(build(out, { maxSeqLength: 2 }), userError(/--max-seq-length 2/));
    await rejects(build(out, { minSentenceLength: 511 }), userError(/--min-sentence-length 511/));
    deepEqual(readdirSync(directory), []);
  });
});
