import { existsSync } from "node:fs";
import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { buildInterwikiDB } from "@lukeforge/vocab";
import { repeated } from "../option_values.ts";
import { quantity } from "../progress.ts";
import { type Reporter, runStage } from "../stage.ts";

interface Options {
  readonly language?: readonly string[];
}

/** `build-interwiki-db`: Wikidata dump → which titles of the Wikipedias belong together. */
export function buildInterwikiDBCommand(reporter: Reporter): Command {
  return new Command("build-interwiki-db")
    .summary("Wikidata dump -> interwiki database")
    .description("Reads from a Wikidata dump which articles of the Wikipedias are about the same.")
    .argument("<WIKIDATA_DUMP>", "latest-all.json.bz2 or .json.gz of Wikidata, or unpacked")
    .argument("<OUT>", "interwiki database (SQLite)")
    .option("-l, --language <code>", "keep titles of this language only; may be repeated", repeated)
    .action(async (dump: string, output: string, { language = [] }: Options) => {
      if (existsSync(output)) {
        throw new UserError(`${output}: exists already; remove it or name another output file`);
      }
      await runStage({
        name: "interwiki database",
        unit: "MB",
        output,
        async make(progress) {
          const { items, titles, languages } = await buildInterwikiDB(dump, output, {
            languages: language,
            progress: (done, total) => progress(done / 1e6, total / 1e6),
          });
          return `${quantity(items)} items, ${quantity(titles)} titles in ${quantity(languages)} languages`;
        },
      }, reporter);
    });
}
