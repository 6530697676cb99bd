import { Command } from "commander";
import { DATASET_OPTIONS, type DatasetOptions } from "../dataset_options.ts";
import { FILE_DATASET, type FileDatasetOptions } from "../file_dataset.ts";
import type { Reporter } from "../stage.ts";

/** `build-dataset-from-text`: texts, tokenizer → dataset of words alone, for masked language models without entities. */
export function buildDatasetFromTextCommand(reporter: Reporter): Command {
  const command = new Command("build-dataset-from-text")
    .summary("text files or JSON lines -> dataset of words alone")
    .description(
      "Cuts documents into items of words, for masked language models without entities. Text files have a paragraph a line, and " +
        'blank lines between documents; JSON lines (.jsonl) have a "text" each; files may be gzipped.',
    );
  FILE_DATASET.addTo(command).option(
    "--entity-vocab <file>",
    "entity vocabulary of data sets that training takes together with this one",
  );
  DATASET_OPTIONS.addTo(command, false);
  return command.action((paths: readonly string[], given: DatasetOptions & FileDatasetOptions) =>
    FILE_DATASET.build(paths, given, false, DATASET_OPTIONS.buildOptions(given, reporter), reporter)
  );
}
