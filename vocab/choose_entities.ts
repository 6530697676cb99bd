import { UserError } from "@lukeforge/corpus";
import { SPECIAL_ENTITIES } from "./entity_vocab_entry.ts";
import type { LinkCounts, LinkSource } from "./link_counts.ts";

/** By what entities are chosen. */
export interface ChooseEntitiesOptions {
  /** Number of ids at most, the three specials included. */
  readonly vocabSize: number;
  /** Entities linked to less often are left out, white-listed ones too. Default 1. */
  readonly minCount?: number;
  /** Titles that come first, in this order. Redirects are followed; what nothing links to is left out. */
  readonly whiteList?: Iterable<string>;
  /** Takes nothing but the white list. */
  readonly whiteListOnly?: boolean;
}

/** The entities of a vocabulary. */
export interface EntityChoice {
  /** Places of pages in the order of the ids, the first of which follows the specials. */
  readonly pages: Uint32Array;
  /** How many of these come from the white list. */
  readonly whiteListed: number;
  /** What became of the other lines of the white list, apart from empty and repeated ones. */
  readonly whiteListLeftOut: {
    /** Neither a page nor a redirect to one. */
    readonly noPage: number;
    /** Too few links. */
    readonly tooRare: number;
    /** They would have gone beyond the size. */
    readonly noRoom: number;
  };
  /** Number of pages that are linked to at all. */
  readonly linkedPages: number;
  /** Pages with enough links in the order in which they qualify: by count descending, equal counts by title in code point order. */
  readonly ranking: Uint32Array;
}

/**
 * Chooses the entities of a vocabulary: the white list in its order, then pages by count descending, equal counts by title in code
 * point order. There are never more than `vocabSize`, the specials included: a white list that is longer is cut.
 *
 * @throws {UserError} when `vocabSize` leaves no room for an entity, or nothing qualifies.
 */
export function chooseEntities(
  source: LinkSource,
  { byPage }: LinkCounts,
  options: ChooseEntitiesOptions,
): EntityChoice {
  const { vocabSize, whiteList = [], whiteListOnly = false } = options;
  const minCount = Math.max(1, options.minCount ?? 1);
  if (!Number.isSafeInteger(vocabSize) || vocabSize <= SPECIAL_ENTITIES.length) {
    throw new UserError(
      `vocab size ${vocabSize}: must be a whole number above ${SPECIAL_ENTITIES.length}, the special entities`,
    );
  }
  const linkedPages = byPage.reduce((sum, count) => count > 0 ? sum + 1 : sum, 0);
  const ranking = rank(source, byPage, minCount);
  const room = Math.min(vocabSize - SPECIAL_ENTITIES.length, ranking.length);
  const pages = new Uint32Array(room);
  const isChosen = new Uint8Array(byPage.length);
  let length = 0;
  const choose = (page: number): void => {
    isChosen[page] = 1;
    pages[length++] = page;
  };
  const leftOut = { noPage: 0, tooRare: 0, noRoom: 0 };
  for (const line of whiteList) {
    const title = line.trimEnd();
    if (title === "") continue;
    const page = source.placeOf(title) ?? source.placeOf(source.resolveRedirect(title));
    if (page === undefined) leftOut.noPage++;
    else if ((byPage[page] ?? 0) < minCount) leftOut.tooRare++;
    else if (isChosen[page] === 1) continue;
    else if (length === room) leftOut.noRoom++;
    else choose(page);
  }
  const whiteListed = length;
  for (let rank = 0; !whiteListOnly && length < room; rank++) {
    const page = ranking[rank] ?? 0;
    if (isChosen[page] !== 1) choose(page);
  }
  if (length === 0) {
    throw new UserError(
      `no entity qualifies: ${linkedPages} pages are linked to, min count ${minCount}` +
        `${
          whiteListOnly ? ", white list only" : ""
        }; lower --min-count, or check the white list and the dump`,
    );
  }
  return { pages: pages.subarray(0, length), whiteListed, whiteListLeftOut: leftOut, linkedPages, ranking };
}

/** By counts alone, titles are not needed: the database knows their order. */
function rank(source: LinkSource, byPage: Uint32Array, minCount: number): Uint32Array {
  let length = 0;
  const ranking = new Uint32Array(byPage.length);
  for (const page of source.placesByTitle()) if ((byPage[page] ?? 0) >= minCount) ranking[length++] = page;
  return ranking.subarray(0, length).sort((a, b) => (byPage[b] ?? 0) - (byPage[a] ?? 0)); // stable
}
