import { statSync } from "node:fs";
import type { Bzip2Decoder } from "./bzip2_decoders.ts";
import { ChunkScanner } from "./chunk_scanner.ts";
import { decompress, readFile } from "./dump_bytes.ts";
import { fromCode } from "./html_entities.ts";
import { truncated, TruncatedInputError } from "./input_errors.ts";
import { Namespaces } from "./namespaces.ts";
import { redirectInText } from "./redirect.ts";
import { parseSiteInfo, type SiteInfo } from "./siteinfo.ts";
import { UserError } from "./user_error.ts";

/** A page of a dump: the latest of its revisions that the dump holds. */
export interface DumpPage {
  /** The title as the dump has it, with the prefix of its namespace. */
  title: string;
  /** Number of the namespace; from the title's prefix where the dump has no `<ns>` (schema before 0.6). */
  ns: number;
  /** The target, as written, when the page is a redirect. */
  redirect?: string;
  /** The wikitext. */
  text: string;
}

/** An open dump: its header, and its pages as a stream that can be read once. */
export interface Dump {
  /** What the header says. */
  siteinfo: SiteInfo;
  /** The pages in the order of the dump. Ends with a UserError when the dump is cut off, damaged, or has no page. */
  pages: AsyncGenerator<DumpPage, void, void>;
}

/** Options of {@link readDump} and {@link openDump}. */
export interface DumpReaderOptions {
  /** Name of the source in error messages. */
  name?: string;
  /** Language code, instead of that of the header. */
  language?: string;
  /** End quietly after the last whole page of a dump that is cut off. */
  allowTruncated?: boolean;
  /** Decoder for `.bz2` files. */
  decoder?: Bzip2Decoder;
  /** Called with the bytes of the file (compressed) read so far and its size. */
  progress?: (done: number, total: number | undefined) => void;
}

/** How far into a file its root may start. */
const MAX_PREAMBLE = 1 << 16;

/**
 * Opens a `pages-articles` dump: plain XML, bzip2 (one stream or many) or gzip, told apart by the first bytes.
 *
 * @throws {UserError} when the file is missing, not a MediaWiki dump, or of an unknown compression.
 */
export async function openDump(path: string, options: DumpReaderOptions = {}): Promise<Dump> {
  const name = options.name ?? path;
  let size: number;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) {
      throw new UserError(`${path}: not a file: give a pages-articles dump, .xml or .xml.bz2`);
    }
    size = stat.size;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${path}: cannot be opened: check the path, or download a pages-articles dump from https://dumps.wikimedia.org`,
    );
  }
  const file = readFile(path, size, options.progress);
  return await readDump(await decompress(file, name, options.decoder ?? "auto"), { ...options, name });
}

/**
 * Reads a dump from decompressed bytes, in memory bounded by its longest text. All schemas from 0.3 to 0.11; several dumps
 * one after the other are read as one.
 *
 * @throws {UserError} when the bytes do not start as a MediaWiki dump.
 */
export async function readDump(
  source: AsyncIterable<Uint8Array>,
  options: DumpReaderOptions = {},
): Promise<Dump> {
  const name = options.name ?? "dump";
  const scanner = new ChunkScanner(decodeUtf8(source, name));
  const notADump = (): UserError =>
    new UserError(
      `${name}: not a MediaWiki dump (no <mediawiki> at its start): give a pages-articles dump, .xml or .xml.bz2`,
    );
  const preamble = await scanner.readUntil("<mediawiki");
  if (preamble === undefined || preamble.length > MAX_PREAMBLE) throw notADump();
  const root = await scanner.readUntil(">") ?? "";
  const beforeInfo = await scanner.readUntil("<");
  let header = "";
  let firstTag = "";
  if (beforeInfo !== undefined) {
    firstTag = await scanner.readUntil(">") ?? "";
    if (firstTag === "siteinfo") {
      header = await scanner.readUntil("</siteinfo>") ?? "";
      firstTag = "";
    }
  }
  const siteinfo = parseSiteInfo(root, header);
  if (options.language !== undefined) siteinfo.language = options.language;
  return { siteinfo, pages: readPages(scanner, siteinfo, firstTag, name, options.allowTruncated ?? false) };
}

