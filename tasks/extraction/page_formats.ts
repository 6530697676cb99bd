import { type Paragraph, toCodePointOffsets, type WikiPage } from "@lukeforge/corpus";
import type { SentenceSplitter } from "@lukeforge/train";

/** Formats of `extract-text`. */
export const FORMATS = ["jsonl", "text", "sentences", "wikiextractor"] as const;

/** A format of `extract-text`. */
export type Format = typeof FORMATS[number];

/** What the form of a page depends on besides the page. */
export interface PageFormatOptions {
  /** Write the title before the text of a page (`text`, `sentences`). */
  readonly titles: boolean;
  /** Write headings, those that have prose under them. */
  readonly includeHeadings: boolean;
  /** `wikiextractor` as JSON lines. */
  readonly json: boolean;
  /** Cuts paragraphs for `sentences`. */
  readonly splitter: SentenceSplitter;
  /** The address that `?curid=ID` is added to. */
  readonly baseUrl: string;
}

/** What a page is written as; empty when the format has no place for it. */
export function formatPage(page: WikiPage, format: Format, options: PageFormatOptions): string {
  if (format === "jsonl") return `${JSON.stringify(pageRecord(page, options.includeHeadings))}\n`;
  if (page.paragraphs.length === 0) return "";
  if (format === "wikiextractor") return wikiExtractorDocument(page, options);
  const lines = linesOf(page, options.includeHeadings, (text) => {
    return format === "text" ? [text] : sentences(text, options.splitter);
  });
  return [...(options.titles ? [page.title] : []), ...lines].join("\n") + "\n\n";
}

/** The shape of the golden files of wikipedia2vec; headings, which these lack, as `[level, title]`. */
function pageRecord(
  { title, isDisambiguation, headings, paragraphs }: WikiPage,
  withHeadings: boolean,
): unknown {
  return {
    title,
    disambiguation: isDisambiguation,
    ...(withHeadings && { headings: headings.map(({ level, title }) => [level, title]) }),
    paragraphs: paragraphs.map((paragraph) => ({
      text: paragraph.text,
      abstract: paragraph.abstract,
      ...(withHeadings && { heading: paragraph.heading }),
      links: linkRecords(paragraph),
    })),
  };
}

type LinkRecord = [title: string, text: string, start: number, end: number];

/** Links with offsets in code points. */
function linkRecords({ text, links }: Paragraph): LinkRecord[] {
  const offsets = toCodePointOffsets(text, links.flatMap(({ start, end }) => [start, end]));
  return links.map(({ title, text }, i) => [title, text, offsets[2 * i] ?? 0, offsets[2 * i + 1] ?? 0]);
}

/** Lines of a page's paragraphs, each heading before the first prose under it, with the headings that it stands under. */
function linesOf(
  { headings, paragraphs }: WikiPage,
  withHeadings: boolean,
  linesOfText: (text: string) => string[],
  headingLine: (title: string) => string = (title) => title,
): string[] {
  const lines: string[] = [];
  let written = -1;
  for (const { text, heading } of paragraphs) {
    if (withHeadings) {
      const above: string[] = [];
      let level = Infinity;
      for (let i = heading; i > written; i--) {
        const candidate = headings[i];
        if (candidate === undefined || candidate.level >= level) continue;
        level = candidate.level;
        if (candidate.title !== "") above.unshift(headingLine(candidate.title));
      }
      lines.push(...above);
      written = Math.max(written, heading);
    }
    lines.push(...linesOfText(text));
  }
  return lines;
}

function sentences(text: string, splitter: SentenceSplitter): string[] {
  return splitter.split(text).map(([start, end]) => text.slice(start, end).trim()).filter((line) =>
    line !== ""
  );
}

/**
 * As WikiExtractor 3 writes it: in `<doc>` elements `&`, `<` and `>` are entities, in the attributes also `"`, which WikiExtractor
 * leaves, so that it cannot be told where a title ends. JSON has plain text.
 */
function wikiExtractorDocument(
  page: WikiPage,
  { baseUrl, includeHeadings, json }: PageFormatOptions,
): string {
  const { title } = page;
  const id = page.id === undefined ? "" : String(page.id);
  const url = id === ""
    ? `${baseUrl}/${encodeURIComponent(title.replaceAll(" ", "_"))}`
    : `${baseUrl}?curid=${id}`;
  const text = linesOf(page, includeHeadings, (text) => [text], (title) => `${title}.`).join("\n");
  if (json) return `${JSON.stringify({ id, revid: "", url, title, text })}\n`;
  const attribute = (value: string): string => escapeText(value).replaceAll('"', "&quot;");
  return `<doc id="${id}" url="${attribute(url)}" title="${attribute(title)}">\n` +
    `${escapeText(title)}\n\n${escapeText(text)}\n\n</doc>\n`;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
