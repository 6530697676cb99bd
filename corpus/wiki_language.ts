import { interwikiOf } from "./interwiki.ts";

/** What may tell the language of a wiki; empty where it is not there. */
export interface WikiLanguageSources {
  /** Database name, as `simplewiki`. */
  readonly dbname: string;
  /** Address of the main page, as `https://simple.wikipedia.org/wiki/Main_Page`. */
  readonly base: string;
  /** The `xml:lang` of the dump's root. */
  readonly xmlLang: string;
  /** Name of the dump's file, as `simplewiki-20250101-pages-articles.xml.bz2`. */
  readonly fileName: string;
}

/**
 * The language code of a wiki. Of what the header says, the database name comes first, then the address, then `xml:lang`, which says
 * `en` for simplewiki and `nb` for nowiki. A file whose name begins as Wikimedia names its dumps (`iswiki-20220101-…`, `iswiki.xml`)
 * is believed against the header: headers are pasted before pages of another wiki more often than dumps get the name of another.
 */
export function languageOfWiki(sources: WikiLanguageSources): string {
  return languageOfFileName(sources.fileName) ?? languageOfHeader(sources);
}

/** The language code that the header of a dump tells; empty when it tells none. */
export function languageOfHeader({ dbname, base, xmlLang }: Omit<WikiLanguageSources, "fileName">): string {
  return languageOfDatabase(dbname) ?? known(/^(?:https?:)?\/\/([a-z-]+)\.(?:m\.)?wik/.exec(base)?.[1]) ??
    xmlLang;
}

/** The language code that the name of a dump's file begins with; undefined when it is not named as dumps are. */
export function languageOfFileName(fileName: string): string | undefined {
  return languageOfDatabase(/^([a-z_]+wik[a-z]+)(?:-(?:\d{8}|latest)\b|\.xml\b|$)/.exec(fileName)?.[1] ?? "");
}

function languageOfDatabase(name: string): string | undefined {
  const code = /^([a-z_]+?)wik(?:i|tionary|iquote|inews|isource|iversity|ivoyage|ibooks)$/.exec(name)?.[1];
  return known(code?.replaceAll("_", "-"));
}

/** `code` if a Wikipedia has it; `commons` and `meta` are no languages. */
function known(code: string | undefined): string | undefined {
  return code !== undefined && interwikiOf(`${code}:`) === "language" ? code : undefined;
}
