import { decodeEntities } from "./html_entities.ts";

/** What the form of titles depends on. */
export interface TitleRules {
  /** Whether the first letter keeps its case. */
  caseSensitive?: boolean;
  /** Language code of the wiki: Turkic ones have a dotted capital İ. */
  language?: string;
}

const dottedI = new Set(["tr", "az", "kaa", "crh", "tt"]);

/** `text` with its first code point in upper case, as MediaWiki does it. */
export function upperFirst(text: string, language?: string): string {
  const code = text.codePointAt(0);
  if (code === undefined) return text;
  const first = String.fromCodePoint(code);
  const rest = text.slice(first.length);
  if (first === "i" && language !== undefined && dottedI.has(language)) return `İ${rest}`;
  // Georgian has capitals only for whole words in capitals; and a letter never becomes two (ß).
  if (code >= 0x10d0 && code <= 0x10ff) return text;
  const upper = first.toUpperCase();
  return upper.length === first.length ? upper + rest : text;
}

/**
 * The canonical form of the title that a link names: references decoded, underscores and runs of white space made one space, marks of
 * direction removed, trimmed, first letter upper-cased. Without its `#fragment`.
 */
export function normalizeTitle(raw: string, rules: TitleRules = {}): string {
  let title = decodeEntities(raw);
  if (title.includes("%")) title = decodePercent(title);
  const fragment = title.indexOf("#");
  if (fragment >= 0) title = title.slice(0, fragment);
  title = title.replace(/[\u200e\u200f\u202a-\u202e]+/g, "").replace(/[_\s]+/g, " ").trim();
  return rules.caseSensitive ? title : upperFirst(title, rules.language);
}

function decodePercent(title: string): string {
  try {
    return decodeURIComponent(title);
  } catch {
    return title; // a per cent sign that is one
  }
}
