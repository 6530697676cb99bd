/** A worker of `itemsInOrder()`: the first message says how items are made, each further one brings pages, answered by their items. */
import { type Refusal, UserError } from "@lukeforge/corpus";
import { openTokenizer } from "@lukeforge/vocab";
import { encodeItem } from "../dataset/dataset_record.ts";
import { itemMaker, type ItemSettings, type MadeItems } from "./item_maker.ts";
import type { PageItemCounts } from "./page_items.ts";
import type { ResolvedPage } from "./resolved_page.ts";

/** What is sent. */
export type ItemRequest =
  | { readonly tokenizer: string; readonly settings: ItemSettings }
  | { readonly pages: readonly ResolvedPage[] };

/** What is answered to pages. */
export interface ItemRecords {
  /** The records of their items, in order. */
  readonly records: readonly Int32Array[];
  /** What became of their sentences. */
  readonly counts: PageItemCounts;
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ItemRequest>) => void) | null;
  postMessage(message: ItemRecords | Refusal, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
let maker: Promise<(pages: readonly ResolvedPage[]) => MadeItems> | undefined;

scope.onmessage = async ({ data }) => {
  if ("tokenizer" in data) {
    maker = openTokenizer(data.tokenizer).then((tokenizer) => itemMaker(tokenizer, data.settings));
    maker.catch(() => {}); // answered to the pages
    return;
  }
  try {
    const make = await maker;
    if (make === undefined) return;
    const { items, counts } = make(data.pages);
    const records = items.map(encodeItem);
    scope.postMessage({ records, counts }, records.map(({ buffer }) => buffer as ArrayBuffer));
  } catch (error) {
    if (!(error instanceof UserError)) reportError(error);
    else scope.postMessage({ refused: error.message });
  }
};
