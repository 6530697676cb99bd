import { Namespaces, normalizeTitle, openDump, parseWikitext } from "@lukeforge/corpus";
import { NAMESPACE } from "../corpus/namespaces.ts";
import type { Golden } from "./wikipedia2vec_golden.ts";
import { LinkComparison } from "./wikipedia2vec_links.ts";
import { WordComparison } from "./wikipedia2vec_words.ts";
import { regionsOf } from "./wikitext_regions.ts";

/** A dump as we read it, beside what wikipedia2vec made of it. */
export interface Comparison {
  /** Links. */
  links: LinkComparison;
  /** Words. */
  words: WordComparison;
  /** The wiki's language, as each reads it from the dump. */
  language: { ours: string; theirs: string };
  /** Redirects, `source → target`, that only wikipedia2vec has, and that only we have. */
  redirects: { lost: string[]; added: string[] };
  /** Articles that only wikipedia2vec has, and that only we have. */
  pages: { lost: string[]; added: string[] };
  /** Pages that only wikipedia2vec takes for disambiguation pages, and that only we do. */
  disambiguation: { lost: string[]; added: string[] };
}

/** Compares what we make of the dump at `path` with `golden`, as by default or with the cells of tables. */
export async function compareDump(path: string, golden: Golden, includeTables = false): Promise<Comparison> {
  const { siteinfo, pages } = await openDump(path);
  const rules = { language: siteinfo.language, caseSensitive: siteinfo.caseSensitive };
  const namespaces = new Namespaces(siteinfo.namespaces, siteinfo.language);
  const links = new LinkComparison(rules, namespaces);
  const words = new WordComparison();
  const disambiguation: Comparison["disambiguation"] = { lost: [], added: [] };
  const redirects = new Set<string>();
  const seen = new Set<string>();
  for await (const { title, ns, redirect, text } of pages) {
    if (ns !== NAMESPACE.main) continue;
    if (redirect !== undefined) {
      redirects.add(`${title} → ${normalizeTitle(redirect, rules)}`);
      continue;
    }
    seen.add(title);
    const theirs = golden.pages.get(title);
    if (theirs === undefined) continue;
    const ours = parseWikitext(text, { ...rules, namespaces, includeTables });
    const regions = regionsOf(text, namespaces);
    links.add(title, text, regions, ours, theirs);
    words.add(text, regions, ours, theirs);
    if (ours.isDisambiguation !== theirs.disambiguation) {
      disambiguation[ours.isDisambiguation ? "added" : "lost"].push(title);
    }
  }
  const isArticle = (title: string): boolean => namespaces.of(title) === NAMESPACE.main;
  // Version 1.0.5 keeps pages and redirects of other namespaces.
  const theirRedirects = new Set(
    Object.entries(golden.redirects).filter(([source]) => isArticle(source)).map((pair) => pair.join(" → ")),
  );
  return {
    links,
    words,
    language: { ours: siteinfo.language, theirs: golden.language },
    redirects: {
      lost: [...theirRedirects].filter((redirect) => !redirects.has(redirect)),
      added: [...redirects].filter((redirect) => !theirRedirects.has(redirect)),
    },
    pages: {
      lost: [...golden.pages.keys()].filter((title) => isArticle(title) && !seen.has(title)),
      added: [...seen].filter((title) => !golden.pages.has(title)),
    },
    disambiguation,
  };
}
