import { Command } from "commander";
import { datasetStage } from "../corpus_stages.ts";
import { DATASET_OPTIONS, type DatasetOptions } from "../dataset_options.ts";
import { runOrCompare } from "../existing_output.ts";
import { HUB_OPTIONS, type HubOptions } from "../hub/hub_options.ts";
import { sameDataset } from "../made_dataset.ts";
import { numberBetween, wholeNumber } from "../option_values.ts";
import type { Reporter } from "../stage.ts";

interface Options extends DatasetOptions, HubOptions {
  readonly maxNumDocuments?: number;
  readonly language?: string;
  readonly abstractOnly?: true;
  readonly predefinedEntitiesOnly?: true;
  readonly seed: number;
  readonly heldOutFraction: number;
  readonly heldOut?: true;
}

/** `build-wikipedia-pretraining-dataset`: page database, tokenizer, entity vocabulary → dataset. */
export function buildWikipediaPretrainingDatasetCommand(reporter: Reporter): Command {
  const command = new Command("build-wikipedia-pretraining-dataset")
    .summary("page database, tokenizer, entity vocabulary -> dataset")
    .description("Cuts pages into items of words and entities for pretraining.")
    .argument("<DUMP_DB>", "page database of build-dump-db")
    .argument(
      "<TOKENIZER>",
      "tokenizer directory, tokenizer.json, vocab.txt or vocab.json, or a name of the model hub",
    )
    .argument("<ENTITY_VOCAB>", "entity vocabulary: .jsonl, .tsv or .json, or a model's directory")
    .argument("<OUT_DIR>", "dataset directory");
  DATASET_OPTIONS.addTo(command, true)
    .option("--max-num-documents <n>", "use so many pages, a random choice", wholeNumber(1))
    .option("--language <code>", "language of the titles in the vocabulary (default: the database's)")
    .option("--abstract-only", "only what stands before a page's first heading")
    .option("--predefined-entities-only", "only pages whose own title is in the vocabulary")
    .option("--seed <n>", "order of the pages", wholeNumber(0), 0)
    .option(
      "--held-out-fraction <x>",
      "share of the pages, by title, that is left out",
      numberBetween(0, 0.99),
      0,
    )
    .option("--held-out", "take the held-out pages instead of the others");
  HUB_OPTIONS.addTo(command);
  return command.action(
    async (pagesDB: string, tokenizer: string, entityVocab: string, output: string, given: Options) => {
      const { heldOutFraction, heldOut = false } = given;
      const { seed, maxNumDocuments, language, abstractOnly, predefinedEntitiesOnly } = given;
      const settings = {
        ...DATASET_OPTIONS.buildOptions(given, reporter),
        seed,
        abstractOnly: abstractOnly ?? false,
        predefinedEntitiesOnly: predefinedEntitiesOnly ?? false,
        ...(maxNumDocuments !== undefined && { maxNumDocuments }),
        ...(language !== undefined && { language }),
      };
      const fetched = await HUB_OPTIONS.fetch(tokenizer, given, reporter, "tokenizer");
      const inputs = { pagesDB, tokenizer: fetched.path, entityVocab };
      const split = { heldOutFraction, heldOut };
      await runOrCompare(
        output,
        (path) => datasetStage(inputs, path, split, settings),
        sameDataset,
        reporter,
      );
    },
  );
}
