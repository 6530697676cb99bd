import { statSync } from "node:fs";
import { cannotWrite, commitRename, syncFile } from "./atomic_file.ts";
import { describeDump } from "./dump_db_meta.ts";
import { type DumpDBCounts, DumpDBWriter } from "./dump_db_writer.ts";
import { inputName } from "./dump_bytes.ts";
import { openDump } from "./dump_reader.ts";
import { rowsInOrder } from "./dump_row_pool.ts";
import type { PageOptions } from "./dump_rows.ts";
import { UserError } from "./user_error.ts";

/** Options of {@link buildDumpDB}. */
export interface BuildDumpDBOptions extends PageOptions {
  /** Language code, instead of that of the dump's header. */
  language?: string;
  /** Keep the pages before the cut of a dump that is cut off, instead of failing. */
  allowTruncated?: boolean;
  /** Threads that parse wikitext, and as many that decode; the number of processors by default. With 1 the calling thread parses. */
  workers?: number;
  /** Called with the bytes of the dump files (compressed) read so far and their size, where it is known. */
  progress?: (done: number, total: number | undefined) => void;
  /** Called with a line for people about something doubtful in the dump. */
  notice?: (line: string) => void;
}

/** What a page database holds. */
export interface DumpDBSummary extends DumpDBCounts {
  /** Size of the file. */
  bytes: number;
}

/**
 * Builds the page database `outFile` from a dump, one file or its parts in order (`-` is standard input): the articles (namespace 0) with their paragraphs and links, and the
 * redirects. Where a title repeats, its last page counts. The same dump and options make the same bytes, whatever the number of
 * workers. Memory stays bounded whatever the size of the dump; the file appears under its name only when it is whole, and two
 * processes cannot build it at once.
 *
 * @throws {UserError} when the dump is missing, no dump, cut off, damaged, or without articles; or the output cannot be written.
 */
export async function buildDumpDB(
  dumpFiles: string | readonly string[],
  outFile: string,
  options: BuildDumpDBOptions = {},
): Promise<DumpDBSummary> {
  if (statSync(outFile, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(`${outFile}: is a directory: give the name of a file`);
  }
  const {
    workers = navigator.hardwareConcurrency,
    includeCaptions = false,
    includeTables = false,
    templateTexts,
    ...readerOptions
  } = options;
  const { siteinfo, segments } = await openDump(dumpFiles, { ...readerOptions, workers });
  const files = typeof dumpFiles === "string" ? [dumpFiles] : dumpFiles;
  const partial = `${outFile}.partial`;
  let writer: DumpDBWriter | undefined;
  try {
    writer = new DumpDBWriter(partial);
    writer.meta(describeDump(files, siteinfo, options));
    for await (
      const rows of rowsInOrder(segments, siteinfo, workers, {
        includeCaptions,
        includeTables,
        ...(templateTexts && { templateTexts }),
      })
    ) writer.write(rows);
    const { pages: articles, paragraphs } = writer.counts;
    const problem = articles === 0
      ? "no articles in it"
      : paragraphs === 0
      ? "no text in its articles"
      : undefined;
    if (problem !== undefined) {
      throw new UserError(
        `${
          files.map(inputName).join(", ")
        }: ${problem}: take a dump whose name has pages-articles, of a wiki that has some`,
      );
    }
    const counts = writer.finish();
    syncFile(partial);
    commitRename(partial, outFile);
    return { ...counts, bytes: statSync(outFile).size };
  } catch (error) {
    writer?.abandon();
    throw isSystemError(error) ? cannotWrite(outFile, error) : error;
  } finally {
    await segments.return();
  }
}

/** Whether SQLite or the file system refused; reading the dump reports its own failures as UserErrors. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    /^(?:E[A-Z\d]+|ERR_FS_\w+|ERR_SQLITE_ERROR)$/.test(String(error.code));
}
