import { decodeEntities } from "./html_entities.ts";
import { NAMESPACE, type Namespaces } from "./namespaces.ts";

/** What the form of titles depends on. */
export interface TitleRules {
  /** Whether the first letter of an article's title keeps its case. */
  caseSensitive?: boolean;
  /** Language code of the wiki: some have rules of their own for the first letter. */
  language?: string;
  /** The wiki's namespaces, for titles with a prefix; without them a prefix is a part of the title. */
  namespaces?: Namespaces;
}

const dottedI = new Set(["tr", "az", "kaa"]);

/** `text` with its first code point in upper case, as MediaWiki does it. */
export function upperFirst(text: string, language?: string): string {
  const code = text.codePointAt(0);
  if (code === undefined || (code >= 0x41 && code <= 0x5a)) return text;
  const first = String.fromCodePoint(code);
  const rest = text.slice(first.length);
  if (first === "i" && language !== undefined) {
    if (dottedI.has(language)) return `İ${rest}`;
    if (language === "nl" && rest.startsWith("j")) return `IJ${rest.slice(1)}`;
  }
  // Georgian has capitals only for whole words in capitals; and a letter never becomes two (ß).
  if (code >= 0x10d0 && code <= 0x10ff) return text;
  const upper = first.toUpperCase();
  return upper.length === first.length ? upper + rest : text;
}

/** ASCII that nothing has to be done about but the case of its first letter; most links name such titles. */
const plainAscii = /^[A-Za-z\d][A-Za-z\d,.'()-]*(?: [A-Za-z\d,.'()-]+)*$/;

/** The canonical form of `raw` where that can be seen at once: it names an article, and needs its first letter in upper case at most. */
export function plainTitle(raw: string, { caseSensitive, language }: TitleRules): string | undefined {
  if (!plainAscii.test(raw)) return undefined;
  return caseSensitive || raw.charCodeAt(0) < 0x61 ? raw : upperFirst(raw, language);
}

/** ASCII in which white space is as it should be. */
const spacedAscii = /^[!-^`-~]+(?: [!-^`-~]+)*$/;
/** Marks of direction, which MediaWiki removes from titles. */
const directionMarks = /[\u200e\u200f\u202a-\u202e]+/g;
/** What MediaWiki takes for a space in a title, and line breaks. */
const spaces = /[\t-\r _\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/**
 * The canonical form of the title that a link names, as MediaWiki's: percent-encoding and references decoded, underscores and runs of
 * the characters that count as spaces made one space, marks of direction removed, trimmed, composed (NFC), without a leading colon
 * and its `#fragment`. The first letter, after the wiki's own name of the namespace, is upper-cased as the wiki's rule says.
 */
export function normalizeTitle(raw: string, rules: TitleRules = {}): string {
  const plain = plainTitle(raw, rules);
  if (plain !== undefined) return plain;
  let title = decodeEntities(raw.includes("%") ? decodePercent(raw) : raw);
  const fragment = title.indexOf("#");
  if (fragment >= 0) title = title.slice(0, fragment);
  if (!spacedAscii.test(title)) {
    title = title.normalize("NFC").replace(directionMarks, "").replace(spaces, " ").trim();
  }
  if (title.startsWith(":")) title = title.slice(1).trimStart();
  const number = rules.namespaces?.of(title) ?? NAMESPACE.main;
  if (rules.namespaces === undefined || number === NAMESPACE.main) {
    return rules.caseSensitive ? title : upperFirst(title, rules.language);
  }
  const colon = title.indexOf(":");
  const name = rules.namespaces.nameOf(number) ?? upperFirst(title.slice(0, colon).trimEnd(), rules.language);
  const rest = title.slice(colon + 1).trimStart();
  return `${name}:${rules.namespaces.isCaseSensitive(number) ? rest : upperFirst(rest, rules.language)}`;
}

/** Decodes each run of `%XX` that is UTF-8; a per cent sign that is one stays. */
export function decodePercent(title: string): string {
  return title.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}
