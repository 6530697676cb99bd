import type { ItemPage } from "./page_items.ts";

/** Documents that a dataset is made of: pages of a Wikipedia, lines of JSON, text files. */
export interface DocumentSource {
  /** Language of the titles that the documents mention; `null`: none is known. */
  readonly language: string | null;
  /** What its documents are called, in the plural. */
  readonly documentName: string;
  /** Whether documents may mention entities; where not, data sets are of words alone. */
  readonly hasMentions: boolean;
  /** How much of `total` the documents handed out so far come to. */
  readonly done: number;
  /** How much there is; undefined when it is not known. */
  readonly total: number | undefined;
  /**
   * The documents, in an order that depends on nothing but the source; one is held at a time.
   *
   * @param isWanted leaves out documents by their title before they are read.
   */
  documents(isWanted?: (title: string) => boolean): Iterable<SourceDocument> | AsyncIterable<SourceDocument>;
  /** The title that a mentioned title stands for. */
  resolveRedirect(title: string): string;
  /** What `metadata.json` records of the source, once the documents have been read. */
  provenance(): Readonly<Record<string, unknown>>;
}

/** A document; `WikiPage` of `@lukeforge/corpus` is one. */
export interface SourceDocument extends Omit<ItemPage, "title"> {
  /** What the document itself is about, as mentions name it; absent: nothing known. */
  readonly title?: string;
}
