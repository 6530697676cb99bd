import { readFileSync } from "node:fs";
import { Command } from "commander";
import { DumpDB, UserError } from "@lukeforge/corpus";
import { entityVocabFormat, textLines } from "@lukeforge/vocab";
import { chosenEntities, entityVocabStage, type EntityVocabStageOptions } from "../corpus_stages.ts";
import { runOrCompare } from "../existing_output.ts";
import { numberBetween, repeated, wholeNumber } from "../option_values.ts";
import { ProgressLine } from "../progress.ts";
import type { Reporter } from "../stage.ts";

interface Options {
  readonly vocabSize: number;
  readonly minCount: number;
  readonly whiteList?: readonly string[];
  readonly whiteListOnly?: true;
  readonly language?: string;
  readonly heldOutFraction: number;
  readonly poolSize?: number;
  readonly chunkSize: number;
  readonly explain?: readonly string[];
}

/** `build-entity-vocab`: page database → entity vocabulary. */
export function buildEntityVocabCommand(reporter: Reporter): Command {
  return new Command("build-entity-vocab")
    .summary("page database -> entity vocabulary")
    .description("Counts links and keeps the most linked pages as entities.")
    .argument("<DUMP_DB>", "page database of build-dump-db")
    .argument(
      "[OUT_FILE]",
      "entity vocabulary: .jsonl, .tsv, or .json as Hugging Face's; not needed with --explain",
    )
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
    )
    .option("--pool-size <n>", "threads that count links (default: the number of cores)", wholeNumber(1))
    .option("--chunk-size <n>", "pages that a thread is given at a time", wholeNumber(1), 100)
    .option(
      "--explain <title>",
      "print why a title is in or out, and what redirects to it; may be repeated",
      repeated,
    )
    .action(async (pagesDB: string, output: string | undefined, options: Options) => {
      const { whiteList, ...rest } = options;
      const explanation: string[] = [];
      const stageOptions: EntityVocabStageOptions = {
        ...rest,
        ...(whiteList && { whiteList: whiteList.flatMap((path) => [...textLines(path)]) }),
        explained: (line) => explanation.push(line),
      };
      if (output === undefined) {
        if (options.explain === undefined) {
          throw new UserError("name the file to write, such as entity_vocab.jsonl");
        }
        await explainOnly(pagesDB, stageOptions, reporter);
      } else {
        const format = entityVocabFormat(output);
        const stage = (path: string) => entityVocabStage(pagesDB, path, { ...stageOptions, format });
        await runOrCompare(output, stage, (a, b) => readFileSync(a).equals(readFileSync(b)), reporter);
      }
      for (const line of explanation) reporter.line(line);
    });
}

async function explainOnly(
  pagesDB: string,
  options: EntityVocabStageOptions,
  reporter: Reporter,
): Promise<void> {
  const line = new ProgressLine(reporter.progress, "links", "pages");
  try {
    using db = DumpDB.open(pagesDB);
    await chosenEntities(db, pagesDB, options, (done, total) => line.update(done, total));
  } finally {
    line.clear();
  }
}
