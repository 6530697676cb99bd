import { Command } from "commander";
import { entityVocabFacts, entityVocabFactsLines } from "../entity_vocab_facts.ts";
import { wholeNumber } from "../option_values.ts";
import { ProgressLine } from "../progress.ts";
import type { Reporter } from "../stage.ts";

interface Options {
  readonly db?: string;
  readonly language?: string;
  readonly top: number;
  readonly json?: true;
}

/** `entity-vocab-info`: what is in an entity vocabulary. */
export function entityVocabInfoCommand(reporter: Reporter): Command {
  return new Command("entity-vocab-info")
    .summary("print what is in an entity vocabulary")
    .description(
      "Prints size, languages, special and most linked entities, and how much of a database's links it holds.",
    )
    .argument("<FILE>", "entity vocabulary (.jsonl, .tsv, .json) or a directory that holds one")
    .option("--db <file>", "page database whose links to look up")
    .option("--language <code>", "language in which they are looked up (default: the database's)")
    .option("--top <n>", "entities to list", wholeNumber(0), 10)
    .option("--json", "print JSON")
    .action(async (path: string, options: Options) => {
      const { json, ...rest } = options;
      const line = new ProgressLine(reporter.progress, "links", "pages");
      const facts = await entityVocabFacts(path, path, {
        ...rest,
        progress: (done, total) => line.update(done, total),
      }).finally(() => line.clear());
      if (json) reporter.line(JSON.stringify(facts, null, 1));
      else for (const text of entityVocabFactsLines(facts)) reporter.line(text);
    });
}
