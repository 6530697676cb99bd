import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { datasetStage } from "../corpus_stages.ts";
import { runOrCompare } from "../existing_output.ts";
import { HUB_OPTIONS, type HubOptions } from "../hub/hub_options.ts";
import { numberBetween, oneOf, wholeNumber } from "../option_values.ts";
import { POOL_OPTIONS, type PoolOptions } from "../pool_options.ts";
import type { Reporter } from "../stage.ts";
import type { DatasetBuildOptions } from "@lukeforge/train";

interface Options extends PoolOptions, HubOptions, Omit<DatasetBuildOptions, "includeUnkEntities"> {
  readonly sentenceTokenizer?: string;
  readonly includeUnkEntities?: true;
  readonly skipUnkEntities?: true;
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
    .argument("<ENTITY_VOCAB>", "entity vocabulary, .jsonl or .tsv")
    .argument("<OUT_DIR>", "dataset directory")
    .option("--sentence-splitter <name>", "a locale or opennlp", "en")
    .option("--sentence-tokenizer <name>", "older name of --sentence-splitter")
    .option("--max-seq-length <n>", "words of an item, [CLS] and [SEP] included", wholeNumber(3), 512)
    .option("--max-entity-length <n>", "entities of an item", wholeNumber(1), 128)
    .option("--max-mention-length <n>", "words of a mention", wholeNumber(1), 30)
    .option("--min-sentence-length <n>", "shorter sentences are left out", wholeNumber(1), 5)
    .option("--include-sentences-without-entities", "keep sentences without entities")
    .option("--include-unk-entities", "keep links outside the vocabulary as [UNK]")
    .option("--skip-unk-entities", "leave links outside the vocabulary out (default)")
    .option("--max-num-documents <n>", "use so many pages, a random choice", wholeNumber(1))
    .option("--language <code>", "language of the titles in the vocabulary (default: the database's)")
    .option("--abstract-only", "only what stands before a page's first heading")
    .option("--predefined-entities-only", "only pages whose own title is in the vocabulary")
    .option("--seed <n>", "order of the pages", wholeNumber(0), 0)
    .option("--compat <program>", "luke: upstream's rules to the letter", oneOf(["luke"]))
    .option(
      "--held-out-fraction <x>",
      "share of the pages, by title, that is left out",
      numberBetween(0, 0.99),
      0,
    )
    .option("--held-out", "take the held-out pages instead of the others");
  HUB_OPTIONS.addTo(command);
  POOL_OPTIONS.addTo(command);
  return command.action(
    async (pagesDB: string, tokenizer: string, entityVocab: string, output: string, given: Options) => {
      POOL_OPTIONS.notice(given, reporter);
      const {
        heldOutFraction,
        heldOut = false,
        sentenceTokenizer,
        skipUnkEntities: _,
        revision,
        cacheDir,
        ...options
      } = given;
      const hub = {
        ...(revision !== undefined && { revision }),
        ...(cacheDir !== undefined && { cacheDir }),
      };
      const fetched = await HUB_OPTIONS.fetch(tokenizer, hub, reporter, "tokenizer");
      const settings = { ...options, ...(sentenceTokenizer && { sentenceSplitter: sentenceTokenizer }) };
      await runOrCompare(
        output,
        (path) =>
          datasetStage(
            { pagesDB, tokenizer: fetched.path, entityVocab },
            path,
            { heldOutFraction, heldOut },
            settings,
          ),
        sameDataset,
        reporter,
      );
    },
  );
}

/** Data sets of one input and one set of options have the same files; metadata and the first bytes of all tell. */
function sameDataset(a: string, b: string): boolean {
  for (const name of ["metadata.json", "entity_vocab.jsonl", "tokenizer.json", "shard-00000.bin"]) {
    const [x, y] = [join(a, name), join(b, name)];
    const [is, was] = [x, y].map((path) => statSync(path, { throwIfNoEntry: false })?.size);
    if (is === undefined || is !== was || !readFileSync(x).equals(readFileSync(y))) return false;
  }
  return true;
}
