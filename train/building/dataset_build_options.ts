import { UserError } from "@lukeforge/corpus";
import type { SegmentTokenizerData } from "@lukeforge/vocab";
import type { SegmentTokenizer } from "./page_items.ts";
import { SHARD_BYTES } from "../dataset/write_dataset.ts";

/** The tokenizer of a data set; `Tokenizer` of `@lukeforge/vocab` is one. */
export interface DatasetTokenizer extends SegmentTokenizer {
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** Kind of network it goes with. */
  readonly modelType: "bert" | "roberta" | "xlm-roberta";
  /** What threads open in its place; where it has none, items are made in the calling thread. */
  segmentTokenizerData?(): SegmentTokenizerData;
  /** Writes the tokenizer's files into a directory, where `openTokenizer()` of `@lukeforge/vocab` finds the same tokenizer. */
  save(directory: string): void;
}

/** The entities of a data set; `EntityVocab` of `@lukeforge/vocab` is one. */
export interface DatasetEntityVocab {
  /** Number of ids. */
  readonly size: number;
  /** Id of `[UNK]`. */
  readonly unkId: number;
  /** Languages of the entries; `null`: not recorded. */
  readonly languages: ReadonlySet<string | null>;
  /** The id of a title in a language. */
  getId(title: string, language?: string | null): number | undefined;
  /** Writes the vocabulary as jsonl. */
  save(path: string): void;
}

/** Options of {@linkcode buildPretrainingDataset}: upstream's names and defaults. */
export interface DatasetBuildOptions {
  /** Longest item in words, `[CLS]` and `[SEP]` included. Default 512. */
  readonly maxSeqLength?: number;
  /** Most entities of an item. Default 128. */
  readonly maxEntityLength?: number;
  /** Most words of a mention. Default 30. */
  readonly maxMentionLength?: number;
  /** Shorter sentences are dropped. Default 5. */
  readonly minSentenceLength?: number;
  /** Keeps items without any entity; always so where the source has no mentions. */
  readonly includeSentencesWithoutEntities?: boolean;
  /** Keeps links outside the vocabulary as `[UNK]`. */
  readonly includeUnkEntities?: boolean;
  /** Language of the titles in the vocabulary. Default: the source's (with `compat` none, as upstream). */
  readonly language?: string | null;
  /** Only what stands before a page's first heading. */
  readonly abstractOnly?: boolean;
  /** Only pages whose own title is in the vocabulary. */
  readonly predefinedEntitiesOnly?: boolean;
  /** A locale, "icu" for that of the source's language, or "opennlp". Default "en". */
  readonly sentenceSplitter?: string;
  /** `"luke"`: upstream's rules to the letter, see `PageItemOptions` and `SentenceSplitterOptions`. */
  readonly compat?: "luke";
  /** Threads that make items; their number does not change the result. Default: the number of processors. */
  readonly workers?: number;
  /** Size at which a shard is closed, in bytes. Default 64 MiB. */
  readonly shardBytes?: number;
  /** What the source has handed out, and how much there is. */
  readonly progress?: (done: number, total: number | undefined) => void;
}

/** Options with their defaults. */
export type DatasetBuildSettings = Required<Omit<DatasetBuildOptions, "language" | "compat" | "progress">>;

/**
 * Fills in the defaults.
 *
 * @throws {UserError} when a number makes no sense.
 */
export function datasetBuildSettings(options: DatasetBuildOptions): DatasetBuildSettings {
  const settings: DatasetBuildSettings = {
    maxSeqLength: options.maxSeqLength ?? 512,
    maxEntityLength: options.maxEntityLength ?? 128,
    maxMentionLength: options.maxMentionLength ?? 30,
    minSentenceLength: options.minSentenceLength ?? 5,
    includeSentencesWithoutEntities: options.includeSentencesWithoutEntities ?? false,
    includeUnkEntities: options.includeUnkEntities ?? false,
    abstractOnly: options.abstractOnly ?? false,
    predefinedEntitiesOnly: options.predefinedEntitiesOnly ?? false,
    sentenceSplitter: options.sentenceSplitter ?? "en",
    workers: options.workers ?? navigator.hardwareConcurrency,
    shardBytes: options.shardBytes ?? SHARD_BYTES,
  };
  const wholeNumbers: [string, number, number][] = [
    ["--max-seq-length", settings.maxSeqLength, 3],
    ["--max-entity-length", settings.maxEntityLength, 1],
    ["--max-mention-length", settings.maxMentionLength, 1],
    ["--min-sentence-length", settings.minSentenceLength, 1],
    ["--workers", settings.workers, 1],
  ];
  for (const [flag, value, least] of wholeNumbers) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new UserError(`${flag} ${value}: must be a whole number of at least ${least}`);
    }
  }
  if (settings.minSentenceLength > settings.maxSeqLength - 2) {
    throw new UserError(
      `--min-sentence-length ${settings.minSentenceLength}: no sentence is that long and within --max-seq-length ${settings.maxSeqLength}; lower it`,
    );
  }
  return settings;
}
