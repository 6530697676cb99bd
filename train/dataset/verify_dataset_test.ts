import { deepEqual, equal, ok } from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { Dataset } from "./dataset.ts";
import { withFlippedBit } from "./dataset_fixture.ts";
import type { DatasetItem } from "../building/page_items.ts";
import { writeTestDataset } from "./testdata_dataset.ts";
import { verifyDataset } from "./verify_dataset.ts";

function items(first: number): DatasetItem[] {
  return Array.from({ length: 40 }, (_, item) => ({
    pageId: item,
    wordIds: Array.from({ length: 3 + item % 7 }, (_, word) => first + word),
    entities: Array.from({ length: item % 3 }, (_, start) => ({ id: item, start, length: 1 })),
  }));
}

/** Runs `use` on a data set in several shards. */
function withDataset(use: (dataset: Dataset, directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "lukeforge-verify-"));
  try {
    writeTestDataset(directory, items(100), { shardBytes: 500 });
    using dataset = Dataset.open(directory);
    use(dataset, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function failure(use: () => void): string {
  try {
    use();
  } catch (error) {
    ok(error instanceof UserError);
    return error.message;
  }
  throw new Error("nothing failed");
}

Deno.test("Dataset.items() are all items in order; damage is named as by item()", () => {
  withDataset((dataset, directory) => {
    ok(dataset.metadata.shards.length > 2);
    deepEqual([...dataset.items()], Array.from({ length: dataset.size }, (_, index) => dataset.item(index)));
    const first = dataset.metadata.shards[0]?.items ?? 0;
    for (const [ending, bit] of [["bin", 100], ["idx", 8 * 24 + 5]] as const) {
      withFlippedBit(`${directory}/shard-00001.${ending}`, bit, () => {
        let read = 0;
        const message = failure(() => {
          for (const _ of dataset.items()) read++;
        });
        ok(read >= first);
        equal(message, failure(() => dataset.item(read)));
      });
    }
  });
});

Deno.test("Dataset.items() reads records longer than a block", () => {
  const directory = mkdtempSync(join(tmpdir(), "lukeforge-verify-"));
  try {
    const lengths = [10, 300_000, 5, 700_000, 0];
    writeTestDataset(
      directory,
      lengths.map((length) => ({ pageId: 0, wordIds: new Int32Array(length).fill(length), entities: [] })),
    );
    using dataset = Dataset.open(directory);
    deepEqual(Array.from(dataset.items(), ({ wordIds }) => wordIds.length), lengths);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

Deno.test("verifyDataset() names all damaged items, and files that are others", () => {
  withDataset((dataset, directory) => {
    const progress: number[] = [];
    deepEqual(verifyDataset(dataset, (done, total) => progress.push(done / total)), { lines: [], count: 0 });
    equal(progress.at(-1), 1);
    withFlippedBit(`${directory}/shard-00001.idx`, 8 * 24 + 5, () => {
      withFlippedBit(`${directory}/shard-00001.bin`, 100, () => {
        withFlippedBit(`${directory}/tokenizer.json`, 0, () => {
          const { lines, count } = verifyDataset(dataset);
          equal(count, 3);
          ok(/tokenizer\.json: is not the file that/.test(lines[0] ?? ""), lines[0]);
          ok(/shard-00001\.bin, item 0 .*: damaged/.test(lines[1] ?? ""), lines[1]);
          ok(/shard-00001\.idx, item 1 .*: damaged/.test(lines[2] ?? ""), lines[2]);
        });
      });
    });
    // A shard of the same size from another data set, whole in itself.
    const other = join(directory, "other");
    writeTestDataset(other, items(200), { shardBytes: 500 });
    for (const ending of ["bin", "idx"]) {
      copyFileSync(`${other}/shard-00000.${ending}`, `${directory}/shard-00000.${ending}`);
    }
    const { lines } = verifyDataset(dataset);
    ok(
      /shard-00000\.bin: its SHA-256 is not that of metadata\.json; copy it again/.test(lines[0] ?? ""),
      lines[0],
    );
  });
});
