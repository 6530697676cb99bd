import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { Dataset } from "../dataset/dataset.ts";
import { buildPretrainingDataset } from "./dataset_builder.ts";
import type { DatasetTokenizer } from "./dataset_build_options.ts";
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
} from "../dataset/dataset_fixture.ts";
import { PageDocuments } from "./page_documents.ts";
import { type ItemPage, pageItems } from "./page_items.ts";
import { openSentenceSplitter } from "../sentences/sentence_splitter.ts";

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
    await build(`${out}/`);
    equal(existsSync(`${out}/shard-00099.bin`), false);
    deepEqual(readdirSync(directory), ["set"]);
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

Deno.test("buildPretrainingDataset() finds mentions behind characters outside the BMP where they are", async () => {
  // Sentences and mentions have the same places when each of the characters is one of the BMP.
  const text = (sign: string): string =>
    `${sign}${sign} It was ${sign} fine. ${sign} Mr. Sato of Tokyo saw ${sign}${sign}. Tokyo ${sign}Tokyo${sign} is large! ${sign}.`;
  const page = (sign: string): ItemPage => {
    const places = [...text(sign).matchAll(/Tokyo/g)].map(({ index }) => index);
    const links = places.map((start) => ({ title: "Page 7", text: "Tokyo", start, end: start + 5 }));
    return { title: "Page 1", paragraphs: [{ text: text(sign), links, abstract: true }] };
  };
  const spelled: DatasetTokenizer = {
    ...tokenizer,
    encodeSegment: (segment) =>
      segment.split(/\s+/).filter((word) => word !== "").map((word) =>
        [...word.replaceAll("🤩", "☺")].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 9973, 0)
      ),
  };
  await inDirectory(async (directory) => {
    for (const sentenceSplitter of ["en", "opennlp", "ja"]) {
      for (const compat of [{}, { compat: "luke" }] as const) {
        const made = await Promise.all(["🤩", "☺"].map(async (sign, i) => {
          const out = `${directory}/${sentenceSplitter}${compat.compat ?? ""}${i}`;
          const source = new PageDocuments({
            ...db,
            lastPlace: 1,
            pagesAt: function* (): Generator<ItemPage> {
              yield page(sign);
            },
          });
          await buildPretrainingDataset(source, spelled, vocabulary("en"), out, {
            sentenceSplitter,
            minSentenceLength: 1,
            language: "en",
            ...compat,
          });
          using dataset = Dataset.open(out);
          equal(dataset.size, 1);
          return dataset.item(0);
        }));
        deepEqual(made[0], made[1]);
        const [tokyo] = spelled.encodeSegment("Tokyo", false);
        const { wordIds, entities } = made[0] ?? { wordIds: [], entities: [] };
        deepEqual(entities.map(({ start, length }) => [wordIds[start], length]), [[tokyo, 1], [tokyo, 1], [
          tokyo,
          1,
        ]]);
      }
    }
  });
});
