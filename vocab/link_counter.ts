import type { CountLinksOptions, LinkSource } from "./link_counts.ts";

/** Distinct titles held before they are looked up; one is looked up again each time it comes back after that. */
const PENDING_TITLES = 1 << 19;

/** Counts links of some of the pages. Several may add to the same shared counts: sums do not depend on their order. */
export class LinkCounter {
  /** Counts of the watched titles. */
  readonly byTitle: Map<string, number> = new Map();
  readonly #source: LinkSource;
  readonly #byPage: Uint32Array;
  readonly #pageFilter: CountLinksOptions["pageFilter"];
  readonly #pending = new Map<string, number>();

  /** @param byPage what is added to, by the place of the page. */
  constructor(source: LinkSource, byPage: Uint32Array, { pageFilter, watched = [] }: CountLinksOptions) {
    this.#source = source;
    this.#byPage = byPage;
    this.#pageFilter = pageFilter;
    for (const title of watched) this.byTitle.set(title, 0);
  }

  /** Counts the links of the pages at the places `first` to `last`. */
  count(first: number, last: number): void {
    for (const { title, targets } of this.#source.linkTargets(first, last)) {
      if (this.#pageFilter?.(title) === false) continue;
      for (const target of targets) this.#pending.set(target, (this.#pending.get(target) ?? 0) + 1);
    }
    if (this.#pending.size >= PENDING_TITLES) this.flush();
  }

  /** Adds what has been counted. */
  flush(): void {
    for (const [title, count] of this.#pending) {
      const place = this.#source.placeOf(title) ?? this.#source.placeOf(this.#source.resolveRedirect(title));
      if (place !== undefined) Atomics.add(this.#byPage, place, count);
      const watched = this.byTitle.get(title);
      if (watched !== undefined) this.byTitle.set(title, watched + count);
    }
    this.#pending.clear();
  }
}
