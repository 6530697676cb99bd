import { LinkCounter } from "./link_counter.ts";

/** What links are counted in; `DumpDB` of `@lukeforge/corpus` is one. */
export interface LinkSource {
  /** Number of pages, for progress. */
  readonly pageCount: number;
  /** The last place of a page. Places begin at 1; some may be empty. */
  readonly lastPlace: number;
  /** Pages at the places `first` to `last` with the titles they link to, `#fragment` split off; those without links may be missing. */
  linkTargets(
    first: number,
    last: number,
  ): Iterable<{ readonly title: string; readonly targets: Iterable<string> }>;
  /** The place of a retained page: no redirect, no category, no file; undefined for other titles. */
  placeOf(title: string): number | undefined;
  /** The title of the page at a place. */
  titleAt(place: number): string | undefined;
  /** The places of all pages, their titles in code point order. */
  placesByTitle(): Iterable<number>;
  /** The title at the end of the whole chain of redirects; `title` itself where it is no redirect. */
  resolveRedirect(title: string): string;
}

/** How often pages are linked to. */
export interface LinkCounts {
  /** By the place of the page: link occurrences, through redirects too. */
  readonly byPage: Uint32Array;
  /** For the titles that were asked for: link occurrences of just this title. */
  readonly byTitle: ReadonlyMap<string, number>;
}

/** What is counted. */
export interface CountLinksOptions {
  /** Whether the links of this page count: keeps held-out pages out of the statistics. */
  readonly pageFilter?: (title: string) => boolean;
  /** Titles that are counted by themselves as well. */
  readonly watched?: Iterable<string>;
  /** Pages done and in all. */
  readonly progress?: (done: number, total: number | undefined) => void;
}

/**
 * Counts the links of all pages: every occurrence counts, to the page at the end of its whole redirect chain; links to what is no
 * retained page count for nothing, so there are no red links.
 */
export function countLinks(source: LinkSource, options: CountLinksOptions = {}): LinkCounts {
  const byPage = new Uint32Array(source.lastPlace + 1);
  const counter = new LinkCounter(source, byPage, options);
  for (let first = 1; first <= source.lastPlace; first += PAGES_A_TURN) {
    const last = Math.min(source.lastPlace, first + PAGES_A_TURN - 1);
    counter.count(first, last);
    options.progress?.(last, source.lastPlace);
  }
  counter.flush();
  return { byPage, byTitle: counter.byTitle };
}

const PAGES_A_TURN = 1000;
