import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import {
  byteLevelWordCounts,
  openTokenizer,
  type SpecialTokenLayout,
  specialTokenLayoutOf,
  type Tokenizer,
  tokenizerFromJson,
  trainByteLevelBpe,
  trainingTexts,
  trainWordPiece,
  type WordCounts,
  wordPieceWordCounts,
} from "@lukeforge/vocab";
import { pageFilter, type PageSplit, saveTokenizerDirectory } from "./corpus_stages.ts";
import { type ProgressCallback, quantity } from "./progress.ts";
import type { Stage } from "./stage.ts";

/** The kinds of tokenizers that are trained. */
export const TOKENIZER_TYPES = ["wordpiece", "bpe"] as const;

/** How {@linkcode trainedTokenizerStage} trains. */
export interface TokenizerTraining {
  /** Which kind. */
  readonly type: typeof TOKENIZER_TYPES[number];
  /** Tokens, special ones included. */
  readonly vocabSize: number;
  /** Which pages of page databases are read. Default: all. */
  readonly split?: PageSplit;
  /** Tokenizer whose special tokens and their ids are taken over: a directory or a file. */
  readonly specialTokensFrom?: string;
  /** Occurrences that a pair needs to be merged. */
  readonly minFrequency?: number;
  /** Distinct characters kept; not for `bpe`. */
  readonly limitAlphabet?: number;
  /** Lower case without accents; only for `wordpiece`. */
  readonly lowercase?: boolean;
}

/** Page databases, texts, JSON lines → tokenizer directory, by training. Only word counts are held in memory. */
export function trainedTokenizerStage(
  sources: readonly string[],
  output: string,
  training: TokenizerTraining,
): Stage {
  return {
    name: "tokenizer",
    unit: "tokens",
    output,
    async make(progress) {
      const { specialTokensFrom } = training;
      const layout = specialTokensFrom === undefined
        ? undefined
        : specialTokenLayoutOf(await openTokenizer(specialTokensFrom));
      const words = newWordCounts(training);
      await countWords(sources, training.split, words, (note) => progress(0, training.vocabSize, note));
      const tokenizer = trained(words, training, layout, progress);
      mkdirSync(dirname(output), { recursive: true });
      saveTokenizerDirectory(tokenizer, output);
      const pieces = training.type === "wordpiece" ? "word pieces" : "tokens";
      return `${quantity(tokenizer.vocabSize)} ${pieces}`;
    },
  };
}

/** Counts the words of all sources. */
async function countWords(
  sources: readonly string[],
  split: PageSplit | undefined,
  words: WordCounts,
  report: (note: string) => void,
): Promise<void> {
  const filter = split && pageFilter(split);
  const sizes = sources.map((source) => statSync(source, { throwIfNoEntry: false })?.size ?? 0);
  const total = quantity(sizes.reduce((sum, size) => sum + size, 0) / 1e6);
  let before = 0;
  for (const source of sources) {
    let ofSource = 0;
    for await (const { texts, read, size } of trainingTexts(source, { pageFilter: filter })) {
      for (const text of texts) words.add(text);
      report(
        `${quantity((before + read) / 1e6)} of ${total} MB read, ${quantity(words.size)} different words`,
      );
      ofSource = size;
    }
    before += ofSource;
  }
}

function newWordCounts({ type, lowercase }: TokenizerTraining): WordCounts {
  return type === "bpe" ? byteLevelWordCounts() : wordPieceWordCounts(lowercase);
}

function trained(
  words: WordCounts,
  { type, vocabSize, minFrequency, limitAlphabet, lowercase }: TokenizerTraining,
  layout: SpecialTokenLayout | undefined,
  progress: ProgressCallback,
): Tokenizer {
  const options = {
    vocabSize,
    progress,
    ...(minFrequency !== undefined && { minFrequency }),
    ...(layout !== undefined && { layout }),
  };
  const settings = layout === undefined ? {} : { specials: layout.specials };
  if (type === "bpe") return tokenizerFromJson(trainByteLevelBpe(words, options), settings);
  const json = trainWordPiece(words, {
    ...options,
    ...(limitAlphabet !== undefined && { limitAlphabet }),
    ...(lowercase !== undefined && { lowercase }),
  });
  return tokenizerFromJson(json, settings);
}
