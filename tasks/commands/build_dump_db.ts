import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { Command } from "commander";
import { DumpDB, UserError } from "@lukeforge/corpus";
import { dumpDBStage } from "../corpus_stages.ts";
import { POOL_OPTIONS } from "../pool_options.ts";
import type { PoolOptions } from "../pool_options.ts";
import { type Reporter, runStage } from "../stage.ts";

interface Options extends PoolOptions {
  readonly language?: string;
  readonly allowTruncated?: true;
}

/** `build-dump-db`: dump → page database. */
export function buildDumpDBCommand(reporter: Reporter): Command {
  const command = new Command("build-dump-db")
    .summary("dump -> page database")
    .description(
      "Builds a page database from a MediaWiki dump: articles as paragraphs with links, and redirects.",
    )
    .argument("<DUMP_FILE>", "pages-articles dump: .xml, .xml.bz2")
    .argument("<OUT_FILE>", "page database (SQLite)")
    .option("--language <code>", "language (default: the dump's own)")
    .option("--allow-truncated", "keep the pages before the cut of a dump that is cut off");
  POOL_OPTIONS.addTo(command);
  return command.action(async (dump: string, output: string, options: Options) => {
    POOL_OPTIONS.notice(options, reporter);
    const { language, allowTruncated } = options;
    if (statSync(dump, { throwIfNoEntry: false }) === undefined) {
      throw new UserError(
        `${dump}: no such file; check the path, or download a pages-articles dump from https://dumps.wikimedia.org`,
      );
    }
    checkExisting(output, dump, language);
    await runStage(
      dumpDBStage(dump, output, {
        ...(language !== undefined && { language }),
        ...(allowTruncated && { allowTruncated }),
      }),
      reporter,
    );
  });
}

/** An output that exists must be the database of this dump. */
function checkExisting(output: string, dump: string, language: string | undefined): void {
  if (!existsSync(output)) return;
  let meta: DumpDB["meta"] = {};
  try {
    using db = DumpDB.open(output);
    meta = db.meta;
  } catch {
    // something else: told below
  }
  const isSame = meta["dump_file"] === basename(dump) &&
    (language === undefined || meta["language"] === language);
  if (isSame) return;
  throw new UserError(
    `${output}: exists already and is not the database of ${basename(dump)}${
      language === undefined ? "" : ` in language ${language}`
    }; remove it or name another output file`,
  );
}
