import { encodeHeadings, encodeLinks } from "./dump_db.ts";
import { type DumpPage, DumpPageParser } from "./dump_pages.ts";
import type { DumpSegment } from "./dump_segments.ts";
import { NAMESPACE, Namespaces } from "./namespaces.ts";
import type { SiteInfo } from "./siteinfo.ts";
import { TemplateTexts } from "./template_texts.ts";
import { normalizeTitle } from "./titles.ts";
import { parseWikitext, type WikitextContext } from "./wikitext.ts";

/** What an article becomes in the page database. */
export interface ArticleRow {
  readonly kind: "article";
  readonly title: string;
  /** Its number in the wiki; null where the dump has none. */
  readonly wikiId: number | null;
  readonly isDisambiguation: boolean;
  /** The `headings` column. */
  readonly headings: string;
  /** Columns `text`, `heading`, `links` of each paragraph, one paragraph after the other: quicker to copy to another thread than rows. */
  readonly paragraphs: readonly (string | number)[];
  /** Links of all paragraphs. */
  readonly links: number;
}

/** What a redirect becomes. */
export interface RedirectRow {
  readonly kind: "redirect";
  readonly title: string;
  readonly target: string;
}

/** The columns of a paragraph in {@link ArticleRow.paragraphs}. */
export const PARAGRAPH_COLUMNS = 3;

/** A page as the page database stores it. */
export type DumpRow = ArticleRow | RedirectRow;

/** What a user chooses about the text of pages. Plain data: it goes to workers. */
export interface PageOptions {
  /** Whether the captions of pictures are paragraphs of their own. */
  readonly includeCaptions?: boolean;
  /** Whether the cells and captions of tables are paragraphs of their own. */
  readonly includeTables?: boolean;
  /** Lines of {@link TemplateTexts}, which say what more templates show, and the name of their file. */
  readonly templateTexts?: { readonly table: string; readonly file: string };
}

/** Turns segments of one dump into rows. Pure: what it makes of a page depends on that page and the dump's header alone. */
export class SegmentEncoder {
  readonly #parser: DumpPageParser;
  readonly #context: WikitextContext;

  /**
   * An encoder for the dump with this header.
   *
   * @throws {UserError} when a line about templates has another form.
   */
  constructor(
    siteinfo: SiteInfo,
    { includeCaptions = false, includeTables = false, templateTexts }: PageOptions = {},
  ) {
    this.#parser = new DumpPageParser(siteinfo);
    const { caseSensitive, language } = siteinfo;
    this.#context = {
      caseSensitive,
      language,
      namespaces: new Namespaces(siteinfo.namespaces, language, siteinfo.caseSensitiveNamespaces),
      templateTexts: new TemplateTexts(language, templateTexts?.table, templateTexts?.file),
      includeCaptions,
      includeTables,
    };
  }

  /**
   * The rows of articles and redirects in `segment`, in their order.
   *
   * @throws {UserError} when its XML is damaged.
   */
  rows(segment: DumpSegment): DumpRow[] {
    // One by one, so that of a page little is alive when the next is read.
    const rows: DumpRow[] = [];
    for (const page of this.#parser.parse(segment, NAMESPACE.main)) rows.push(this.#row(page));
    return rows;
  }

  #row({ id, title, redirect, text }: DumpPage): DumpRow {
    if (redirect !== undefined) {
      return { kind: "redirect", title, target: normalizeTitle(redirect, this.#context) };
    }
    const { paragraphs, headings, isDisambiguation } = parseWikitext(text, { ...this.#context, title });
    const columns: (string | number)[] = [];
    let links = 0;
    for (const paragraph of paragraphs) {
      columns.push(paragraph.text, paragraph.heading, encodeLinks(paragraph));
      links += paragraph.links.length;
    }
    return {
      kind: "article",
      title,
      wikiId: id ?? null,
      isDisambiguation,
      headings: encodeHeadings(headings),
      paragraphs: columns,
      links,
    };
  }
}
