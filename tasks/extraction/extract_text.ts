import type { DumpDB, WikiPage } from "@lukeforge/corpus";
import type { ProgressCallback } from "../progress.ts";
import type { OutputFiles } from "./output_files.ts";
import { type Format, formatPage, type PageFormatOptions } from "./page_formats.ts";
import type { PageSplit } from "./page_split.ts";

/** What is extracted, and how. */
export interface ExtractionOptions extends PageFormatOptions {
  readonly format: Format;
  readonly split: PageSplit;
  /** Pages whose paragraphs have fewer characters (code points) together are left out. */
  readonly minTextLength: number;
}

/** How many pages each part got. */
export type ExtractionCounts = readonly number[];

/** Writes the pages of a database into files, one page at a time. Does not commit. */
export function extractText(
  db: DumpDB,
  files: OutputFiles,
  { format, split, minTextLength, ...options }: ExtractionOptions,
  progress: ProgressCallback,
): ExtractionCounts {
  const counts = split.names.map(() => 0);
  if (format === "jsonl") split.names.forEach((_, part) => writeHeader(db, files, part));
  let done = 0;
  for (const page of db.pages()) {
    if (minTextLength === 0 || textLength(page) >= minTextLength) {
      const record = formatPage(page, format, options);
      if (record !== "") {
        const part = split.partOf(page.title);
        files.write(part, record);
        counts[part] = (counts[part] ?? 0) + 1;
      }
    }
    if (++done % 100 === 0) progress(done, db.pageCount);
  }
  return counts;
}

/** The first line of `jsonl`: the language, how many articles the database has, and its redirects, one step each. */
function writeHeader(db: DumpDB, files: OutputFiles, part: number): void {
  const language = db.meta["language"] ?? "";
  files.write(part, `{"language":${JSON.stringify(language)},"pages":${db.pageCount},"redirects":{`);
  let comma = "";
  for (const [source, target] of db.redirects()) {
    files.continue(part, `${comma}${JSON.stringify(source)}:${JSON.stringify(target)}`);
    comma = ",";
  }
  files.continue(part, "}}\n");
}

function textLength({ paragraphs }: WikiPage): number {
  let length = 0;
  for (const { text } of paragraphs) {
    length += text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0);
  }
  return length;
}
