import { AnsweringWorker } from "@lukeforge/corpus";
import { decodeItem } from "../dataset/dataset_record.ts";
import type { DatasetTokenizer } from "./dataset_build_options.ts";
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

/** A tokenizer that may have a part that other threads open. */
export type PoolTokenizer = SegmentTokenizer & Pick<DatasetTokenizer, "segmentTokenizerData">;

/** How {@linkcode itemsInOrder} works. */
export interface ItemPoolOptions {
  /** How items are made. */
  readonly settings: ItemSettings;
  /** Makes words; without `segmentTokenizerData()`, in this thread alone. */
  readonly tokenizer: PoolTokenizer;
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
 * @throws {Error} when a thread stops.
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
  const data = first.length < BATCHES_WORTH_THREADS ? undefined : tokenizer.segmentTokenizerData?.();
  if (data === undefined) {
    for await (const batch of chained(first, batches)) yield make(batch);
    return;
  }
  const pool: ItemThread[] = [];
  const waiting: Promise<MadeItems>[] = [];
  const give = (batch: readonly ResolvedPage[]): void => {
    if (pool.length < workers) pool.push(startThread({ tokenizer: data, settings }));
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

function startThread(request: ItemRequest): ItemThread {
  const worker = new Worker(new URL("./item_worker.ts", import.meta.url), { type: "module" });
  const thread: ItemThread = new AnsweringWorker(worker, "a worker that makes items");
  thread.tell(request);
  return thread;
}

function madeItems({ records, starts, counts }: ItemRecords): MadeItems {
  const items = starts.slice(1).map((end, i): DatasetItem => {
    const item = decodeItem(records.subarray(starts[i], end));
    if (item === undefined) throw new Error("a worker sent a record that is none");
    return item;
  });
  return { items, counts };
}
