import { existsSync } from "node:fs";
import { basename } from "node:path";
import { Command } from "commander";
import {
  describeDumpFiles,
  DumpDB,
  type PageOptions as ParsedPageOptions,
  UserError,
} from "@lukeforge/corpus";
import { dumpDBStage } from "../corpus_stages.ts";
import { languageCode, wholeNumber } from "../option_values.ts";
import { PAGE_OPTIONS, type PageOptions } from "../page_options.ts";
import { type Reporter, runStage } from "../stage.ts";

interface Options extends PageOptions {
  readonly language?: string;
  readonly allowTruncated?: true;
  readonly workers?: number;
  readonly poolSize?: number;
  readonly chunkSize?: number;
}

/** `build-dump-db`: dump → page database. */
export function buildDumpDBCommand(reporter: Reporter): Command {
  const command = new Command("build-dump-db")
    .summary("dump -> page database")
    .description(
      "Builds a page database from a MediaWiki dump: articles as paragraphs with links, and redirects.",
    )
    .usage("[options] DUMP_FILE... OUT_FILE")
    .argument(
      "<FILES...>",
      "pages-articles dump (.xml, .xml.bz2, .xml.gz; its parts in order; - is standard input), then the page database",
    )
    .option("--language <code>", "language (default: the dump's own)", languageCode)
    .option("--allow-truncated", "keep the pages before the cut of a dump that is cut off");
  return PAGE_OPTIONS.addTo(command)
    .option("--workers <n>", "threads that parse wikitext (default: all cores); same result", wholeNumber(1))
    .option("--pool-size <n>", "upstream's name of --workers", wholeNumber(1))
    .option("--chunk-size <n>", "accepted, without effect", wholeNumber(1))
    .action(async (files: readonly string[], options: Options) => {
      const dumps = files.slice(0, -1);
      const output = files.at(-1);
      if (output === undefined || dumps.length === 0) {
        throw new UserError("give a dump and the page database to build: build-dump-db DUMP_FILE OUT_FILE");
      }
      if (options.chunkSize !== undefined) {
        reporter.line("--chunk-size has no effect: threads take pages by their size");
      }
      const { language, allowTruncated } = options;
      const workers = options.workers ?? options.poolSize;
      const missing = dumps.find((path) => path !== "-" && !existsSync(path));
      if (missing !== undefined) {
        throw new UserError(
          `${missing}: no such file; check the path, or download a pages-articles dump from https://dumps.wikimedia.org`,
        );
      }
      const text = PAGE_OPTIONS.parsedBy(options);
      checkExisting(output, dumps, language, text);
      await runStage(
        dumpDBStage(dumps, output, {
          ...(language !== undefined && { language }),
          ...(allowTruncated && { allowTruncated }),
          ...text,
          ...(workers !== undefined && { workers }),
          notice: (line) => reporter.line(line),
        }),
        reporter,
      );
    });
}

/** An output that exists must be the database of this dump, with the same of its text. */
function checkExisting(
  output: string,
  dumps: readonly string[],
  language: string | undefined,
  text: ParsedPageOptions,
): void {
  if (!existsSync(output)) return;
  let meta: DumpDB["meta"] = {};
  try {
    using db = DumpDB.open(output);
    meta = db.meta;
  } catch {
    // something else: told below
  }
  const isSame = !dumps.includes("-") && meta["dump_files"] === JSON.stringify(describeDumpFiles(dumps)) &&
    (language === undefined || meta["language"] === language);
  const built: Record<string, unknown> = JSON.parse(meta["options"] ?? "{}");
  const isSameText = built["includeCaptions"] === text.includeCaptions &&
    built["includeTables"] === text.includeTables && built["templateTexts"] === text.templateTexts?.table;
  if (isSame && !isSameText) {
    throw new UserError(
      `${output}: exists already and was built with other options about captions, tables or templates; remove it or name another output file`,
    );
  }
  if (isSame) return;
  const names = dumps.map((path) => path === "-" ? "standard input" : basename(path)).join(", ");
  throw new UserError(
    `${output}: exists already and is not the database of ${names}${
      language === undefined ? "" : ` in language ${language}`
    }; remove it or name another output file`,
  );
}
