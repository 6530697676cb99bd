import { Buffer, isUtf8 } from "node:buffer";
import { notUtf8, truncated } from "./input_errors.ts";
import { UserError } from "./user_error.ts";

/** A stretch of a dump's XML with whole pages, and what stands between them. */
export interface DumpSegment {
  /** Name of the part of the dump that it comes from, for error messages. */
  readonly name: string;
  /** Where it begins in the part's XML, in bytes. */
  readonly offset: number;
  /** UTF-8, about a megabyte; the buffer has nothing else and may be transferred to a worker. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How far into a file its root, or its first page, may start. */
const MAX_PREAMBLE = 1 << 16;
/** A header is a few kilobytes. */
const MAX_HEADER = 1 << 22;
/** Smaller pieces of the source are put together up to this. */
const SEGMENT_BYTES = 1 << 19;
/** Of a page with more than this, only the present revision is kept. */
const MAX_PAGE = 1 << 23;
/** A page whose present revision takes more is left out, so that memory stays bounded; MediaWiki's own limit is 2 MB of wikitext. */
const MAX_REVISION = 1 << 24;

const pageStart = Buffer.from("<page>");
const pageEnd = Buffer.from("</page>");
const rootStart = Buffer.from("<mediawiki");
const rootEnd = Buffer.from("</mediawiki>");
const revisionStart = Buffer.from("<revision>");
const revisionEnd = Buffer.from("</revision>");

/** Cuts the XML of a dump between pages: first the header, then segments. */
export class SegmentReader {
  readonly #source: AsyncGenerator<Uint8Array, void, void>;
  readonly #name: string;
  readonly #notice: (line: string) => void;
  /** What has been read and not given out. */
  #pending: Buffer = Buffer.alloc(0);
  /** So many bytes of it have no end of a page. */
  #searched = 0;
  /** Bytes before `#pending`. */
  #offset = 0;
  #lastTitle: string | undefined;
  #hasRoot = false;

  /** Reads `source`, which messages call `name`; `notice` gets a line for people about what is left out. */
  constructor(
    source: AsyncGenerator<Uint8Array, void, void>,
    name: string,
    notice: (line: string) => void = () => {},
  ) {
    this.#source = source;
    this.#name = name;
    this.#notice = notice;
  }

  /** What comes before the first page: the root and `<siteinfo>`, or nothing. @throws {UserError} when this is no dump; the source is ended then. */
  async header(): Promise<string> {
    try {
      return await this.#header();
    } catch (error) {
      await this.#source.return();
      throw error;
    }
  }

