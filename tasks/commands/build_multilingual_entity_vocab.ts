import { readFileSync } from "node:fs";
import { Command } from "commander";
import { entityVocabFormat, InterwikiDB, mergeEntityVocabs } from "@lukeforge/vocab";
import { runOrCompare } from "../existing_output.ts";
import { repeated, wholeNumber } from "../option_values.ts";
import { quantity } from "../progress.ts";
import type { Reporter, Stage } from "../stage.ts";

interface Options {
  readonly entityVocabFiles: readonly string[];
  readonly interWikiDbPath: string;
  readonly outFile: string;
  readonly vocabSize?: number;
  readonly minNumLanguages?: number;
}

/** `build-multilingual-entity-vocab`: entity vocabularies of several languages → one. */
export function buildMultilingualEntityVocabCommand(reporter: Reporter): Command {
  return new Command("build-multilingual-entity-vocab")
    .summary("entity vocabularies of several languages -> one")
    .description("Merges entity vocabularies: titles of the same item of Wikidata share an id.")
    .requiredOption(
      "-v, --entity-vocab-files <file>",
      "vocabulary of one language; repeated for each",
      repeated,
    )
    .requiredOption("-i, --inter-wiki-db-path <file>", "interwiki database of build-interwiki-db")
    .requiredOption("-o, --out-file <file>", "entity vocabulary: .jsonl, or .json as Hugging Face's")
    .option(
      "-s, --vocab-size <n>",
      "entities at most, the 3 special ones included (default: all)",
      wholeNumber(4),
    )
    .option(
      "--min-num-languages <n>",
      "languages in which an entity needs a title (default: 1)",
      wholeNumber(1),
    )
    .action(async (options: Options) => {
      const { entityVocabFiles, interWikiDbPath, outFile, vocabSize, minNumLanguages } = options;
      const format = entityVocabFormat(outFile);
      const notices: string[] = [];
      const stage = (output: string): Stage => ({
        name: "entity vocabulary",
        unit: "files",
        output,
        make(progress) {
          using interwiki = InterwikiDB.open(interWikiDbPath);
          const vocab = mergeEntityVocabs(entityVocabFiles, interwiki, {
            ...(vocabSize !== undefined && { vocabSize }),
            ...(minNumLanguages !== undefined && { minNumLanguages }),
            notice: (line) => notices.push(line),
            progress,
          });
          vocab.save(output, format);
          return `${quantity(vocab.size)} entities, 3 special ones included, in ${
            quantity(vocab.languages.size)
          } languages`;
        },
      });
      await runOrCompare(outFile, stage, (a, b) => readFileSync(a).equals(readFileSync(b)), reporter);
      for (const line of notices) reporter.line(line);
    });
}
