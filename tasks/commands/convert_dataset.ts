import { Command } from "commander";
import { convertLukeDataset, readLukeDatasetMetadata } from "@lukeforge/train";
import { EntityVocab, openTokenizer, specialsFirst } from "@lukeforge/vocab";
import { duration, ProgressLine, quantity } from "../progress.ts";
import type { Reporter } from "../stage.ts";

interface Options {
  readonly tokenizer?: string;
  readonly entityVocab?: string;
}

/** `convert-dataset`: a dataset of LUKE's own builder → dataset. */
export function convertDatasetCommand(reporter: Reporter): Command {
  return new Command("convert-dataset")
    .summary("a dataset directory of LUKE's own builder (dataset.tf) -> dataset")
    .description(
      "Takes over a dataset that LUKE's own build-wikipedia-pretraining-dataset wrote: the same items in the same order. Special " +
        "entities become the first ids, if they are others (mLUKE's are).",
    )
    .argument(
      "<SOURCE>",
      "directory with dataset.tf, metadata.json, entity_vocab.jsonl or .tsv, and tokenizer files",
    )
    .argument("<OUT_DIR>", "dataset directory")
    .option("--tokenizer <path>", "tokenizer, where SOURCE has none")
    .option("--entity-vocab <file>", "entity vocabulary, where SOURCE has none")
    .action(async (source: string, output: string, options: Options) => {
      readLukeDatasetMetadata(source);
      const tokenizer = await openTokenizer(options.tokenizer ?? source);
      const { vocab, ids } = specialsFirst(EntityVocab.load(options.entityVocab ?? source));
      const line = new ProgressLine(reporter.progress, "dataset", "MB");
      const begun = performance.now();
      const totals = await convertLukeDataset(source, tokenizer, vocab, output, {
        entityIds: ids,
        progress: (done, total) => line.update(done / 1e6, total / 1e6),
      }).finally(() => line.clear());
      reporter.line(
        `${output}: ${quantity(totals.number_of_items)} items, ${quantity(totals.total_words)} words, ${
          quantity(totals.total_entities)
        } entities (${duration((performance.now() - begun) / 1000)})`,
      );
    });
}