  async #header(): Promise<string> {
    for (;;) {
      const page = this.#pending.indexOf(pageStart);
      const root = this.#pending.indexOf(rootStart);
      const end = page >= 0 ? page : this.#pending.indexOf(rootEnd);
      if (end >= 0 && (root >= 0 || this.#pending.subarray(0, end).toString().trim().length < 4)) {
        if (root > MAX_PREAMBLE) throw this.#notADump();
        this.#hasRoot = root >= 0 && root < end;
        return this.#pending.subarray(0, end).toString();
      }
      if (this.#pending.length > (root >= 0 ? MAX_HEADER : MAX_PREAMBLE)) throw this.#notADump();
      if (!(await this.#more())) {
        if (root < 0) throw this.#notADump();
        throw this.#cutOff();
      }
    }
  }

  /** All pages, in segments. @throws {TruncatedInputError} after the last whole page of a dump that is cut off. */
  async *segments(): AsyncGenerator<DumpSegment, void, void> {
    try {
      for (;;) {
        const end = this.#pending.length < SEGMENT_BYTES ? undefined : this.#lastPageEnd();
        if (end !== undefined) yield this.#take(end);
        else {
          this.#dropOldRevisions();
          if (this.#pending.length >= MAX_REVISION) await this.#leavePageOut();
          else if (!(await this.#more())) break;
        }
      }
      const end = this.#lastPageEnd();
      if (end !== undefined) yield this.#take(end);
    } catch (error) {
      // What was read before the cut may hold whole pages.
      const end = this.#lastPageEnd();
      if (end !== undefined) yield this.#take(end);
      throw error;
    } finally {
      await this.#source.return();
    }
    this.#checkEnd();
  }

  /** Where the last whole page ends in what is pending; undefined when none does. */
  #lastPageEnd(): number | undefined {
    const from = Math.max(0, this.#searched - pageEnd.length);
    const end = this.#pending.subarray(from).lastIndexOf(pageEnd);
    this.#searched = this.#pending.length;
    return end < 0 ? undefined : from + end + pageEnd.length;
  }

  #take(length: number): DumpSegment {
    const bytes = new Uint8Array(this.#pending.subarray(0, length));
    const segment = { name: this.#name, offset: this.#offset, bytes };
    const title = this.#pending.lastIndexOf("<title>", length);
    if (title >= 0) {
      this.#lastTitle = this.#pending.subarray(title + 7, this.#pending.indexOf("<", title + 7)).toString();
    }
    this.#drop(length);
    return segment;
  }

  /** Waits for more of the source; false at its end. */
  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done) return false;
    this.#pending = this.#pending.length === 0
      ? Buffer.from(value.buffer, value.byteOffset, value.length)
      : Buffer.concat([this.#pending, value]);
    return true;
  }

  /** Of a page that has become very long, takes out the revisions between the first and the present one. */
  #dropOldRevisions(): void {
    if (this.#pending.length < MAX_PAGE) return;
    const first = this.#pending.indexOf(revisionStart);
    const last = this.#pending.lastIndexOf(revisionEnd);
    if (last <= first) return;
    const kept = last + revisionEnd.length;
    this.#offset += kept - first;
    this.#pending = Buffer.concat([this.#pending.subarray(0, first), this.#pending.subarray(kept)]);
    this.#searched = 0;
  }

  /** Reads on to the end of a page that is too long, and takes it out. @throws {TruncatedInputError} when the source ends before. */
  async #leavePageOut(): Promise<void> {
    const start = this.#pending.indexOf(pageStart);
    const at = this.#offset + Math.max(0, start);
    if (start < 0) {
      throw new UserError(
        `${this.#name}: no page in ${MAX_REVISION} bytes after byte ${at} of its XML: ` +
          "give a MediaWiki dump, or download it again",
      );
    }
    const [, title = ""] = /<title>([^<]*)/.exec(this.#pending.toString("utf8", start, start + 2000)) ?? [];
    this.#notice(
      `${this.#name}: the page "${title}" at byte ${at} of its XML is left out: its text is longer than ${MAX_REVISION} bytes`,
    );
    for (let end = -1; end < 0;) {
      this.#drop(this.#pending.length - pageEnd.length);
      if (!(await this.#more())) throw this.#cutOff();
      end = this.#pending.indexOf(pageEnd);
      if (end >= 0) this.#drop(end + pageEnd.length);
    }
  }

  #drop(length: number): void {
    this.#pending = this.#pending.subarray(length);
    this.#searched = 0;
    this.#offset += length;
  }

  /** After the last page only the end of the root may come, and not even that where there is no root. */
  #checkEnd(): void {
    const rest = this.#pending.toString();
    const end = rest.lastIndexOf("</mediawiki>");
    const isWhole = end >= 0 ? !rest.includes("<", end + 1) : !this.#hasRoot && !rest.includes("<");
    if (!isWhole) throw this.#cutOff();
  }

  #cutOff(): UserError {
    const after = this.#lastTitle === undefined
      ? "before its first page"
      : `after the page "${this.#lastTitle}"`;
    return truncated(this.#name, `byte ${this.#offset + this.#pending.length} of its XML, ${after}`);
  }

  #notADump(): UserError {
    if (!isUtf8(this.#pending)) return notUtf8(this.#name, 0, this.#pending);
    return new UserError(
      `${this.#name}: not a MediaWiki dump (no <mediawiki> at its start): give a pages-articles dump, .xml or .xml.bz2`,
    );
  }
}
