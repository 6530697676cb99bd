import { existsSync } from "node:fs";
import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { EntityVocab, entityVocabFormat } from "@lukeforge/vocab";
import { quantity } from "../progress.ts";
import type { Reporter } from "../stage.ts";

/** `convert-entity-vocab`: from one format of entity vocabularies to another. */
export function convertEntityVocabCommand(reporter: Reporter): Command {
  return new Command("convert-entity-vocab")
    .summary("entity vocabulary -> another format: .jsonl, .tsv, or .json as Hugging Face's")
    .argument("<FILE>", "entity vocabulary (.jsonl, .tsv, .json) or a directory that holds one")
    .argument("<OUT_FILE>", "its ending names the format")
    .action((path: string, output: string) => {
      const format = entityVocabFormat(output);
      if (existsSync(output)) {
        throw new UserError(`${output}: exists already; remove it or name another output file`);
      }
      const vocab = EntityVocab.load(path);
      vocab.save(output, format);
      reporter.line(`${output}: ${quantity(vocab.size)} ids${format === "jsonl" ? "" : LOST[format]}`);
    });
}

const LOST = { tsv: ", without languages", json: ", with [MASK2] as Hugging Face demands, without counts" };