async function* decodeUtf8(
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let done = 0;
  for await (const chunk of source) {
    let text: string;
    try {
      text = decoder.decode(chunk, { stream: true });
    } catch {
      const byte = done + validPrefix(chunk);
      throw new UserError(
        `${name}: not UTF-8 at byte ${byte} of its text: give a MediaWiki dump, or download it again`,
      );
    }
    yield text;
    done += chunk.length;
  }
  // An unfinished character at the end is left out: the cut itself is reported by the reader of pages.
}

/** How many bytes of `chunk` come before the first that cannot be UTF-8, give or take the character that began before it. */
function validPrefix(chunk: Uint8Array): number {
  let valid = 0;
  let invalid = chunk.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >>> 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(chunk.subarray(0, middle), { stream: true });
      valid = middle;
    } catch {
      invalid = middle;
    }
  }
  return valid;
}

async function* readPages(
  scanner: ChunkScanner,
  siteinfo: SiteInfo,
  firstTag: string,
  name: string,
  allowTruncated: boolean,
): AsyncGenerator<DumpPage, void, void> {
  const namespaces = new Namespaces(siteinfo.namespaces, siteinfo.language);
  const targetInText = !(Number(siteinfo.version.replace(/^0\./, "")) >= 6);
  let count = 0;
  try {
    let open = firstTag !== "/mediawiki";
    let tag: string | undefined = firstTag;
    for (;; tag = await nextTag(scanner)) {
      if (tag === undefined) break;
      if (tag === "/mediawiki") open = false;
      else if (tag.startsWith("mediawiki")) open = true;
      else if (tag === "page") {
        const page = await readPage(scanner, namespaces, targetInText);
        if (page === undefined) break;
        count++;
        yield page;
      }
    }
    if (open) throw truncated(name, `character ${scanner.position} of its text, after page ${count}`);
  } catch (error) {
    if (!(allowTruncated && error instanceof TruncatedInputError)) throw error;
  }
  if (count === 0) {
    throw new UserError(`${name}: a dump without any page: take one whose name has pages-articles`);
  }
}

/** The inside of the next tag; undefined at the end. */
async function nextTag(scanner: ChunkScanner): Promise<string | undefined> {
  if (!(await scanner.skipPast("<"))) return undefined;
  return await scanner.readUntil(">");
}

async function readPage(
  scanner: ChunkScanner,
  namespaces: Namespaces,
  targetInText: boolean,
): Promise<DumpPage | undefined> {
  let title = "";
  let ns: number | undefined;
  let redirect: string | undefined;
  let text = "";
  for (;;) {
    let tag = scanner.readUntil("<");
    if (typeof tag !== "string") tag = await tag;
    if (tag === undefined) return undefined;
    tag = scanner.readUntil(">");
    if (typeof tag !== "string") tag = await tag;
    if (tag === undefined) return undefined;
    if (tag === "/page") break;
    if (tag === "title") {
      const raw = await scanner.readUntil("</title>");
      if (raw === undefined) return undefined;
      title = unescapeXml(raw);
    } else if (tag === "ns") {
      const raw = await scanner.readUntil("</ns>");
      if (raw === undefined) return undefined;
      ns = Number(raw);
    } else if (tag.startsWith("redirect ")) {
      redirect = /title="([^"]*)"/.exec(tag)?.[1];
    } else if (tag === "text" || tag.startsWith("text ")) {
      if (tag.endsWith("/")) {
        text = "";
        continue;
      }
      const raw = await scanner.readUntil("</text>");
      if (raw === undefined) return undefined;
      text = raw;
    }
  }
  text = unescapeXml(text);
  const target = redirect !== undefined
    ? unescapeXml(redirect)
    : targetInText
    ? redirectInText(text)
    : undefined;
  return {
    title,
    ns: ns ?? namespaces.of(title),
    ...(target === undefined ? {} : { redirect: target }),
    text,
  };
}

const xmlEntities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** Replaces the five entities of XML and numeric references. */
function unescapeXml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:(lt|gt|amp|quot|apos)|#(x[\da-fA-F]{1,6}|\d{1,7}));/g,
    (whole: string, name?: string, code?: string): string => {
      if (name !== undefined) return xmlEntities[name] ?? whole;
      return fromCode(Number(code?.startsWith("x") ? `0${code}` : code));
    },
  );
}
