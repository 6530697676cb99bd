// Items of a data set in random order, as training reads them; from memory where the system caches files. `deno bench -A train/`
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { Dataset } from "./dataset.ts";
import { encodeItem } from "./dataset_record.ts";
import type { DatasetItem } from "../building/page_items.ts";
import { Permutation } from "../batches/permutation.ts";
import { writeTestDataset } from "./testdata_dataset.ts";

const ITEMS = 20_000;
const WORDS = 250;

function* items(): Generator<DatasetItem> {
  for (let item = 0; item < ITEMS; item++) {
    const wordIds = Int32Array.from({ length: WORDS }, (_, word) => (item * 31 + word) % 1000);
    const entities = Array.from(
      { length: 8 },
      (_, entity) => ({ id: entity, start: 20 * entity, length: 2 }),
    );
    yield { pageId: item % 100, wordIds, entities };
  }
}

const directory = mkdtempSync(join(tmpdir(), "lukeforge-bench-"));
writeTestDataset(directory, items(), { shardBytes: 2 ** 20 });
globalThis.addEventListener("unload", () => rmSync(directory, { recursive: true }));

const dataset = Dataset.open(directory);
const order = new Permutation(ITEMS, 1);
let place = 0;
const next = (): number => order.at(place++ % ITEMS);

Deno.bench(`Dataset.item(), ${WORDS} words`, () => void dataset.item(next()));
Deno.bench(`Dataset.items(), all ${ITEMS} items`, () => {
  for (const _ of dataset.items());
});
Deno.bench("Dataset.lengths()", () => void dataset.lengths(next()));

const [first] = items();
const record = first === undefined ? new Int32Array() : encodeItem(first);
Deno.bench(
  `the checksum of a record of ${WORDS} words alone`,
  () => void crc32(new Uint8Array(record.buffer)),
);
