/** A worker of `itemsInOrder()`: the first message says how items are made, each further one brings pages, answered by their items. */
import { SegmentTokenizer, type SegmentTokenizerData } from "@lukeforge/vocab";
import { encodeItem } from "../dataset/dataset_record.ts";
import { itemMaker, type ItemSettings, type MadeItems } from "./item_maker.ts";
import type { PageItemCounts } from "./page_items.ts";
import type { ResolvedPage } from "./resolved_page.ts";

/** What is sent. */
export type ItemRequest =
  | { readonly tokenizer: SegmentTokenizerData; readonly settings: ItemSettings }
  | { readonly pages: readonly ResolvedPage[] };

/** What is answered to pages. */
export interface ItemRecords {
  /** The records of their items, one after the other. */
  readonly records: Int32Array;
  /** Where each begins, and the end. */
  readonly starts: readonly number[];
  /** What became of their sentences. */
  readonly counts: PageItemCounts;
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ItemRequest>) => void) | null;
  postMessage(message: ItemRecords, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
let make: ((pages: readonly ResolvedPage[]) => MadeItems) | undefined;

scope.onmessage = ({ data }) => {
  if ("tokenizer" in data) {
    make = itemMaker(new SegmentTokenizer(data.tokenizer), data.settings);
    return;
  }
  if (make === undefined) return;
  const { items, counts } = make(data.pages);
  // One buffer: thousands of small ones, freed by another thread than made them, leave memory in pieces.
  const each = items.map(encodeItem);
  const starts = [0];
  for (const { length } of each) starts.push((starts.at(-1) ?? 0) + length);
  const records = new Int32Array(starts.at(-1) ?? 0);
  each.forEach((record, i) => records.set(record, starts[i]));
  scope.postMessage({ records, starts, counts }, [records.buffer]);
};
