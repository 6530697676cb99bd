import type { Command } from "commander";
import type { DatasetBuildOptions } from "@lukeforge/train";
import { oneOf, wholeNumber } from "./option_values.ts";
import type { Reporter } from "./stage.ts";

/** Options that all commands have that build data sets, as they are given. */
export interface DatasetOptions {
  readonly sentenceSplitter: string;
  readonly sentenceTokenizer?: string;
  readonly maxSeqLength: number;
  readonly maxEntityLength?: number;
  readonly maxMentionLength?: number;
  readonly minSentenceLength: number;
  readonly includeSentencesWithoutEntities?: true;
  readonly includeUnkEntities?: true;
  readonly compat?: "luke";
  readonly workers?: number;
  readonly poolSize?: number;
  readonly chunkSize?: number;
}

/** The options of upstream's dataset builder that do not depend on where the documents come from. */
export const DATASET_OPTIONS: {
  /** Adds them to a command. @param withEntities whether there are mentions of entities. */
  addTo(command: Command, withEntities: boolean): Command;
  /** What they say; notices about those that mean something else here go to the reporter. */
  buildOptions(given: DatasetOptions, reporter: Reporter): DatasetBuildOptions;
} = {
  addTo(command, withEntities) {
    command
      .option("--sentence-splitter <name>", "a locale, icu (that of the corpus), or opennlp", "en")
      .option("--sentence-tokenizer <name>", "older name of --sentence-splitter")
      .option("--max-seq-length <n>", "words of an item, [CLS] and [SEP] included", wholeNumber(3), 512)
      .option("--min-sentence-length <n>", "shorter sentences are left out", wholeNumber(1), 5);
    if (withEntities) {
      command
        .option("--max-entity-length <n>", "entities of an item", wholeNumber(1), 128)
        .option("--max-mention-length <n>", "words of a mention", wholeNumber(1), 30)
        .option("--include-sentences-without-entities", "keep sentences without entities")
        .option("--include-unk-entities", "keep mentions outside the vocabulary as [UNK]")
        .option("--skip-unk-entities", "leave mentions outside the vocabulary out (default)");
    }
    return command
      .option("--compat <program>", "luke: upstream's rules to the letter", oneOf(["luke"]))
      .option("--workers <n>", "threads that make items (default: all cores); same result", wholeNumber(1))
      .option("--pool-size <n>", "upstream's name of --workers", wholeNumber(1))
      .option("--chunk-size <n>", "accepted, without effect", wholeNumber(1));
  },
  buildOptions(given, reporter) {
    const { maxSeqLength, maxEntityLength, maxMentionLength, minSentenceLength } = given;
    const { includeSentencesWithoutEntities, includeUnkEntities, compat } = given;
    if (given.chunkSize !== undefined) {
      reporter.line("--chunk-size has no effect: threads take documents by their size");
    }
    const sentenceSplitter = given.sentenceTokenizer ?? given.sentenceSplitter;
    tellOfSplitter(sentenceSplitter, reporter);
    const workers = given.workers ?? given.poolSize;
    return {
      ...{ sentenceSplitter, maxSeqLength, minSentenceLength },
      ...(maxEntityLength !== undefined && { maxEntityLength }),
      ...(maxMentionLength !== undefined && { maxMentionLength }),
      ...(includeSentencesWithoutEntities && { includeSentencesWithoutEntities }),
      ...(includeUnkEntities && { includeUnkEntities }),
      ...(compat !== undefined && { compat }),
      ...(workers !== undefined && { workers }),
    };
  },
};

/** A notice where a sentence splitter is not what its name says. */
export function tellOfSplitter(name: string, reporter: Reporter): void {
  if (name !== "opennlp") return;
  reporter.line("--sentence-splitter opennlp: rules of this program for English stand for OpenNLP's model");
}
