import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { ConcatenatedDatasets } from "./concatenated_datasets.ts";
import { Dataset } from "./dataset.ts";
import { inDirectory, userError } from "./dataset_fixture.ts";
import type { DatasetItem } from "../building/page_items.ts";
import { writeTestDataset } from "./testdata_dataset.ts";

/** Items of 1 to 5 words that tell which they are. */
function items(name: number, count: number): DatasetItem[] {
  return Array.from({ length: count }, (_, item) => ({
    pageId: -1,
    wordIds: Array.from({ length: 1 + item % 5 }, () => 100 * name + item),
    entities: item % 2 === 0 ? [] : [{ id: name, start: 0, length: 1 }],
  }));
}

Deno.test("ConcatenatedDatasets numbers the items of its data sets in the order given", async () => {
  await inDirectory((directory) => {
    const counts = [7, 1, 12];
    counts.forEach((count, name) =>
      writeTestDataset(`${directory}/${name}`, items(name, count), { shardBytes: 100 })
    );
    using all = ConcatenatedDatasets.open([0, 1, 2].map((name) => `${directory}/${name}`));
    deepEqual(all.boundaries, [0, 7, 8, 20]);
    equal(all.size, 20);
    deepEqual([all.max_seq_length, all.longest_item, all.most_entities, all.longest_mention], [7, 5, 1, 1]);
    const lengths = Array.from({ length: 20 }, (_, index) => all.lengths(index));
    deepEqual([all.total_words, all.total_entities], [
      lengths.reduce((sum, { words }) => sum + words, 0),
      lengths.reduce((sum, { entities }) => sum + entities, 0),
    ]);
    const expected = counts.flatMap((count, name) => items(name, count));
    for (const [index, item] of expected.entries()) {
      const stored = all.item(index);
      deepEqual({ ...stored, wordIds: Array.from(stored.wordIds) }, item);
      deepEqual(all.lengths(index), { words: item.wordIds.length, entities: item.entities.length });
    }
    for (const index of [-1, 20, 0.5, NaN]) throws(() => all.item(index), RangeError);
  });
});

Deno.test("ConcatenatedDatasets.open() refuses other vocabularies, naming both files, and a directory given twice", async () => {
  await inDirectory((directory) => {
    writeTestDataset(`${directory}/a`, items(0, 3));
    writeTestDataset(`${directory}/b`, items(0, 3), { tokenizer: "[]" });
    writeTestDataset(`${directory}/c`, items(0, 3), { entities: "\n" });
    const open = (...names: string[]): () => void => () =>
      ConcatenatedDatasets.open(names.map((name) => `${directory}/${name}`));
    throws(
      open("a", "b"),
      userError(/b\/tokenizer\.json: is not the same as .*a\/tokenizer\.json; build both/),
    );
    throws(open("c", "a"), userError(/a\/entity_vocab\.jsonl: is not the same as .*c\/entity_vocab\.jsonl/));
    throws(open("a", "./a"), userError(/a: is given twice/));
    throws(open("a", "d"), userError(/d: no such data set/));
    throws(open(), userError(/no data set directory is given/));
  });
});

Deno.test({
  name: "ConcatenatedDatasets keeps few files open, however many shards and data sets there are",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inDirectory((directory) => {
      for (const name of ["a", "b"]) {
        writeTestDataset(`${directory}/${name}`, items(0, 150), { shardBytes: 1 });
      }
      const openFiles = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
      const before = openFiles();
      using all = ConcatenatedDatasets.open([`${directory}/a`, `${directory}/b`]);
      for (let index = 0; index < all.size; index++) all.item(index);
      const opened = openFiles() - before;
      ok(opened > 256 && opened <= 2 * 256, String(opened));
      all.close();
      equal(openFiles(), before);
      equal(all.item(299).wordIds.length, all.lengths(299).words);
    }),
});

Deno.test("Dataset and ConcatenatedDatasets are opened by path in a worker", async () => {
  await inDirectory(async (directory) => {
    writeTestDataset(`${directory}/a`, items(0, 9));
    writeTestDataset(`${directory}/b`, items(1, 9));
    const code = `
      import { ConcatenatedDatasets } from ${
      JSON.stringify(import.meta.resolve("./concatenated_datasets.ts"))
    };
      self.onmessage = ({ data }) => {
        using all = ConcatenatedDatasets.open(data);
        self.postMessage(Array.from({ length: all.size }, (_, index) => [...all.item(index).wordIds]));
      };`;
    const url = URL.createObjectURL(new Blob([code], { type: "application/javascript" }));
    const worker = new Worker(url, { type: "module" });
    try {
      const answer = new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = reject;
      });
      worker.postMessage([`${directory}/a`, `${directory}/b`]);
      deepEqual(await answer, [...items(0, 9), ...items(1, 9)].map(({ wordIds }) => Array.from(wordIds)));
    } finally {
      worker.terminate();
      URL.revokeObjectURL(url);
    }
  });
});

Deno.test("Dataset.item() reads random items in memory that does not grow", async () => {
  await inDirectory((directory) => {
    writeTestDataset(`${directory}/a`, items(0, 5000), { shardBytes: 10_000 });
    using dataset = Dataset.open(`${directory}/a`);
    const read = (count: number): void => {
      for (let i = 0; i < count; i++) dataset.item((i * 7919) % dataset.size);
    };
    read(20_000);
    const before = Deno.memoryUsage().rss;
    read(100_000);
    ok(Deno.memoryUsage().rss - before < 40e6);
  });
});
