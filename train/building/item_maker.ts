import {
  type DatasetItem,
  emptyPageItemCounts,
  type ItemOptions,
  itemsOfPage,
  type PageItemCounts,
  type SegmentTokenizer,
} from "./page_items.ts";
import type { ResolvedPage } from "./resolved_page.ts";
import { openSentenceSplitter } from "../sentences/sentence_splitter.ts";

/** How items are made, in a form that another thread can be told. */
export interface ItemSettings extends Omit<ItemOptions, "tokenizer" | "sentenceSplitter"> {
  /** A locale or "opennlp". */
  readonly sentenceSplitter: string;
}

/** The items of some pages. */
export interface MadeItems {
  /** In the order of the pages. */
  readonly items: readonly DatasetItem[];
  /** What became of their sentences. */
  readonly counts: PageItemCounts;
}

/**
 * Makes items of pages whose links have been looked up.
 *
 * @throws {UserError} when the sentence splitter is no locale.
 */
export function itemMaker(
  tokenizer: SegmentTokenizer,
  { sentenceSplitter, ...limits }: ItemSettings,
): (pages: readonly ResolvedPage[]) => MadeItems {
  const { compat } = limits;
  const splitter = openSentenceSplitter(sentenceSplitter, compat === undefined ? {} : { compat });
  const options: ItemOptions = { ...limits, tokenizer, sentenceSplitter: splitter };
  return (pages) => {
    const counts = emptyPageItemCounts();
    return { items: pages.flatMap((page) => itemsOfPage(page, options, counts)), counts };
  };
}
