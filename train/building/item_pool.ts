import { AnsweringWorker } from "@lukeforge/corpus";
import { decodeItem } from "../dataset/dataset_record.ts";
import { itemMaker, type ItemSettings, type MadeItems } from "./item_maker.ts";
import type { ItemRecords, ItemRequest } from "./item_worker.ts";
import type { DatasetItem, SegmentTokenizer } from "./page_items.ts";
import type { ResolvedPage } from "./resolved_page.ts";

/** Text that a thread is given at a time, in UTF-16 units: a few pages, or one that is longer. */
const BATCH_LENGTH = 1 << 16;
/** What a page counts beside its text, so that there is an end to empty ones. */
const LENGTH_OF_A_PAGE = 64;
/** A thread takes as long to open the tokenizer of a large vocabulary as to make the items of about so many batches. */
const BATCHES_WORTH_THREADS = 24;
/** Batches that a worker has or waits for, so that it has work while the oldest batch of all is still being made. */
const BATCHES_PER_WORKER = 3;

type ItemThread = AnsweringWorker<ItemRequest, ItemRecords>;

/** How {@linkcode itemsInOrder} works. */
export interface ItemPoolOptions {
  /** How items are made. */
  readonly settings: ItemSettings;
  /** For items made in this thread. */
  readonly tokenizer: SegmentTokenizer;
  /** Where threads open the same tokenizer. */
  readonly tokenizerDirectory: string;
  /** Threads at most. */
  readonly workers: number;
  /** Text that a thread is given at a time, in UTF-16 units. Default {@link BATCH_LENGTH}. */
  readonly batchLength?: number;
}

/**
 * The items of pages in order, some pages at a time; up to `workers` threads make them. The items do not depend on the number of
 * workers. No thread is started where `workers` is 1 or there are few pages. For each worker at most
 * {@link BATCHES_PER_WORKER} batches are held.
 *
 * @throws {UserError} when a thread cannot open the tokenizer.
 */
export async function* itemsInOrder(
  pages: AsyncIterable<ResolvedPage>,
  options: ItemPoolOptions,
): AsyncGenerator<MadeItems, void, void> {
  const { workers, settings, tokenizer } = options;
  const make = itemMaker(tokenizer, settings); // a mistake in the settings shows here
  const batches = batchesOf(pages, options.batchLength ?? BATCH_LENGTH);
  const first: (readonly ResolvedPage[])[] = [];
  for (let ended = false; workers > 1 && !ended && first.length < BATCHES_WORTH_THREADS;) {
    const next = await batches.next();
    if (next.done === true) ended = true;
    else first.push(next.value);
  }
  if (first.length < BATCHES_WORTH_THREADS) {
    for await (const batch of chained(first, batches)) yield make(batch);
    return;
  }
  const pool: ItemThread[] = [];
  const waiting: Promise<MadeItems>[] = [];
  const give = (batch: readonly ResolvedPage[]): void => {
    if (pool.length < workers) pool.push(startThread(options));
    pool.sort((a, b) => a.waiting - b.waiting);
    const made = pool[0]?.ask({ pages: batch }).then(madeItems);
    made?.catch(() => {}); // reported when its turn comes
    if (made !== undefined) waiting.push(made);
  };
  try {
    for await (const batch of chained(first.splice(0), batches)) {
      give(batch);
      const made = waiting.length >= BATCHES_PER_WORKER * workers ? waiting.shift() : undefined;
      if (made !== undefined) yield await made;
    }
    for (let made = waiting.shift(); made !== undefined; made = waiting.shift()) yield await made;
  } finally {
    for (const thread of pool) thread.end();
  }
}

async function* chained<T>(first: Iterable<T>, rest: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  yield* first;
  yield* rest;
}

/** Pages gathered to batches of about `batchLength`. */
async function* batchesOf(
  pages: AsyncIterable<ResolvedPage>,
  batchLength: number,
): AsyncGenerator<readonly ResolvedPage[], void, void> {
  let batch: ResolvedPage[] = [];
  let length = 0;
  for await (const page of pages) {
    batch.push(page);
    length += LENGTH_OF_A_PAGE;
    for (const { text } of page.paragraphs) length += text.length;
    if (length < batchLength) continue;
    yield batch;
    batch = [];
    length = 0;
  }
  if (batch.length > 0) yield batch;
}

function startThread({ settings, tokenizerDirectory }: ItemPoolOptions): ItemThread {
  const worker = new Worker(new URL("./item_worker.ts", import.meta.url), { type: "module" });
  const thread: ItemThread = new AnsweringWorker(worker, "a worker that makes items");
  thread.tell({ tokenizer: tokenizerDirectory, settings });
  return thread;
}

function madeItems({ records, counts }: ItemRecords): MadeItems {
  return { items: records.map(itemOf), counts };
}

function itemOf(record: Int32Array): DatasetItem {
  const item = decodeItem(record);
  if (item === undefined) throw new Error("a worker sent a record that is none");
  return item;
}
