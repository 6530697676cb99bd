import { isUtf8 } from "node:buffer";
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
  readonly #decoder = new TextDecoder();
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
   * The pages of `segment` one by one, in order; only those of `namespace` if one is given, which spares reading the others' text.
   *
   * @throws {UserError} when it is not UTF-8, or its elements do not nest as in a dump; the message names part and byte.
   */
  *parse(segment: DumpSegment, namespace?: number): Generator<DumpPage, void, void> {
    // Checked apart: decoders that refuse what is not UTF-8 take several times as long.
    if (!isUtf8(segment.bytes)) throw notUtf8(segment.name, segment.offset, segment.bytes);
    const xml = this.#decoder.decode(segment.bytes);
    for (let start = indexOfTag(xml, "<page>", 0); start >= 0;) {
      const next = indexOfTag(xml, "<page>", start + 6);
      const end = indexOfTag(xml, "</page>", start);
      if (end < 0 || (next >= 0 && next < end)) throw malformed(segment, xml, start);
      const page = xml.slice(start, end);
      const head = this.#head(page);
      const escaped = escapedText(page);
      if (head === undefined || escaped === undefined) throw malformed(segment, xml, start);
      if (namespace === undefined || head.ns === namespace) yield this.#page(head, unescapeXml(escaped));
      start = next;
    }
  }

  /** What stands before the revisions of the page in `xml`; undefined when it makes no sense. */
  #head(xml: string): Omit<DumpPage, "text"> | undefined {
    const revision = xml.indexOf("<revision>");
    const head = revision < 0 ? xml : xml.slice(0, revision);
    const escapedTitle = between(head, "<title>", "</title>");
    const ns = between(head, "<ns>", "</ns>");
    if (!escapedTitle || (ns !== undefined && !/^-?\d+$/.test(ns))) return undefined;
    const id = between(head, "<id>", "</id>");
    const title = unescapeXml(escapedTitle);
    const redirect = /<redirect title="([^"]*)"/.exec(head)?.[1];
    return {
      ...(id !== undefined && /^\d{1,15}$/.test(id) && { id: Number(id) }),
      title,
      ns: ns === undefined ? this.#namespaces.of(title) : Number(ns),
      ...(redirect !== undefined && { redirect: unescapeXml(redirect) }),
    };
  }

  #page(head: Omit<DumpPage, "text">, text: string): DumpPage {
    const redirect = head.redirect ??
      (this.#targetInText ? redirectInText(text, this.#language) : undefined);
    return { ...head, ...(redirect !== undefined && { redirect }), text };
  }
}

/** The text of the last revision, of its first slot where it has several, as it stands in the XML; undefined when it has no end. */
function escapedText(page: string): string | undefined {
  let revision = 0;
  for (let at = 0; at >= 0; at = indexOfTag(page, "<revision>", at + 1)) revision = at;
  const start = /<text(?=[\s>/])[^>]*>/g;
  start.lastIndex = revision;
  const tag = start.exec(page);
  if (tag === null || tag[0].endsWith("/>")) return "";
  const from = tag.index + tag[0].length;
  // Not the next `<`: dumps edited by hand have some that are not escaped.
  const end = indexOfTag(page, "</text>", from);
  return end < 0 ? undefined : page.slice(from, end);
}

/** `xml.indexOf(tag, from)`, several times as fast: text has few `<`, and for one character V8 compares many at once. */
function indexOfTag(xml: string, tag: string, from: number): number {
  let at = xml.indexOf("<", from);
  while (at >= 0 && !xml.startsWith(tag, at)) at = xml.indexOf("<", at + 1);
  return at;
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

/** A reference of XML: one of its five entities, or the number of a character. */
const reference = /&(?:lt|gt|quot|amp|apos|#x[\da-fA-F]{1,6}|#\d{1,7});/y;

/** Replaces the five entities of XML and numeric references; what they uncover is not looked at again. */
function unescapeXml(text: string): string {
  let plain = "";
  let kept = 0;
  // The two most frequent ones without a pattern.
  for (let at = text.indexOf("&"); at >= 0; at = text.indexOf("&", at + 1)) {
    let character: string;
    let length = 4;
    if (text.startsWith("lt;", at + 1)) character = "<";
    else if (text.startsWith("gt;", at + 1)) character = ">";
    else {
      reference.lastIndex = at;
      const found = reference.exec(text)?.[0];
      if (found === undefined) continue;
      character = referredTo(found);
      length = found.length;
    }
    plain += text.slice(kept, at) + character;
    kept = at + length;
  }
  return kept === 0 ? text : plain + text.slice(kept);
}

function referredTo(reference: string): string {
  switch (reference) {
    case "&quot;":
      return '"';
    case "&amp;":
      return "&";
    case "&apos;":
      return "'";
    default:
      return fromCode(
        reference[2] === "x" ? parseInt(reference.slice(3), 16) : parseInt(reference.slice(2), 10),
      );
  }
}
