import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { Command } from "commander";
import { describeDumpFiles, DumpDB, UserError } from "@lukeforge/corpus";
import { dumpDBStage } from "../corpus_stages.ts";
import { languageCode, wholeNumber } from "../option_values.ts";
import { type Reporter, runStage } from "../stage.ts";

interface Options {
  readonly language?: string;
  readonly allowTruncated?: true;
  readonly includeCaptions?: true;
  readonly templateTexts?: string;
  readonly workers?: number;
  readonly poolSize?: number;
  readonly chunkSize?: number;
}

/** `build-dump-db`: dump → page database. */
export function buildDumpDBCommand(reporter: Reporter): Command {
  return new Command("build-dump-db")
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
    .option("--allow-truncated", "keep the pages before the cut of a dump that is cut off")
    .option("--include-captions", "the captions of pictures as paragraphs of their own")
    .option("--template-texts <file>", "what more templates show: lines as `$2 <- lang | langx`")
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
      const { language, allowTruncated, includeCaptions, templateTexts } = options;
      const workers = options.workers ?? options.poolSize;
      const missing = dumps.find((path) => path !== "-" && !existsSync(path));
      if (missing !== undefined) {
        throw new UserError(
          `${missing}: no such file; check the path, or download a pages-articles dump from https://dumps.wikimedia.org`,
        );
      }
      checkExisting(output, dumps, language);
      await runStage(
        dumpDBStage(dumps, output, {
          ...(language !== undefined && { language }),
          ...(allowTruncated && { allowTruncated }),
          ...(includeCaptions && { includeCaptions }),
          ...(templateTexts !== undefined && { templateTexts: readTable(templateTexts) }),
          ...(workers !== undefined && { workers }),
          notice: (line) => reporter.line(line),
        }),
        reporter,
      );
    });
}

function readTable(file: string): { table: string; file: string } {
  try {
    return { table: readFileSync(file, "utf8"), file };
  } catch {
    throw new UserError(`${file}: cannot be read: give a text file of lines such as \`$2 <- lang | langx\``);
  }
}

/** An output that exists must be the database of this dump. */
function checkExisting(output: string, dumps: readonly string[], language: string | undefined): void {
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
  if (isSame) return;
  const names = dumps.map((path) => path === "-" ? "standard input" : basename(path)).join(", ");
  throw new UserError(
    `${output}: exists already and is not the database of ${names}${
      language === undefined ? "" : ` in language ${language}`
    }; remove it or name another output file`,
  );
}
