import { deepEqual, ok, rejects } from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import { openTokenizer } from "@lukeforge/vocab";
import type { ItemSettings } from "./item_maker.ts";
import { itemsInOrder } from "./item_pool.ts";
import {
  addPageItemCounts,
  type DatasetItem,
  emptyPageItemCounts,
  type PageItemCounts,
} from "./page_items.ts";
import type { ResolvedPage } from "./resolved_page.ts";

const WORDS = ["the", "lake", "lies", "in", "north", "##ern", "land", ".", "The", "Mr"];

const settings: ItemSettings = {
  sentenceSplitter: "en",
  maxSeqLength: 20,
  maxEntityLength: 4,
  maxMentionLength: 3,
  minSentenceLength: 2,
};

/** Pages of very different lengths, one of them longer than all batches. */
function* pagesOf(count: number): Generator<ResolvedPage> {
  for (let n = 0; n < count; n++) {
    const sentence = `The lake number lies in the northern land. Mr. lake lies north.`;
    const text = Array.from({ length: n === 7 ? 60 : n % 4 }, () => sentence).join(" ");
    const mentions = text === "" ? [] : [{ id: 3 + n, start: 4, end: 8 }];
    yield { pageId: n - 1, paragraphs: [{ text, mentions }, { text: sentence, mentions: [] }] };
  }
}

async function* asynchronous<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values;
}

async function inTokenizerDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    writeFileSync(
      `${directory}/vocab.txt`,
      ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...WORDS].join("\n"),
    );
    await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function made(
  directory: string,
  pages: Iterable<ResolvedPage>,
  workers: number,
): Promise<{ items: DatasetItem[]; counts: PageItemCounts }> {
  const items: DatasetItem[] = [];
  const counts = emptyPageItemCounts();
  const tokenizer = await openTokenizer(directory);
  const options = { settings, tokenizer, workers, batchLength: 300 };
  for await (const batch of itemsInOrder(asynchronous(pages), options)) {
    for (const item of batch.items) items.push({ ...item, wordIds: Array.from(item.wordIds) });
    addPageItemCounts(counts, batch.counts);
  }
  return { items, counts };
}

Deno.test("itemsInOrder() makes the same items in the same order by any number of threads", async () => {
  await inTokenizerDirectory(async (directory) => {
    const one = await made(directory, pagesOf(300), 1);
    ok(one.items.length > 100 && one.counts.sentences > 1000);
    for (const workers of [2, 3]) deepEqual(await made(directory, pagesOf(300), workers), one);
    deepEqual((await made(directory, pagesOf(3), 2)).items.length, 2);
    deepEqual((await made(directory, [], 2)).items, []);
  });
});

Deno.test("itemsInOrder() reads no more pages ahead than its threads need", async () => {
  await inTokenizerDirectory(async (directory) => {
    let read = 0;
    const counted = function* (): Generator<ResolvedPage> {
      for (const page of pagesOf(5000)) {
        read++;
        yield page;
      }
    };
    const tokenizer = await openTokenizer(directory);
    const options = { settings, tokenizer, workers: 2, batchLength: 300 };
    for await (const { items } of itemsInOrder(asynchronous(counted()), options)) {
      ok(items.length > 0);
      break;
    }
    ok(read < 200, `${read} pages read`);
  });
});

Deno.test("itemsInOrder() passes on that a thread stopped, and what the pages throw", async () => {
  await inTokenizerDirectory(async (directory) => {
    const tokenizer = await openTokenizer(directory);
    const damaged = { ...tokenizer.segmentTokenizerData(), encoder: new Uint8Array(3) };
    const options = {
      settings,
      tokenizer: { encodeSegment: () => [], isSubword: () => false, segmentTokenizerData: () => damaged },
      ...{ workers: 2, batchLength: 300 },
    };
    await rejects(
      itemsInOrder(asynchronous(pagesOf(300)), options).next(),
      /worker that makes items stopped/,
    );
    const broken = function* (): Generator<ResolvedPage> {
      yield* pagesOf(200);
      throw new UserError("line 7: broken");
    };
    await rejects(made(directory, broken(), 2), /line 7: broken/);
  });
});
