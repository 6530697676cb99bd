import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { trainedTokenizerStage } from "../corpus_stages.ts";
import { runOrCompare } from "../existing_output.ts";
import { numberBetween, wholeNumber } from "../option_values.ts";
import type { Reporter } from "../stage.ts";

interface Options {
  readonly vocabSize: number;
  readonly minFrequency: number;
  readonly limitAlphabet: number;
  readonly lowercase?: true;
  readonly heldOutFraction: number;
}

/** `train-tokenizer`: page database → WordPiece tokenizer. */
export function trainTokenizerCommand(reporter: Reporter): Command {
  return new Command("train-tokenizer")
    .summary("page database -> WordPiece tokenizer")
    .description(
      "Trains a WordPiece tokenizer on the text of the pages; the directory opens in Hugging Face transformers.",
    )
    .argument("<DUMP_DB>", "page database of build-dump-db")
    .argument("<OUT_DIR>", "tokenizer directory")
    .option("--vocab-size <n>", "word pieces", wholeNumber(6), 30_000)
    .option("--min-frequency <n>", "occurrences that a pair needs to be merged", wholeNumber(1), 2)
    .option("--limit-alphabet <n>", "distinct characters kept", wholeNumber(1), 1000)
    .option("--lowercase", "lower-case the text and strip accents")
    .option(
      "--held-out-fraction <x>",
      "share of the pages, by title, that is left out",
      numberBetween(0, 0.99),
      0,
    )
    .action(async (pagesDB: string, output: string, options: Options) => {
      const { heldOutFraction, vocabSize, minFrequency, limitAlphabet, lowercase = false } = options;
      const training = { vocabSize, minFrequency, limitAlphabet, lowercase };
      await runOrCompare(
        output,
        (path) => trainedTokenizerStage(pagesDB, path, { heldOutFraction }, training),
        sameTokenizer,
        reporter,
      );
    });
}

function sameTokenizer(a: string, b: string): boolean {
  const [x, y] = [join(a, "tokenizer.json"), join(b, "tokenizer.json")];
  return statSync(x, { throwIfNoEntry: false })?.isFile() === true && readFileSync(x).equals(readFileSync(y));
}
