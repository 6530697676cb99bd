import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import type { LukeBatch } from "@lukeforge/model";
import { BatchWorkers } from "./batch_workers.ts";
import { maskingTables } from "../masking/masking_tables.ts";
import { type BatchMaterials, openPretrainingSource } from "./open_pretraining_source.ts";
import type { DatasetItem } from "../building/page_items.ts";
import { writeTestDataset } from "../dataset/testdata_dataset.ts";

const tokenizer = {
  vocabSize: 400,
  padId: 0,
  clsId: 2,
  sepId: 3,
  maskId: 4,
  isSubword: (id: number) => id % 3 === 0,
};

function items(name: number, count: number): DatasetItem[] {
  return Array.from({ length: count }, (_, item) => ({
    pageId: -1,
    wordIds: Array.from({ length: 4 + item % 9 }, (_, i) => 10 + 100 * name + (item + i) % 90),
    entities: item % 2 === 0 ? [] : [{ id: 3 + name, start: 0, length: 1 }],
  }));
}

async function withMaterials(work: (materials: BatchMaterials) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    const directories = [0, 1].map((name) => `${directory}/${name}`);
    directories.forEach((path, name) => writeTestDataset(path, items(name, 30 + 40 * name)));
    await work({
      directories,
      tables: maskingTables(tokenizer),
      entityVocab: { size: 9, maskId: 2 },
      masking: {},
      recipe: { seed: 5, batchSize: 8, microBatchSize: 4, groupByLength: true },
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function take(source: BatchWorkers, from: number, to: number): Promise<LukeBatch[]> {
  const batches: LukeBatch[] = [];
  for (let step = from; step < to; step++) {
    for (const microStep of [0, 1]) batches.push(await source.microBatch(step, microStep));
  }
  return batches;
}

Deno.test("BatchWorkers gives the same batches with any number of threads, in order, from any step", async () => {
  await withMaterials(async (materials) => {
    using source = openPretrainingSource(materials);
    const expected = Array.from({ length: 24 }, (_, i) => source.microBatch(Math.floor(i / 2), i % 2));
    for (const workers of [1, 3]) {
      await using threads = new BatchWorkers(70, materials, { workers, prefetch: 2, totalSteps: 12 });
      assert.deepEqual(await take(threads, 0, 12), expected);
      assert.deepEqual(await take(threads, 5, 7), expected.slice(10, 14), "started again elsewhere");
    }
  });
});

Deno.test("BatchWorkers tells of a damaged shard when its batch is asked for", async () => {
  await withMaterials(async (materials) => {
    const path = `${materials.directories[1]}/shard-00000.bin`;
    const bytes = readFileSync(path);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await using threads = new BatchWorkers(70, materials, { workers: 2 });
    await assert.rejects(
      take(threads, 0, 12),
      (error) =>
        error instanceof UserError && /^\S*1\/shard-00000\.bin, item \d+ .*damaged/.test(error.message) &&
        !error.message.includes("\n"),
    );
  });
});

Deno.test("BatchWorkers names a shard that is removed meanwhile", async () => {
  await withMaterials(async (materials) => {
    const directory = `${materials.directories[0]}-small`;
    writeTestDataset(directory, items(0, 400), { shardBytes: 100 });
    const few = { ...materials, directories: [directory] };
    await using threads = new BatchWorkers(400, few, { workers: 1, prefetch: 1 });
    await threads.microBatch(0, 0);
    for (const name of readdirSync(directory)) if (name.startsWith("shard")) rmSync(`${directory}/${name}`);
    await assert.rejects(
      take(threads, 1, 20),
      (error) =>
        error instanceof UserError && /shard-\d+\.(bin|idx): cannot be read \(ENOENT/.test(error.message),
    );
  });
});

Deno.test("BatchWorkers tells of a directory that a thread cannot open", async () => {
  await withMaterials(async (materials) => {
    await using threads = new BatchWorkers(70, { ...materials, directories: ["nowhere"] }, { workers: 1 });
    await assert.rejects(
      threads.microBatch(0, 0),
      (error) => error instanceof UserError && /nowhere/.test(error.message),
    );
  });
});

Deno.test("BatchWorkers ends its threads with batches in the making", async () => {
  await withMaterials(async (materials) => {
    const threads = new BatchWorkers(70, materials, { workers: 2, prefetch: 8 });
    const first = threads.microBatch(0, 0);
    await first;
    await threads[Symbol.asyncDispose]();
    await assert.rejects(threads.microBatch(3, 0), /has ended/);
  });
});
