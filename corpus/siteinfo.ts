import { decodeEntities } from "./html_entities.ts";

/** What the header of a dump says about its wiki. */
export interface SiteInfo {
  /** Language code: `xml:lang` of the root, else the `dbname` without `wiki`; empty when the header has neither. */
  language: string;
  /** Version of the export schema, as 0.11. */
  version: string;
  /** Namespace numbers and their names on this wiki. */
  namespaces: [number, string][];
  /** Whether the first letter of a title keeps its case (`<case>case-sensitive</case>`, as on Wiktionary). */
  caseSensitive: boolean;
}

/** Reads the root tag's attributes and the contents of `<siteinfo>`. */
export function parseSiteInfo(root: string, siteinfo: string): SiteInfo {
  const dbname = /<dbname>([^<]*)<\/dbname>/.exec(siteinfo)?.[1] ?? "";
  const namespaces = [...siteinfo.matchAll(/<namespace\s[^>]*?key="(-?\d+)"[^>]*?(?:\/>|>([^<]*)<)/g)];
  return {
    language: /xml:lang="([^"]*)"/.exec(root)?.[1] ??
      (dbname.endsWith("wiki") ? dbname.slice(0, -4).replaceAll("_", "-") : ""),
    version: /\sversion="([^"]*)"/.exec(root)?.[1] ?? "",
    namespaces: namespaces.map(([, key, name]) => [Number(key), decodeEntities(name ?? "")]),
    caseSensitive: /<case>case-sensitive<\/case>/.test(siteinfo),
  };
}
