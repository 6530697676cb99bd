import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { type PageOptions as ParsedPageOptions, UserError } from "@lukeforge/corpus";

/** Options of the commands that read a dump, about what of a page is text. */
export interface PageOptions {
  readonly includeCaptions?: boolean;
  readonly includeTables?: boolean;
  /** A file. */
  readonly templateTexts?: string | null;
}

/** `--include-captions`, `--include-tables`, `--template-texts`. */
export const PAGE_OPTIONS: {
  /** Adds the options to a command. */
  addTo(command: Command): Command;
  /** What is parsed by, without what is not given; throws a UserError when the file cannot be read. */
  parsedBy(options: PageOptions): ParsedPageOptions;
} = {
  addTo(command) {
    return command
      .option("--include-captions", "the captions of pictures as paragraphs of their own")
      .option("--include-tables", "the cells and captions of tables as paragraphs of their own")
      .option("--template-texts <file>", "what more templates show: lines as `$2 <- lang | langx`");
  },
  parsedBy({ includeCaptions, includeTables, templateTexts }) {
    return {
      ...(includeCaptions && { includeCaptions }),
      ...(includeTables && { includeTables }),
      ...(typeof templateTexts === "string" && { templateTexts: readTable(templateTexts) }),
    };
  },
};

function readTable(file: string): { table: string; file: string } {
  try {
    return { table: readFileSync(file, "utf8"), file };
  } catch {
    throw new UserError(`${file}: cannot be read: give a text file of lines such as \`$2 <- lang | langx\``);
  }
}
