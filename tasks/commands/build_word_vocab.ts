import { mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { WORD_SEGMENTERS, WordCounts, wordSegmenter, WordVocab } from "@lukeforge/vocab";
import { countCorpusWords } from "../corpus_words.ts";
import { runOrCompare } from "../existing_output.ts";
import { oneOf, wholeNumber } from "../option_values.ts";
import { quantity } from "../progress.ts";
import type { Reporter, Stage } from "../stage.ts";

interface Options {
  readonly minFreq: number;
  readonly lower?: true;
  readonly isTokenized?: true;
  readonly segmenter?: typeof WORD_SEGMENTERS[number];
  readonly language?: string;
}

/** `build-word-vocab`: corpus → vocabulary of words with their counts. */
export function buildWordVocabCommand(reporter: Reporter): Command {
  return new Command("build-word-vocab")
    .summary("corpus -> vocabulary of words, for word-level language models")
    .description(
      "Counts the words of a page database, of a text file (a sentence a line) or of JSON lines. " +
        "Ids: <unk> 0, <bos> 1, <eos> 2, <pad> 3, then by frequency.",
    )
    .argument("<CORPUS>", "page database, text or JSON lines")
    .argument("<OUT_FILE>", "a word and its count a line; gzipped where it ends in .gz")
    .option("--min-freq <n>", "occurrences that a word needs", wholeNumber(1), 3)
    .option("--lower", "lower-case the words")
    .option(
      "--is-tokenized",
      "the corpus has spaces between all its words (MeCab's, say): --segmenter whitespace",
    )
    .option(
      "--segmenter <name>",
      `${WORD_SEGMENTERS.join(" or ")} (default: whitespace)`,
      oneOf(WORD_SEGMENTERS),
    )
    .option("--language <code>", "language of the text, for --segmenter intl: ja, th, …")
    .action(async (corpus: string, output: string, options: Options) => {
      if (options.isTokenized === true && options.segmenter === "intl") {
        throw new UserError("--is-tokenized: does not go with --segmenter intl; leave one of them out");
      }
      const isSame = (a: string, b: string): boolean => readFileSync(a).equals(readFileSync(b));
      if (statSync(output, { throwIfNoEntry: false })?.isDirectory()) {
        throw new UserError(`${output}: is a directory; name a file`);
      }
      await runOrCompare(output, (path) => wordVocabStage(corpus, path, options, output), isSame, reporter);
    });
}

/** `name` is the output's own name where it is made beside it to be compared. */
function wordVocabStage(corpus: string, output: string, options: Options, name: string): Stage {
  const { minFreq, lower = false, segmenter = "whitespace", language = "und" } = options;
  return {
    name: "word vocabulary",
    unit: "words",
    output,
    async make(progress) {
      const segmentation = { segmenter, language, lower };
      const words = new WordCounts(wordSegmenter(segmentation));
      await countCorpusWords([corpus], words, (note) => progress(words.size, undefined, note));
      const vocab = WordVocab.fromCounts(words, segmentation, minFreq);
      mkdirSync(dirname(output), { recursive: true });
      vocab.save(output, { gzip: name.endsWith(".gz") });
      return `${quantity(vocab.size)} words, 4 special ones included, of ${
        quantity(words.size)
      } different ones`;
    },
  };
}
