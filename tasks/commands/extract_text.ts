import { closeSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { Command } from "commander";
import { type BuildDumpDBOptions, DumpDB, UserError } from "@lukeforge/corpus";
import { openSentenceSplitter, type SentenceSplitter } from "@lukeforge/train";
import { dumpDBStage } from "../corpus_stages.ts";
import { extractText } from "../extraction/extract_text.ts";
import { OutputFiles, type OutputNames } from "../extraction/output_files.ts";
import { type Format, FORMATS } from "../extraction/page_formats.ts";
import { type PageSplit, seededSplit, splitShares, WHOLE } from "../extraction/page_split.ts";
import { byteCount, languageCode, oneOf, wholeNumber } from "../option_values.ts";
import { PAGE_OPTIONS, type PageOptions } from "../page_options.ts";
import { optionOf } from "../name_case.ts";
import { quantity } from "../progress.ts";
import { type Reporter, runStage, type Stage } from "../stage.ts";

interface Options extends PageOptions {
  readonly format: Format;
  readonly split?: readonly number[];
  readonly seed: number;
  readonly maxFileSize?: number;
  readonly gzip?: true;
  readonly titles?: true;
  readonly includeHeadings?: true;
  readonly json?: true;
  readonly minTextLength: number;
  readonly language?: string;
  readonly allowTruncated?: true;
  readonly workers?: number;
}

/** WikiExtractor's files have a megabyte unless told. */
const WIKI_EXTRACTOR_FILE = 1 << 20;

/** `extract-text`: page database or dump → text files. */
export function extractTextCommand(reporter: Reporter): Command {
  const command = new Command("extract-text")
    .summary("page database or dump -> text: jsonl, text, sentences, wikiextractor")
    .description("Writes the articles of a page database, or of a dump, as text.")
    .usage("[options] DUMP_OR_DB... OUT")
    .argument(
      "<FILES...>",
      "page database of build-dump-db, or a dump (.xml, .xml.bz2, .xml.gz; its parts in order; - is standard input); " +
        "then the file to write, for wikiextractor also a directory (a name without extension)",
    )
    .option("--format <name>", `${FORMATS.join(", ")}`, oneOf(FORMATS), "text")
    .option("--split <shares>", "files of their own for shares of the pages, by title: 0.8/0.2", splitShares)
    .option("--seed <n>", "seed of the split", wholeNumber(0), 0)
    .option(
      "--max-file-size <bytes>",
      "several files of at most so much before compression: 100MB",
      byteCount,
    )
    .option("--gzip", "compress the files")
    .option("--titles", "text, sentences: the title before the text of a page")
    .option("--include-headings", "headings that have text under them")
    .option("--json", "wikiextractor: JSON lines instead of <doc> elements")
    .option("--min-text-length <n>", "leave out pages with fewer characters", wholeNumber(0), 0)
    .option(
      "--language <code>",
      "language of the sentences and of the dump (default: the dump's own)",
      languageCode,
    )
    .option("--allow-truncated", "keep the pages before the cut of a dump that is cut off");
  return PAGE_OPTIONS.addTo(command)
    .option("--workers <n>", "threads that parse a dump (default: all cores)", wholeNumber(1))
    .action(async (files: readonly string[], options: Options) => {
      const inputs = files.slice(0, -1);
      const output = files.at(-1);
      if (output === undefined || inputs.length === 0) {
        throw new UserError(
          "give a page database or a dump, and the file to write: extract-text DUMP_OR_DB OUT",
        );
      }
      if (options.json && options.format !== "wikiextractor") {
        throw new UserError("--json belongs to --format wikiextractor; --format jsonl has links, too");
      }
      const database = inputs.find(isDatabase);
      if (database !== undefined) checkDatabase(database, inputs, options);
      if (options.format === "sentences" && options.language !== undefined) {
        openSentenceSplitter(options.language); // a wrong one shows before the work
      }
      const dump = dumpOptions(options); // a wrong table of templates, too
      const texts = new OutputFiles(outputNames(output, options));
      try {
        const pagesDB = database ?? join(texts.staging, "pages.db");
        if (database === undefined) await runStage(dumpDBStage(inputs, pagesDB, dump), reporter);
        await runStage(textStage(pagesDB, texts, output, options), reporter);
        if (database === undefined) rmSync(pagesDB);
        for (const path of texts.commit()) reporter.line(path);
      } catch (error) {
        texts.abandon();
        throw error;
      }
    });
}

/** Whether the file at `path` is SQLite's. */
function isDatabase(path: string): boolean {
  if (path === "-") return false;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new UserError(`${path}: no such file: give a page database of build-dump-db, or a dump`);
  }
  if (!stat.isFile()) return false; // a pipe, or what the dump's reader refuses
  const magic = new Uint8Array(16);
  const handle = openSync(path, "r");
  try {
    readSync(handle, magic);
  } finally {
    closeSync(handle);
  }
  return new TextDecoder().decode(magic) === "SQLite format 3\0";
}

