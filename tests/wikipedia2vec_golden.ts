import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A link as wikipedia2vec records it; offsets are code points. */
export type GoldenLink = [title: string, text: string, start: number, end: number];

/** A paragraph as wikipedia2vec reads it: a line (1.0.5), or a section with its heading (2.0.0). */
export interface GoldenParagraph {
  /** Its text. */
  text: string;
  /** Its links. */
  links: GoldenLink[];
}

/** A page as wikipedia2vec reads it. */
export interface GoldenPage {
  /** Whether it is a disambiguation page. */
  disambiguation: boolean;
  /** Its paragraphs. */
  paragraphs: GoldenParagraph[];
}

/** What wikipedia2vec makes of a dump. */
export interface Golden {
  /** 1.0.5 or 2.0.0. */
  version: "1.0.5" | "2.0.0";
  /** The language that it reads from the dump. */
  language: string;
  /** Titles of redirects and where they lead, one step. */
  redirects: Record<string, string>;
  /** Pages by title. */
  pages: Map<string, GoldenPage>;
}

/**
 * Reads what wikipedia2vec made of a dump: a page a line after a line about the dump (`.jsonl.gz`), or all in one object (`.json.gz`).
 * The version stands in the name of the file.
 */
export function readGolden(path: string): Golden {
  const text = gunzipSync(readFileSync(path)).toString();
  const version = /2\.?0\.?0/.test(path.slice(path.lastIndexOf("/"))) ? "2.0.0" : "1.0.5";
  if (path.endsWith(".jsonl.gz")) {
    const [head = "", ...lines] = text.trimEnd().split("\n");
    const { language, redirects } = JSON.parse(head) as Pick<Golden, "language" | "redirects">;
    const pages = lines.map((line) => JSON.parse(line) as GoldenPage & { title: string });
    return { version, language, redirects, pages: new Map(pages.map((page) => [page.title, page])) };
  }
  const { language, redirects, pages } = JSON.parse(text) as {
    language: string;
    redirects: [source: string, target: string][];
    pages: Record<string, { is_disambiguation: boolean; paragraphs: GoldenParagraph[] }>;
  };
  return {
    version,
    language,
    redirects: Object.fromEntries(redirects),
    pages: new Map(
      Object.entries(pages).map(([title, { is_disambiguation, paragraphs }]) => [
        title,
        { disambiguation: is_disambiguation, paragraphs },
      ]),
    ),
  };
}

/** The dumps of ../shared/data with what both versions made of them; the paths may be absent. */
export function referencePairs(): [dump: string, golden: string][] {
  const data = new URL("../../shared/data/", import.meta.url).pathname;
  const dumps: [dump: string, golden: string][] = [
    [
      "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2",
      "enwiki1.w2v105.jsonl.gz enwiki1.w2v200.jsonl.gz",
    ],
    ["smallwiki-latest-pages-articles.xml.bz2", "smallwiki.w2v105.jsonl.gz smallwiki.w2v200.jsonl.gz"],
    [
      "wikipedia2vec-enwiki-pages-articles-sample.xml.bz2",
      "sample_dump_wikipedia2vec_1.0.5.json.gz sample_dump_wikipedia2vec_2.0.0.json.gz",
    ],
  ];
  return dumps.flatMap(([dump, goldens]) =>
    goldens.split(" ").map((golden): [string, string] => [
      `${data}wikidumps/${dump}`,
      `${data}golden/wikipedia2vec/${golden}`,
    ])
  );
}
