import { interwikiOf } from "../corpus/interwiki.ts";
import { NAMESPACE, type Namespaces } from "../corpus/namespaces.ts";

/** What kind of markup a stretch of wikitext is. */
export type RegionKind =
  | "comment"
  | "nowiki"
  | "element"
  | "table"
  | "unclosed table"
  | "template"
  | "heading"
  | "file"
  | "category"
  | "interwiki"
  | "address"
  | "switch"
  | "tag";

/** A stretch of wikitext. */
export interface Region {
  /** Its kind. */
  kind: RegionKind;
  /** Where it starts, in UTF-16 units. */
  start: number;
  /** Where it ends. */
  end: number;
}

/**
 * The regions of a page, by rules that a reader can check by eye and that share nothing with the scanner they are to judge: what
 * stands between which marks. Slow, and wrong where markup is unbalanced in ways that real pages seldom show.
 */
export function regionsOf(source: string, namespaces: Namespaces): Region[] {
  return [
    ...matches("comment", source, /<!--[^]*?(?:-->|$)/g),
    ...matches("nowiki", source, /<nowiki>[^]*?<\/nowiki>/gi),
    ...matches(
      "element",
      source,
      /<(ref|references|gallery|math|timeline|imagemap|source|syntaxhighlight|score|hiero|code|pre)\b[^<>/]*>[^]*?<\/\1\s*>/gi,
    ),
    ...matches("heading", source, /^=[^\n]*=[ \t]*$/gm),
    ...matches("address", source, /\b(?:https?|ftp):\/\/[^\s<>[\]{}|"]+/gi),
    ...matches("switch", source, /__[A-Z]+__/g),
    ...matches("tag", source, /<(\w+)\b[^<>/]*>[^]*?<\/\1\s*>/g),
    ...templates(source),
    ...tables(source),
    ...links(source, namespaces),
  ];
}

function matches(kind: RegionKind, source: string, pattern: RegExp): Region[] {
  return [...source.matchAll(pattern)].map(({ index, 0: whole }) => ({
    kind,
    start: index,
    end: index + whole.length,
  }));
}

/** Pairs of double braces, the outermost. */
function templates(source: string): Region[] {
  const regions: Region[] = [];
  const open: number[] = [];
  for (const { index, 0: mark } of source.matchAll(/\{\{|\}\}/g)) {
    if (mark === "{{") open.push(index);
    else {
      const start = open.pop();
      if (start !== undefined && open.length === 0) regions.push({ kind: "template", start, end: index + 2 });
    }
  }
  return regions;
}

/** From `{|` at the start of a line to its `|}`, or to `</table>`, which ends it as well in the HTML that MediaWiki makes of it. */
function tables(source: string): Region[] {
  const regions: Region[] = [];
  const open: number[] = [];
  for (const { index, 0: mark } of source.matchAll(/^[ \t:]*\{\||^[ \t:]*\|\}(?!\})|<\/?table\b[^<>]*>/gim)) {
    if (/^[ \t:]*\{\||^<table/i.test(mark)) open.push(index);
    else {
      const start = open.pop();
      if (start !== undefined) regions.push({ kind: "table", start, end: index + mark.length });
    }
  }
  for (const start of open) regions.push({ kind: "unclosed table", start, end: source.length });
  return regions;
}

/** Links to files, categories and other wikis, with all that stands between their brackets. */
function links(source: string, namespaces: Namespaces): Region[] {
  const regions: Region[] = [];
  const open: number[] = [];
  for (const { index, 0: mark } of source.matchAll(/\[\[|\]\]/g)) {
    if (mark === "[[") {
      open.push(index);
      continue;
    }
    const start = open.pop();
    if (start === undefined) continue;
    const target = /^:?([^|]*)/.exec(source.slice(start + 2, index))?.[1]?.trim() ?? "";
    const namespace = namespaces.of(target);
    const kind = interwikiOf(target) !== undefined
      ? "interwiki"
      : namespace === NAMESPACE.file || namespace === NAMESPACE.media
      ? "file"
      : namespace === NAMESPACE.category
      ? "category"
      : undefined;
    if (kind !== undefined) regions.push({ kind, start, end: index + 2 });
  }
  return regions;
}
