import { basename } from "node:path";
import config from "./deno.json" with { type: "json" };
import { inputSize, STANDARD_INPUT } from "./dump_bytes.ts";
import { FORMAT } from "./dump_db_schema.ts";
import type { PageOptions } from "./dump_rows.ts";
import { NAMESPACE, Namespaces } from "./namespaces.ts";
import type { SiteInfo } from "./siteinfo.ts";

/** The options of a build that its result depends on. */
export interface RecordedOptions extends PageOptions {
  readonly language?: string;
  readonly allowTruncated?: boolean;
}

/**
 * What the `meta` table says about the dump and how it was read. Nothing in it depends on the time or the place of the build, so that
 * the same dump makes the same file.
 */
export function describeDump(
  dumpFiles: readonly string[],
  siteinfo: SiteInfo,
  { language, allowTruncated, includeCaptions, includeTables, templateTexts }: RecordedOptions,
): Record<string, string> {
  const namespaces = new Namespaces(siteinfo.namespaces, siteinfo.language);
  const files = describeDumpFiles(dumpFiles);
  const names = files.map(({ name }) => name).join(" ");
  const date = dateIn(names);
  return {
    format: FORMAT,
    lukeforge: config.version,
    language: siteinfo.language,
    dump_file: names,
    dump_files: JSON.stringify(files),
    ...(date !== undefined && { dump_date: date }),
    options: JSON.stringify({
      ...(language !== undefined && { language }),
      ...(allowTruncated && { allowTruncated }),
      ...(includeCaptions && { includeCaptions }),
      ...(includeTables && { includeTables }),
      ...(templateTexts && { templateTexts: templateTexts.table }),
    }),
    siteinfo: JSON.stringify(siteinfo),
    case: siteinfo.caseSensitive ? "case-sensitive" : "first-letter",
    namespaces: JSON.stringify(Object.fromEntries(siteinfo.namespaces)),
    category_namespaces: JSON.stringify(namespaces.namesOf(NAMESPACE.category)),
    file_namespaces: JSON.stringify(namespaces.namesOf(NAMESPACE.file)),
  };
}

/** A file of a dump, as `dump_files` in `meta` has it. */
export interface DumpFileRecord {
  /** Without its folders; `-` for standard input. */
  readonly name: string;
  /** Null where it cannot be known before reading. */
  readonly bytes: number | null;
}

/** What `meta` records of the files of a dump. */
export function describeDumpFiles(paths: readonly string[]): DumpFileRecord[] {
  return paths.map((path) => ({
    name: path === STANDARD_INPUT ? path : basename(path),
    bytes: inputSize(path) ?? null,
  }));
}

/** The date that names of Wikimedia's dumps have, `iswiki-20220101-pages-articles`, as 2022-01-01. */
function dateIn(name: string): string | undefined {
  return /-(20\d\d)([01]\d)([0-3]\d)-/.exec(name)?.slice(1).join("-");
}
