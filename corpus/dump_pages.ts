import type { DumpSegment } from "./dump_segments.ts";
import { fromCode } from "./html_entities.ts";
import { damaged, notUtf8 } from "./input_errors.ts";
import { Namespaces } from "./namespaces.ts";
import { redirectInText } from "./redirect.ts";
import type { SiteInfo } from "./siteinfo.ts";
import type { UserError } from "./user_error.ts";

/** A page of a dump: the latest of its revisions that the dump holds. */
export interface DumpPage {
  /** Its number in the wiki; absent where the dump has none. */
  id?: number;
  /** The title as the dump has it, with the prefix of its namespace. */
  title: string;
  /** Number of the namespace; from the title's prefix where the dump has no `<ns>` (schema before 0.6). */
  ns: number;
  /** The target, as written, when the page is a redirect. */
  redirect?: string;
  /** The wikitext. */
  text: string;
}

/** Reads the pages of segments of a dump. It depends on nothing but the wiki's {@linkcode SiteInfo}: workers can have one each. */
export class DumpPageParser {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #namespaces: Namespaces;
  readonly #language: string;
  /** Whether `<redirect>` does not name the target (schema before 0.6), or there may be none. */
  readonly #targetInText: boolean;

  /** A parser for the dumps of the wiki that `siteinfo` describes. */
  constructor({ namespaces, language, version }: SiteInfo) {
    this.#namespaces = new Namespaces(namespaces, language);
    this.#language = language;
    this.#targetInText = !(Number(version.replace(/^0\./, "")) >= 6);
  }

  /**
   * The pages of `segment`, in order.
   *
   * @throws {UserError} when it is not UTF-8, or its elements do not nest as in a dump; the message names part and byte.
   */
  parse(segment: DumpSegment): DumpPage[] {
    let xml: string;
    try {
      xml = this.#decoder.decode(segment.bytes);
    } catch {
      throw notUtf8(segment.name, segment.offset, segment.bytes);
    }
    const pages: DumpPage[] = [];
    for (let start = xml.indexOf("<page>"); start >= 0;) {
      const next = xml.indexOf("<page>", start + 6);
      const end = xml.indexOf("</page>", start);
      const page = end < 0 || (next >= 0 && next < end) ? undefined : this.#page(xml.slice(start, end));
      if (page === undefined) throw malformed(segment, xml, start);
      pages.push(page);
      start = next;
    }
    return pages;
  }

  /** The page in `xml`, which begins with `<page>`; undefined when it makes no sense. */
  #page(xml: string): DumpPage | undefined {
    const title = between(xml, "<title>", "</title>");
    if (title === undefined || title === "") return undefined;
    const text = textOf(xml);
    if (text === undefined) return undefined;
    const revision = xml.indexOf("<revision>");
    const head = revision < 0 ? xml : xml.slice(0, revision);
    const ns = between(head, "<ns>", "</ns>");
    if (ns !== undefined && !/^-?\d+$/.test(ns)) return undefined;
    const id = between(head, "<id>", "</id>");
    const plainTitle = unescapeXml(title);
    const named = /<redirect title="([^"]*)"/.exec(head)?.[1];
    const redirect = named !== undefined
      ? unescapeXml(named)
      : this.#targetInText
      ? redirectInText(text, this.#language)
      : undefined;
    return {
      ...(id !== undefined && /^\d{1,15}$/.test(id) && { id: Number(id) }),
      title: plainTitle,
      ns: ns === undefined ? this.#namespaces.of(plainTitle) : Number(ns),
      ...(redirect === undefined ? {} : { redirect }),
      text,
    };
  }
}

/** The text of the last revision: of its first slot where it has several. */
function textOf(page: string): string | undefined {
  const revision = Math.max(0, page.lastIndexOf("<revision>"));
  const start = /<text(?=[\s>/])[^>]*>/g;
  start.lastIndex = revision;
  const tag = start.exec(page);
  if (tag === null || tag[0].endsWith("/>")) return "";
  const from = tag.index + tag[0].length;
  // Not the next `<`: dumps edited by hand have some that are not escaped.
  const end = page.indexOf("</text>", from);
  return end < 0 ? undefined : unescapeXml(page.slice(from, end));
}

function between(text: string, opening: string, closing: string): string | undefined {
  const start = text.indexOf(opening);
  if (start < 0) return undefined;
  const end = text.indexOf(closing, start);
  return end < 0 ? undefined : text.slice(start + opening.length, end);
}

function malformed({ name, offset }: DumpSegment, xml: string, at: number): UserError {
  const byte = offset + new TextEncoder().encode(xml.slice(0, at)).length;
  return damaged(name, byte, "in its XML, where a page begins that makes no sense");
}

/** Replaces the five entities of XML and numeric references. */
function unescapeXml(text: string): string {
  if (!text.includes("&")) return text;
  let plain = text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"');
  if (plain.includes("&#")) {
    plain = plain.replace(
      /&#(?:x([\da-fA-F]{1,6})|(\d{1,7}));/g,
      (_whole, hex?: string, decimal?: string) =>
        fromCode(hex !== undefined ? parseInt(hex, 16) : parseInt(decimal ?? "", 10)),
    );
  }
  // Last, so that what it uncovers is not taken for an entity.
  return plain.replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
