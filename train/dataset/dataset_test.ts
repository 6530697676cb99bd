import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { Dataset } from "./dataset.ts";
import { build, inDirectory, userError, withFlippedBit } from "./dataset_fixture.ts";
import { decodeIndexEntry, encodeIndexEntry } from "./dataset_index.ts";
import { decodeItem, encodeItem } from "./dataset_record.ts";
import { writeTestDataset } from "./testdata_dataset.ts";

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

Deno.test("Dataset.open() names what is missing, cut off or foreign", async () => {
  await inDirectory(async (directory) => {
    throws(() => Dataset.open(`${directory}/none`), userError(/none: no such data set/));
    throws(() => Dataset.open(directory), userError(/metadata\.json: no such file/));
    const out = `${directory}/set`;
    await build(out);
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

Deno.test("Dataset.item() names file and item of any flipped bit; other items are read", async () => {
  await inDirectory(async (directory) => {
    const out = `${directory}/set`;
    await build(out, { shardBytes: 1000 });
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

Deno.test("Dataset.lengths() names file and item of a damaged index entry", async () => {
  await inDirectory(async (directory) => {
    const out = `${directory}/set`;
    await build(out);
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

Deno.test("readDatasetMetadata() finds any changed field", async () => {
  await inDirectory(async (directory) => {
    const out = `${directory}/set`;
    await build(out, { shardBytes: 1000 });
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

Deno.test("Dataset.checkFiles() finds a tokenizer or a vocabulary that was replaced", async () => {
  await inDirectory(async (directory) => {
    const out = `${directory}/set`;
    await build(out);
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

Deno.test("Dataset.item() does not mix in items of a data set that was built anew under the same name", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/set`;
    const write = (words: number): void =>
      writeTestDataset(
        path,
        Array.from({ length: 9 }, () => ({
          pageId: -1,
          wordIds: Array.from({ length: words }, () => words),
          entities: [],
        })),
        { shardBytes: 80 },
      );
    write(5);
    using dataset = Dataset.open(path);
    deepEqual(dataset.item(0).wordIds.length, 5);
    rmSync(path, { recursive: true });
    write(6);
    deepEqual(dataset.item(1).wordIds.length, 5, "what is open stays");
    throws(
      () => dataset.item(8),
      userError(/shard-\d+\.bin: changed since the data set was opened \(\d+ bytes, \d+ then\); start/),
    );
  });
});
