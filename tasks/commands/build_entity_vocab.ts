import { readFileSync, statSync } from "node:fs";
import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { entityVocabStage } from "../corpus_stages.ts";
import { runOrCompare } from "../existing_output.ts";
import { numberBetween, repeated, wholeNumber } from "../option_values.ts";
import { POOL_OPTIONS, type PoolOptions } from "../pool_options.ts";
import type { Reporter } from "../stage.ts";

interface Options extends PoolOptions {
  readonly vocabSize: number;
  readonly minCount: number;
  readonly whiteList?: readonly string[];
  readonly whiteListOnly?: true;
  readonly language?: string;
  readonly heldOutFraction: number;
}

/** `build-entity-vocab`: page database → entity vocabulary. */
export function buildEntityVocabCommand(reporter: Reporter): Command {
  const command = new Command("build-entity-vocab")
    .summary("page database -> entity vocabulary")
    .description("Counts links and keeps the most linked pages as entities.")
    .argument("<DUMP_DB>", "page database of build-dump-db")
    .argument("<OUT_FILE>", "entity vocabulary, .jsonl")
    .option("--vocab-size <n>", "entities at most, the 3 special ones included", wholeNumber(4), 1_000_000)
    .option("--min-count <n>", "links that an entity needs", wholeNumber(0), 0)
    .option("-w, --white-list <file>", "titles that come first, one a line; may be repeated", repeated)
    .option("--white-list-only", "only titles of the white lists")
    .option("--language <code>", "language written into the entries (default: the database's)")
    .option(
      "--held-out-fraction <x>",
      "share of the pages, by title, whose links do not count",
      numberBetween(0, 0.99),
      0,
    );
  POOL_OPTIONS.addTo(command);
  return command.action(async (pagesDB: string, output: string, options: Options) => {
    POOL_OPTIONS.notice(options, reporter);
    if (!output.endsWith(".jsonl")) {
      throw new UserError(
        `${output}: the entity vocabulary is written as jsonl; give a name that ends in .jsonl`,
      );
    }
    const { vocabSize, minCount, heldOutFraction, language, whiteListOnly } = options;
    const stage = (path: string) =>
      entityVocabStage(pagesDB, path, {
        vocabSize,
        minCount,
        heldOutFraction,
        ...(language !== undefined && { language }),
        ...(whiteListOnly && { whiteListOnly }),
        ...(options.whiteList && { whiteList: options.whiteList.flatMap(readLines) }),
      });
    await runOrCompare(output, stage, (a, b) => readFileSync(a).equals(readFileSync(b)), reporter);
  });
}

function readLines(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new UserError(`--white-list ${path}: no such file; check the path`);
  }
  return readFileSync(path, "utf8").split(/\r?\n/);
}
