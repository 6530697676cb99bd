import type { EntityVocab } from "./entity_vocab.ts";
import type { LinkCounts, LinkSource } from "./link_counts.ts";

/** How much of a wiki's links a vocabulary holds. */
export interface LinkCoverage {
  /** The language of the entries in which titles are found; `null`: entries without a language; undefined: there are none. */
  readonly lookedUpIn: string | null | undefined;
  /** Links to pages. */
  readonly links: number;
  /** Of these, links to pages in the vocabulary. */
  readonly coveredLinks: number;
  /** Pages that are linked to. */
  readonly pages: number;
  /** Of these, pages in the vocabulary. */
  readonly coveredPages: number;
}

/** Counts which links lead to entities of a vocabulary. @param language in which titles are looked up. */
export function linkCoverage(
  source: LinkSource,
  { byPage }: LinkCounts,
  vocab: EntityVocab,
  language: string | null,
): LinkCoverage {
  let [links, coveredLinks, pages, coveredPages] = [0, 0, 0, 0];
  byPage.forEach((count, page) => {
    if (count === 0) return;
    links += count;
    pages++;
    if (!vocab.has(source.titleAt(page) ?? "", language)) return;
    coveredLinks += count;
    coveredPages++;
  });
  return { lookedUpIn: vocab.lookupLanguage(language), links, coveredLinks, pages, coveredPages };
}
