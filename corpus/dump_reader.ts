import { basename } from "node:path";
import { decompress, inputName, inputSize, readInput, STANDARD_INPUT } from "./dump_bytes.ts";
import { type DumpPage, DumpPageParser } from "./dump_pages.ts";
import { type DumpSegment, SegmentReader } from "./dump_segments.ts";
import { TruncatedInputError } from "./input_errors.ts";
import { parseSiteInfo, type SiteInfo } from "./siteinfo.ts";
import { UserError } from "./user_error.ts";
import { languageOfFileName } from "./wiki_language.ts";

/** An open dump: its header, and its pages as a stream that can be read once, as pages or as segments. */
export interface Dump {
  /** What the header says; of several parts, that of the first. */
  siteinfo: SiteInfo;
  /**
   * The pages in the order of the dump; a title may come more than once. Ends with a UserError when the dump is cut off, damaged, or
   * has no page.
   */
  pages: AsyncGenerator<DumpPage, void, void>;
  /** The same, unread: what a {@linkcode DumpPageParser}, perhaps in a worker, makes pages of. */
  segments: AsyncGenerator<DumpSegment, void, void>;
}

/** Options of {@link readDump} and {@link openDump}. */
export interface DumpReaderOptions {
  /** Name of the source in error messages. */
  name?: string;
  /** Language code, instead of that of the header. */
  language?: string;
  /** End quietly after the last whole page of a part that is cut off. */
  allowTruncated?: boolean;
  /** Blocks of `.bz2` files that are decoded at once; the number of processors by default. */
  workers?: number;
  /** Called with the bytes of the files (compressed) read so far and their size, unless it is unknown. */
  progress?: (done: number, total: number | undefined) => void;
  /** Called with a line for people about something doubtful in the dump. */
  notice?: (line: string) => void;
}

/** A part of a dump: its name in messages, the name of its file if it has one, and how to open its XML. */
interface Part {
  readonly name: string;
  readonly fileName: string;
  readonly open: () => Promise<AsyncGenerator<Uint8Array, void, void>>;
}

/**
 * Opens a `pages-articles` dump: one file or several parts, read in the order given; `-` is standard input. Each is plain XML, bzip2
 * (one stream or many) or gzip (one member or many), told apart by the first bytes. Export schemas 0.3 to 0.11, and pages without
 * a root around them.
 *
 * @throws {UserError} when a file is missing, the first is no MediaWiki dump, or of an unknown compression.
 */
export async function openDump(
  paths: string | readonly string[],
  options: DumpReaderOptions = {},
): Promise<Dump> {
  const { progress, workers } = options;
  const files = typeof paths === "string" ? [paths] : paths;
  if (files.length === 0) throw new UserError("no dump: name its file, or its parts");
  const repeated = files.find((path, i) => files.indexOf(path) !== i);
  if (repeated !== undefined) throw new UserError(`${inputName(repeated)}: named twice: name each part once`);
  const sizes = files.map(inputSize);
  const total = sizes.reduce(
    (sum, size) => sum === undefined || size === undefined ? undefined : sum + size,
    0,
  );
  const parts = files.map((path, i): Part => {
    const before = sizes.slice(0, i).reduce<number>((sum, size) => sum + (size ?? 0), 0);
    const name = files.length === 1 ? options.name ?? inputName(path) : inputName(path);
    return {
      name,
      fileName: path === STANDARD_INPUT ? "" : basename(path),
      open: () =>
        decompress(readInput(path, progress && ((done) => progress(before + done, total))), {
          name,
          ...(workers !== undefined && { workers }),
        }),
    };
  });
  return await openParts(parts, options);
}

/**
 * Reads a dump from its XML.
 *
 * @throws {UserError} when the start is not that of a MediaWiki dump.
 */
export async function readDump(
  source: AsyncIterable<Uint8Array>,
  options: DumpReaderOptions = {},
): Promise<Dump> {
  const open = async function* (): AsyncGenerator<Uint8Array, void, void> {
    yield* source;
  };
  const part: Part = { name: options.name ?? "dump", fileName: "", open: () => Promise.resolve(open()) };
  return await openParts([part], options);
}

async function openParts(parts: readonly Part[], options: DumpReaderOptions): Promise<Dump> {
  const [first] = parts;
  if (first === undefined) throw new RangeError("a dump has at least one part");
  const source = await first.open();
  const reader = new SegmentReader(source, first.name, options.notice);
  const header = await reader.header();
  const siteinfo = parseSiteInfo(header, first.fileName);
  const named = languageOfFileName(first.fileName);
  const stated = parseSiteInfo(header).language;
  if (options.language !== undefined) siteinfo.language = options.language;
  else if (named !== undefined && stated !== "" && named !== stated) {
    options.notice?.(
      `${first.name}: its header says ${stated}, its name says ${named}: read as ${named}; --language says otherwise`,
    );
  }
  const segments = segmentsOf(parts, reader, siteinfo, options);
  const closed = closing(segments, source);
  return { siteinfo, segments: closed, pages: closing(pagesOf(closed, siteinfo), closed) };
}

/** `generator`, whose return also ends `source`: one that has not begun would not, and threads that wait keep a process alive. */
function closing<T>(
  generator: AsyncGenerator<T, void, void>,
  source: AsyncGenerator<unknown, void, void>,
): AsyncGenerator<T, void, void> {
  const end = generator.return.bind(generator);
  generator.return = async () => {
    await source.return();
    return await end();
  };
  return generator;
}

async function* segmentsOf(
  parts: readonly Part[],
  first: SegmentReader,
  siteinfo: SiteInfo,
  { allowTruncated = false, notice }: DumpReaderOptions,
): AsyncGenerator<DumpSegment, void, void> {
  let any = false;
  for (const [i, part] of parts.entries()) {
    try {
      let reader = first;
      if (i > 0) {
        const source = await part.open();
        reader = new SegmentReader(source, part.name, notice);
        const header = await reader.header();
        try {
          checkSameWiki(parseSiteInfo(header, part.fileName), siteinfo, part.name, parts[0]?.name);
        } catch (error) {
          await source.return();
          throw error;
        }
      }
      for await (const segment of reader.segments()) {
        any = true;
        yield segment;
      }
    } catch (error) {
      if (!(allowTruncated && error instanceof TruncatedInputError)) throw error;
    }
  }
  if (!any) {
    const names = parts.map(({ name }) => name).join(", ");
    throw new UserError(`${names}: a dump without any page: take one whose name has pages-articles`);
  }
}

/** The parts of a dump have the same header; two wikis in one database would mix their titles. */
function checkSameWiki(part: SiteInfo, first: SiteInfo, name: string, firstName = ""): void {
  const differs = (a: string, b: string): boolean => a !== "" && b !== "" && a !== b;
  if (differs(part.dbname, first.dbname) || differs(part.base, first.base)) {
    throw new UserError(
      `${name}: of another wiki (${part.dbname || part.base}) than ${firstName} (${
        first.dbname || first.base
      }): give the parts of one dump`,
    );
  }
}

async function* pagesOf(
  segments: AsyncGenerator<DumpSegment, void, void>,
  siteinfo: SiteInfo,
): AsyncGenerator<DumpPage, void, void> {
  const parser = new DumpPageParser(siteinfo);
  for await (const segment of segments) yield* parser.parse(segment);
}
