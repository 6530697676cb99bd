import { type Namespaces, normalizeTitle, type ParsedWikitext, type TitleRules } from "@lukeforge/corpus";
import { toCodePointOffsets } from "../corpus/code_points.ts";
import { interwikiOf } from "../corpus/interwiki.ts";
import { NAMESPACE } from "../corpus/namespaces.ts";
import { Bag } from "./bag.ts";
import type { GoldenPage } from "./wikipedia2vec_golden.ts";
import type { Region } from "./wikitext_regions.ts";

/** Why a link of wikipedia2vec may be none of ours. The first that holds counts. */
export const missKinds = {
  "empty text":
    "its text is a template or an entity, which wikipedia2vec drops, leaving a link without text; ours shows it",
  "other title":
    "found with the same text under another title: a letter whose capital is two letters keeps its case in MediaWiki",
  "comment": "stands in a comment: nobody sees it",
  "nowiki": "stands in <nowiki>: a reader sees its brackets",
  "element": "stands in a reference, a gallery or another element that is no prose",
  "table": "stands in a table, whose cells wikipedia2vec takes for prose; includeTables keeps them",
  "unclosed table": "stands in a row of a table without an end, which MediaWiki renders as a table",
  "heading": "stands in a heading, whose text is no paragraph's",
  "template": "stands in a template of which nothing is shown",
  "file": "stands in the caption of a file; includeCaptions keeps captions",
  "other text": "found with the same title under another text, part of which only one of us shows",
  "unexplained": "none of these",
} as const;

/** One of {@link missKinds}. */
export type MissKind = keyof typeof missKinds;

/** A link that wikipedia2vec finds and we do not. */
export interface Miss {
  /** Title of the page. */
  page: string;
  /** Title that the link leads to. */
  title: string;
  /** Its text. */
  text: string;
  /** Why. */
  kind: MissKind;
}

/** Counts links of articles to articles that wikipedia2vec finds, as (page, target, anchor), and those of them that we find. */
export class LinkComparison {
  /** Links of wikipedia2vec. */
  total = 0;
  /** Those of them that are ours. */
  found = 0;
  /** The others. */
  readonly misses: Miss[] = [];
  /** Links of ours. */
  ours = 0;
  /** Those of them whose offsets, in code points, do not cut their text out of the paragraph's. */
  wrongOffsets = 0;

  /** Starts with no page. */
  constructor(readonly rules: TitleRules, readonly namespaces: Namespaces) {}

  /** Adds a page. */
  add(
    page: string,
    source: string,
    regions: readonly Region[],
    ours: ParsedWikitext,
    theirs: GoldenPage,
  ): void {
    const found = new Bag();
    for (const { text, links } of ours.paragraphs) {
      const points = [...text];
      for (const link of links) {
        const { title, start, end, trail } = link;
        found.add(key(title, text.slice(start, end - trail)));
        this.ours++;
        const [from = 0, to = 0] = toCodePointOffsets(text, [start, end]);
        if (points.slice(from, to).join("") !== link.text) this.wrongOffsets++;
      }
    }
    const missed: [title: string, text: string][] = [];
    for (const [raw, rawText] of theirs.paragraphs.flatMap(({ links }) => links)) {
      const title = normalizeTitle(raw, this.rules);
      if (!this.#isArticle(raw, title)) continue;
      this.total++;
      const text = normalizeText(rawText);
      if (found.take(key(title, text)) === 1) this.found++;
      else missed.push([title, text]);
    }
    // Only now is it clear which of our links are left for a miss to be one of them.
    for (const [title, text] of missed) {
      this.misses.push({ page, title, text, kind: this.#kind(source, regions, title, text, found) });
    }
  }

  #isArticle(raw: string, title: string): boolean {
    return title !== "" && interwikiOf(raw) === undefined && this.namespaces.of(title) === NAMESPACE.main;
  }

  #kind(source: string, regions: readonly Region[], title: string, text: string, left: Bag): MissKind {
    const kinds = new Set<string>();
    for (const { index, 1: target = "" } of source.matchAll(/\[\[([^[\]|\n]*)/g)) {
      if (normalizeTitle(target, this.rules) !== title) continue;
      for (const region of regions) {
        if (region.start <= index && index < region.end) kinds.add(region.kind);
      }
    }
    const others = left.entries().map(([link]) => link.split("\t"));
    const sameTitle = others.some(([otherTitle]) => otherTitle === title);
    if (text === "" && sameTitle) return "empty text";
    if (others.some(([, otherText]) => otherText === text)) return "other title";
    for (const kind of Object.keys(missKinds) as MissKind[]) if (kinds.has(kind)) return kind;
    return sameTitle ? "other text" : "unexplained";
  }
}

function key(title: string, text: string): string {
  return `${title}\t${normalizeText(text)}`;
}

/** As a browser shows it: white space collapsed, and without marks of direction. */
function normalizeText(text: string): string {
  return text.replace(/[\u200e\u200f]/g, "").replace(/\s+/g, " ").trim();
}