/** A database stands alone, and what is text in it was settled when it was built. */
function checkDatabase(database: string, inputs: readonly string[], options: Options): void {
  if (inputs.length > 1) {
    throw new UserError(`${database}: a page database, and ${inputs.length - 1} more inputs: give it alone`);
  }
  const settled = (["includeCaptions", "includeTables", "templateTexts"] as const).find((name) =>
    options[name] !== undefined
  );
  if (settled !== undefined) {
    throw new UserError(
      `${optionOf(settled)}: is settled in the page database ${database}; leave it out, or give the dump`,
    );
  }
}

function outputNames(output: string, { format, split, maxFileSize, gzip }: Options): OutputNames {
  const isDirectory = /[/\\]$/.test(output) || (format === "wikiextractor" && extname(output) === "");
  const limit = maxFileSize ?? (isDirectory ? WIKI_EXTRACTOR_FILE : undefined);
  if (isDirectory && format !== "wikiextractor") {
    throw new UserError(`${output}: a directory: give the name of a file (a directory is for wikiextractor)`);
  }
  return {
    output,
    isDirectory,
    parts: splitOf(split, 0).names,
    ...(limit !== undefined && { maxFileSize: limit }),
    gzip: gzip ?? output.endsWith(".gz"),
  };
}

function splitOf(shares: readonly number[] | undefined, seed: number): PageSplit {
  return shares === undefined ? WHOLE : seededSplit(shares, seed);
}

function dumpOptions(options: Options): BuildDumpDBOptions {
  const { language, allowTruncated, workers } = options;
  return {
    ...PAGE_OPTIONS.parsedBy(options),
    ...(language !== undefined && { language }),
    ...(allowTruncated && { allowTruncated }),
    ...(workers !== undefined && { workers }),
  };
}

function textStage(pagesDB: string, files: OutputFiles, output: string, options: Options): Stage {
  return {
    name: "text",
    unit: "pages",
    output,
    make(progress) {
      using db = DumpDB.open(pagesDB);
      const split = splitOf(options.split, options.seed);
      const counts = extractText(db, files, {
        format: options.format,
        split,
        minTextLength: options.minTextLength,
        titles: options.titles ?? false,
        includeHeadings: options.includeHeadings ?? false,
        json: options.json ?? false,
        splitter: splitterFor(options.language ?? db.meta["language"] ?? ""),
        baseUrl: baseUrl(db),
      }, progress);
      const shares = counts.map((count, part) => `${quantity(count)} ${split.names[part] ?? ""}`.trim());
      return `${shares.join(", ")} pages`;
    },
  };
}

/** The splitter of a wiki's language; by the rules of Unicode alone where that is no locale (`zh-classical`). */
function splitterFor(language: string): SentenceSplitter {
  try {
    return openSentenceSplitter(language);
  } catch {
    return openSentenceSplitter("und");
  }
}

/** The folder of the wiki's main page, as WikiExtractor takes it. */
function baseUrl({ meta }: DumpDB): string {
  const { base }: { base?: string } = JSON.parse(meta["siteinfo"] ?? "{}");
  const main = base === undefined || base === "" ? `https://${meta["language"]}.wikipedia.org/wiki/` : base;
  return main.slice(0, main.lastIndexOf("/"));
}
