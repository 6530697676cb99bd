import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { runOrCompare } from "../existing_output.ts";
import { HUB_OPTIONS, type HubOptions } from "../hub/hub_options.ts";
import { numberBetween, oneOf, wholeNumber } from "../option_values.ts";
import type { Reporter } from "../stage.ts";
import { TOKENIZER_TYPES, trainedTokenizerStage } from "../tokenizer_stage.ts";

interface Options extends HubOptions {
  readonly type: typeof TOKENIZER_TYPES[number];
  readonly vocabSize: number;
  readonly specialTokensFrom?: string;
  readonly minFrequency?: number;
  readonly limitAlphabet?: number;
  readonly lowercase?: true;
  readonly seedSize?: number;
  readonly shrinkingFactor?: number;
  readonly maxPieceLength?: number;
  readonly heldOutFraction: number;
}

/** `train-tokenizer`: page databases, texts, JSON lines → tokenizer. */
export function trainTokenizerCommand(reporter: Reporter): Command {
  const command = new Command("train-tokenizer")
    .summary("page database, text or JSON lines -> tokenizer")
    .usage("[options] <SOURCE...> <OUT_DIR>")
    .description(
      "Trains a tokenizer on the text of page databases, of text files (a text a line) and of JSON lines " +
        '({"text": …}, or extract-text\'s); the directory OUT_DIR opens in Hugging Face transformers.',
    )
    .argument("<PATHS...>", "sources, and last the tokenizer directory")
    .option("--type <type>", TOKENIZER_TYPES.join(", "), oneOf(TOKENIZER_TYPES), "wordpiece")
    .option("--vocab-size <n>", "tokens, special ones included", wholeNumber(6), 30_000)
    .option(
      "--special-tokens-from <tokenizer>",
      "take over the special tokens of a tokenizer, with their ids",
    )
    .option(
      "--min-frequency <n>",
      "not unigram: occurrences that a pair needs to be merged (default: 2)",
      wholeNumber(1),
    )
    .option("--limit-alphabet <n>", "not bpe: distinct characters kept (default: 1000)", wholeNumber(1))
    .option("--lowercase", "wordpiece: lower-case the text and strip accents")
    .option("--seed-size <n>", "unigram: pieces to start from (default: 1000000)", wholeNumber(1))
    .option(
      "--shrinking-factor <x>",
      "unigram: share of the pieces that each round leaves (default: 0.75)",
      numberBetween(0.01, 0.99),
    )
    .option("--max-piece-length <n>", "unigram: characters of a piece at most (default: 16)", wholeNumber(1))
    .option(
      "--held-out-fraction <x>",
      "share of the pages of page databases, by title, that is left out",
      numberBetween(0, 0.99),
      0,
    );
  HUB_OPTIONS.addTo(command);
  return command.action(async (paths: readonly string[], options: Options) => {
    const sources = paths.slice(0, -1);
    const output = paths.at(-1);
    if (output === undefined || sources.length === 0) {
      throw new UserError(
        `${output ?? "train-tokenizer"}: name the sources and, last, the directory to write`,
      );
    }
    refuse(options, MEANINGLESS[options.type]);
    const { heldOutFraction, specialTokensFrom, revision, cacheDir, ...training } = options;
    const hub = { ...(revision !== undefined && { revision }), ...(cacheDir !== undefined && { cacheDir }) };
    const like = specialTokensFrom === undefined
      ? undefined
      : await HUB_OPTIONS.fetch(specialTokensFrom, hub, reporter, "tokenizer");
    await runOrCompare(
      output,
      (path) =>
        trainedTokenizerStage(sources, path, {
          ...training,
          ...(like !== undefined && { specialTokensFrom: like.path }),
          split: { heldOutFraction },
        }),
      sameTokenizer,
      reporter,
    );
  });
}

const UNIGRAM_ONLY = ["seedSize", "shrinkingFactor", "maxPieceLength"] as const;
const MEANINGLESS: Readonly<Record<Options["type"], readonly (keyof Options)[]>> = {
  wordpiece: UNIGRAM_ONLY,
  bpe: ["limitAlphabet", "lowercase", ...UNIGRAM_ONLY],
  unigram: ["minFrequency", "lowercase"],
};

/** Options that mean nothing for a kind of tokenizer. */
function refuse(options: Options, names: readonly (keyof Options)[]): void {
  for (const name of names) {
    if (options[name] === undefined) continue;
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UserError(`--${flag}: has no meaning with --type ${options.type}; leave it out`);
  }
}

function sameTokenizer(a: string, b: string): boolean {
  const [x, y] = [join(a, "tokenizer.json"), join(b, "tokenizer.json")];
  return statSync(x, { throwIfNoEntry: false })?.isFile() === true && readFileSync(x).equals(readFileSync(y));
}
