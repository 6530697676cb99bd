import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { ConcatenatedDatasets, Dataset } from "@lukeforge/train";
import { type DatasetFacts, datasetFacts, datasetProblems } from "../dataset_facts.ts";
import { datasetFactsLines } from "../dataset_facts_lines.ts";
import { wholeNumber } from "../option_values.ts";
import { openDataset } from "../pretrain_network.ts";
import { ProgressLine, quantity } from "../progress.ts";
import type { Reporter } from "../stage.ts";

interface Options {
  readonly examples: number;
  readonly seed: number;
  readonly top: number;
  readonly verify?: true;
  readonly json?: true;
}

/** `dataset-info`: what is in dataset directories. */
export function datasetInfoCommand(reporter: Reporter): Command {
  return new Command("dataset-info")
    .summary("print what is in a dataset: lengths, entities, examples")
    .description(
      "Prints size, lengths of items and mentions, how much of the entity vocabulary occurs, where the data come from, and some " +
        "items as text with the mentions marked. Several datasets are checked to have the same vocabularies.",
    )
    .argument("<DIR...>", "dataset directories")
    .option("--examples <n>", "items to show", wholeNumber(0), 10)
    .option("--seed <n>", "chooses them", wholeNumber(0), 0)
    .option("--top <n>", "entities to list", wholeNumber(0), 10)
    .option("--verify", "compare all files with their checksums first")
    .option("--json", "print JSON")
    .action(async (directories: readonly string[], options: Options) => {
      if (options.verify) {
        for (const directory of directories) verify(directory, reporter, options);
      }
      const all: DatasetFacts[] = [];
      for (const directory of directories) {
        const facts = await factsOf(directory, reporter, options);
        all.push(facts);
        if (!options.json) { for (const text of datasetFactsLines(facts, options.seed)) reporter.line(text); }
      }
      if (options.json) reporter.line(JSON.stringify(all, null, 1));
      if (directories.length === 1) return;
      using together = ConcatenatedDatasets.open(directories);
      if (!options.json) {
        reporter.line(
          `together: ${
            quantity(together.size)
          } items of ${directories.length} datasets with the same tokenizer and entity ` +
            "vocabulary",
        );
      }
    });
}

async function factsOf(directory: string, reporter: Reporter, options: Options): Promise<DatasetFacts> {
  using data = await openDataset(directory);
  const line = new ProgressLine(reporter.progress, "dataset", "items");
  try {
    return datasetFacts(data, { ...options, progress: (done, total) => line.update(done, total) });
  } finally {
    line.clear();
  }
}

function verify(directory: string, reporter: Reporter, { json }: Options): void {
  using dataset = Dataset.open(directory);
  const line = new ProgressLine(reporter.progress, "checksums", "MB");
  let problems: string[];
  try {
    problems = datasetProblems(dataset, (done, total) => line.update(done, total));
  } finally {
    line.clear();
  }
  const [only] = problems;
  if (only === undefined) {
    if (!json) reporter.line(`${directory}: all files agree with their checksums`);
    return;
  }
  if (problems.length === 1) throw new UserError(only);
  for (const problem of problems) reporter.line(problem);
  throw new UserError(`${directory}: ${problems.length} of its parts are damaged, as listed`);
}
