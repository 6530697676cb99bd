import { statSync } from "node:fs";
import { basename } from "node:path";
import { cannotWrite, commitRename, syncFile } from "./atomic_file.ts";
import type { Bzip2Decoder } from "./bzip2.ts";
import { FORMAT } from "./dump_db.ts";
import { type DumpDBCounts, DumpDBWriter } from "./dump_db_writer.ts";
import { type Dump, openDump } from "./dump_reader.ts";
import { NAMESPACE, Namespaces } from "./namespaces.ts";
import type { SiteInfo } from "./siteinfo.ts";
import { normalizeTitle } from "./titles.ts";
import { UserError } from "./user_error.ts";
import { parseWikitext } from "./wikitext.ts";

/** Options of {@link buildDumpDB}. */
export interface BuildDumpDBOptions {
  /** Language code, instead of that of the dump's header. */
  language?: string;
  /** Keep the pages before the cut of a dump that is cut off, instead of failing. */
  allowTruncated?: boolean;
  /** Decoder for `.bz2` dumps. */
  decoder?: Bzip2Decoder;
  /** Called with the bytes of the dump file (compressed) read so far and its size. */
  progress?: (done: number, total: number | undefined) => void;
}

/** What a page database holds. */
export interface DumpDBSummary extends DumpDBCounts {
  /** Size of the file. */
  bytes: number;
}

/**
 * Builds the page database `outFile` from `dumpFile`: the articles (namespace 0) with their paragraphs and links, and the
 * redirects. Where a title repeats, its last page counts. Memory stays bounded whatever the size of the dump; the file appears under its
 * name only when it is whole, and two processes cannot build it at once.
 *
 * @throws {UserError} when the dump is missing, no dump, cut off, damaged, or without articles; or the output cannot be written.
 */
export async function buildDumpDB(
  dumpFile: string,
  outFile: string,
  options: BuildDumpDBOptions = {},
): Promise<DumpDBSummary> {
  if (statSync(outFile, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(`${outFile}: is a directory: give the name of a file`);
  }
  const dump = await openDump(dumpFile, options);
  const partial = `${outFile}.partial`;
  let writer: DumpDBWriter | undefined;
  try {
    writer = new DumpDBWriter(partial);
    await writePages(writer, dump, basename(dumpFile));
    const counts = writer.finish();
    const problem = counts.pages === 0 ? "no articles" : counts.paragraphs === 0 ? "no text" : undefined;
    if (problem !== undefined) {
      throw new UserError(`${dumpFile}: ${problem} in it: take a dump whose name has pages-articles`);
    }
    syncFile(partial);
    commitRename(partial, outFile);
    return { ...counts, bytes: statSync(outFile).size };
  } catch (error) {
    writer?.abandon();
    throw isSystemError(error) ? cannotWrite(outFile, error) : error;
  } finally {
    await dump.pages.return();
  }
}

async function writePages(writer: DumpDBWriter, { siteinfo, pages }: Dump, source: string): Promise<void> {
  const rules = { caseSensitive: siteinfo.caseSensitive, language: siteinfo.language };
  const namespaces = new Namespaces(siteinfo.namespaces, siteinfo.language);
  writer.meta(describe(siteinfo, namespaces, source));
  for await (const page of pages) {
    if (page.ns !== NAMESPACE.main) continue;
    if (page.redirect !== undefined) {
      writer.redirect(page.title, normalizeTitle(page.redirect, rules));
    } else {
      writer.page(page.title, parseWikitext(page.text, { ...rules, namespaces }));
    }
  }
}

/** Whether SQLite or the file system refused; reading the dump reports its own failures as UserErrors. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    /^(?:E[A-Z\d]+|ERR_FS_\w+|ERR_SQLITE_ERROR)$/.test(String(error.code));
}

function describe(siteinfo: SiteInfo, namespaces: Namespaces, dump_file: string): Record<string, string> {
  return {
    format: FORMAT,
    language: siteinfo.language,
    dump_file,
    case: siteinfo.caseSensitive ? "case-sensitive" : "first-letter",
    namespaces: JSON.stringify(Object.fromEntries(siteinfo.namespaces)),
    category_namespaces: JSON.stringify(namespaces.namesOf(NAMESPACE.category)),
    file_namespaces: JSON.stringify(namespaces.namesOf(NAMESPACE.file)),
  };
}
