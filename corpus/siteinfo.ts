import { decodeEntities } from "./html_entities.ts";
import { languageOfWiki } from "./wiki_language.ts";

/** What the header of a dump says about its wiki. */
export interface SiteInfo {
  /** Language code, as in the wiki's address (`simple`, `no`, `zh-yue`); empty when nothing tells it. */
  language: string;
  /** Database name of the wiki, as `enwiki`; empty in old dumps. */
  dbname: string;
  /** Address of the main page; empty when the header has none. */
  base: string;
  /** Version of the export schema, as 0.11; empty where the dump has no root. */
  version: string;
  /** Namespace numbers and their names on this wiki. */
  namespaces: [number, string][];
  /** Whether the first letter of an article's title keeps its case (`case-sensitive`, as on Wiktionary). */
  caseSensitive: boolean;
  /** The namespaces in which it does. */
  caseSensitiveNamespaces: number[];
}

/**
 * Reads what stands before the first page of a dump: the root's attributes and `<siteinfo>`, of which either may be missing.
 *
 * @param fileName name of the dump's file, which tells the language where the header does not, or names another
 *   (see {@linkcode languageOfWiki})
 */
export function parseSiteInfo(header: string, fileName = ""): SiteInfo {
  const root = /<mediawiki\b[^>]*>/.exec(header)?.[0] ?? "";
  const element = (name: string): string =>
    decodeEntities(new RegExp(`<${name}>([^<]*)</${name}>`).exec(header)?.[1] ?? "").trim();
  const dbname = element("dbname");
  const base = element("base");
  const caseSensitive = element("case") === "case-sensitive";
  const namespaces: [number, string][] = [];
  const caseSensitiveNamespaces: number[] = [];
  for (const [, attributes = "", name = ""] of header.matchAll(/<namespace\s([^>]*?)(?:\/>|>([^<]*)<)/g)) {
    const key = /\bkey="(-?\d+)"/.exec(attributes)?.[1];
    if (key === undefined) continue;
    namespaces.push([Number(key), decodeEntities(name)]);
    const rule = /\bcase="([^"]*)"/.exec(attributes)?.[1];
    if (rule === undefined ? caseSensitive : rule === "case-sensitive") {
      caseSensitiveNamespaces.push(Number(key));
    }
  }
  const xmlLang = /\bxml:lang="([^"]*)"/.exec(root)?.[1] ?? "";
  return {
    language: languageOfWiki({ dbname, base, xmlLang, fileName }),
    dbname,
    base,
    version: /\sversion="([^"]*)"/.exec(root)?.[1] ?? "",
    namespaces,
    caseSensitive: caseSensitiveNamespaces.includes(0) || (caseSensitive && namespaces.length === 0),
    caseSensitiveNamespaces,
  };
}
