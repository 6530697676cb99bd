import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { DATASET_OPTIONS, type DatasetOptions } from "../dataset_options.ts";
import { FILE_DATASET, type FileDatasetOptions } from "../file_dataset.ts";
import { wholeNumber } from "../option_values.ts";
import type { Reporter } from "../stage.ts";

type Options = DatasetOptions & FileDatasetOptions;

/** `build-dataset-from-jsonl`: JSON lines with mentions, tokenizer → dataset; no Wikipedia is needed. */
export function buildDatasetFromJsonlCommand(reporter: Reporter): Command {
  const command = new Command("build-dataset-from-jsonl")
    .summary("JSON lines with mentions of entities -> dataset")
    .description(
      'Cuts documents into items of words and entities. A document is a line {"id": …, "text": "…", "mentions": ' +
        '[{"start": 0, "end": 5, "entity": "…"}]}, offsets in characters (code points); files may be gzipped.',
    );
  FILE_DATASET.addTo(command)
    .option("--entity-vocab <file>", "entity vocabulary (default: made of the mentions)")
    .option(
      "--entity-vocab-size <n>",
      "a vocabulary of mentions: entities at most (default: 1000000)",
      wholeNumber(4),
    )
    .option(
      "--min-count <n>",
      "a vocabulary of mentions: mentions that an entity needs (default: 1)",
      wholeNumber(1),
    )
    .option("--language <code>", "language of the entities' titles (default: none)");
  DATASET_OPTIONS.addTo(command, true);
  return command.action(async (paths: readonly string[], given: Options) => {
    const { entityVocab, entityVocabSize, minCount } = given;
    if (entityVocab !== undefined && (entityVocabSize !== undefined || minCount !== undefined)) {
      const flag = minCount === undefined ? "--entity-vocab-size" : "--min-count";
      throw new UserError(`${flag}: has no meaning with --entity-vocab; leave one of them out`);
    }
    await FILE_DATASET.build(paths, given, true, DATASET_OPTIONS.buildOptions(given, reporter), reporter);
  });
}
