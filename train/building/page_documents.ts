import type { DocumentSource, SourceDocument } from "./document_source.ts";
import type { ItemPage } from "./page_items.ts";
import { Permutation } from "../batches/permutation.ts";

/** The pages of a dataset; `DumpDB` of `@lukeforge/corpus` is one. It holds articles alone: no category, no file, in any language. */
export interface PageSource {
  /** What is known about the pages: language, dump file, … */
  readonly meta: Readonly<Record<string, string>>;
  /** The last place of a page. Places begin at 1; some may be empty. */
  readonly lastPlace: number;
  /** The pages at the places `first` to `last` whose title is wanted, in order. */
  pagesAt(first: number, last: number, isWanted: (title: string) => boolean): Iterable<ItemPage>;
  /** The title at the end of the whole chain of redirects. */
  resolveRedirect(title: string): string;
}

/** Options of {@linkcode PageDocuments}. */
export interface PageDocumentsOptions {
  /** Order of the pages. Default 0. */
  readonly seed?: number;
  /** Uses this many pages, a random choice. Default: all. */
  readonly maxNumDocuments?: number;
  /** Whether a page is used: keeps held-out pages out. */
  readonly pageFilter?: ((title: string) => boolean) | undefined;
  /** What the filter does, for the record. */
  readonly pageFilterDescription?: string;
}

/**
 * Pages are read from the disk so many at a time at most, one block after the other in random order: training shuffles all items
 * anyway, and a disk that seeks for each of millions of pages takes longer than everything else.
 */
const PAGES_A_BLOCK = 64;
/** Smaller blocks are read where there would not be so many. */
const BLOCKS = 256;

/** Titles whose redirects are remembered at most. */
const REDIRECTS_HELD = 1 << 18;

/**
 * The pages of a page database in random order. Nothing is held but the block that is read.
 */
export class PageDocuments implements DocumentSource {
  readonly documentName = "pages";
  readonly hasMentions = true;
  readonly #pages: PageSource;
  readonly #options: PageDocumentsOptions;
  readonly #redirects = new Map<string, string>();
  #done = 0;

  /** Reads from `pages`, which stays open as long as documents are read. */
  constructor(pages: PageSource, options: PageDocumentsOptions = {}) {
    this.#pages = pages;
    this.#options = options;
  }

  /** Language of the wiki. */
  get language(): string | null {
    return this.#pages.meta["language"] || null;
  }

  /** Places visited; where pages are counted, the pages handed out. */
  get done(): number {
    return this.#done;
  }

  /** Places of the database, or `maxNumDocuments`. */
  get total(): number {
    return Math.min(this.#pages.lastPlace, this.#options.maxNumDocuments ?? Infinity);
  }

  /** The pages, block by block; single pages where only some are used, so that the choice is of pages. */
  *documents(isWanted: (title: string) => boolean = () => true): Generator<SourceDocument, void, void> {
    const { seed = 0, maxNumDocuments, pageFilter } = this.#options;
    const { lastPlace } = this.#pages;
    const whole = Math.min(PAGES_A_BLOCK, Math.ceil(lastPlace / BLOCKS));
    const block = maxNumDocuments === undefined ? whole : 1;
    const order = new Permutation(Math.ceil(lastPlace / block), seed);
    const isUsed = (title: string): boolean => pageFilter?.(title) !== false && isWanted(title);
    let left = maxNumDocuments ?? Infinity;
    this.#done = 0;
    for (let at = 0; at < order.size && left > 0; at++) {
      const first = order.at(at) * block + 1;
      const last = Math.min(lastPlace, first + block - 1);
      for (const page of this.#pages.pagesAt(first, last, isUsed)) {
        left--;
        if (maxNumDocuments !== undefined) this.#done++;
        yield page;
      }
      if (maxNumDocuments === undefined) this.#done += last - first + 1;
    }
  }

  /** The title at the end of the redirects; those of frequent links are remembered. */
  resolveRedirect(title: string): string {
    let target = this.#redirects.get(title);
    if (target === undefined) {
      if (this.#redirects.size >= REDIRECTS_HELD) this.#redirects.clear();
      target = this.#pages.resolveRedirect(title);
      this.#redirects.set(title, target);
    }
    return target;
  }

  /** What the database says of itself, and the choice of pages. */
  provenance(): Record<string, unknown> {
    const { seed = 0, maxNumDocuments, pageFilter, pageFilterDescription } = this.#options;
    return {
      pages_db: this.#pages.meta,
      max_num_documents: maxNumDocuments ?? null,
      page_filter: pageFilterDescription ?? (pageFilter === undefined ? null : "custom"),
      seed,
    };
  }
}
