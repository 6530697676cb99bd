import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import {
  byteLevelWordCounts,
  metaspaceWordCounts,
  openTokenizer,
  sentencePieceModel,
  type SpecialTokenLayout,
  specialTokenLayoutOf,
  type Tokenizer,
  tokenizerFromJson,
  trainByteLevelBpe,
  trainUnigram,
  trainWordPiece,
  UNIGRAM_LAYOUT,
  type UnigramTokenizerJson,
  type WordCounts,
  wordPieceWordCounts,
} from "@lukeforge/vocab";
import { pageFilter, type PageSplit, saveTokenizerDirectory } from "./corpus_stages.ts";
import { countCorpusWords } from "./corpus_words.ts";
import { type ProgressCallback, quantity } from "./progress.ts";
import type { Stage } from "./stage.ts";

/** The kinds of tokenizers that are trained. */
export const TOKENIZER_TYPES = ["wordpiece", "bpe", "unigram"] as const;

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
  /** Pieces that `unigram` starts from. */
  readonly seedSize?: number;
  /** Share of the pieces that each round of `unigram` leaves. */
  readonly shrinkingFactor?: number;
  /** Characters of a piece at most; only for `unigram`. */
  readonly maxPieceLength?: number;
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
      const filter = training.split && pageFilter(training.split);
      await countCorpusWords(sources, words, (note) => progress(0, training.vocabSize, note), filter);
      const tokenizer = trained(words, training, layout, progress);
      mkdirSync(dirname(output), { recursive: true });
      saveTokenizerDirectory(tokenizer, output);
      const pieces = training.type === "wordpiece" ? "word pieces" : "tokens";
      return `${quantity(tokenizer.vocabSize)} ${pieces}`;
    },
  };
}

function newWordCounts({ type, lowercase }: TokenizerTraining): WordCounts {
  if (type === "bpe") return byteLevelWordCounts();
  return type === "unigram" ? metaspaceWordCounts() : wordPieceWordCounts(lowercase);
}

function trained(
  words: WordCounts,
  training: TokenizerTraining,
  layout: SpecialTokenLayout | undefined,
  progress: ProgressCallback,
): Tokenizer {
  const { type, vocabSize } = training;
  const options = { ...defined(training), vocabSize, progress, ...(layout !== undefined && { layout }) };
  const settings = layout === undefined ? {} : { specials: layout.specials };
  if (type === "bpe") return tokenizerFromJson(trainByteLevelBpe(words, options), settings);
  if (type === "wordpiece") return tokenizerFromJson(trainWordPiece(words, options), settings);
  // Its progress is in rounds.
  const json = trainUnigram(words, {
    ...options,
    progress: (done, total) => progress(0, vocabSize, `round ${done} of about ${total ?? done}`),
  });
  return tokenizerFromJson(json, { ...settings, sentencePieceModel: xlmRobertaModel(json, layout) });
}

type TrainingOptions = Omit<TokenizerTraining, "type" | "split" | "specialTokensFrom" | "vocabSize">;

/** The options that were given. */
function defined(
  { type: _, split: __, specialTokensFrom: ___, ...options }: TokenizerTraining,
): TrainingOptions {
  return options;
}

/** The SentencePiece file, which has XLM-RoBERTa's special tokens and no others. */
function xlmRobertaModel(
  { model }: UnigramTokenizerJson,
  { first, last }: SpecialTokenLayout = UNIGRAM_LAYOUT,
): Uint8Array | undefined {
  const names = [...first, ...last].join(" ");
  return names === "<s> <pad> </s> <unk> <mask>" && last.length === 1
    ? sentencePieceModel(model.vocab.slice(4, -1))
    : undefined;
}
