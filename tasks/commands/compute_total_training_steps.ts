import { statSync } from "node:fs";
import { glob } from "node:fs/promises";
import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { numberOfItems, totalTrainingSteps, totalTrainingStepsLine } from "@lukeforge/train";
import { numberBetween, wholeNumber } from "../option_values.ts";
import type { Reporter } from "../stage.ts";

interface Options {
  readonly datasetDir: string;
  readonly trainBatchSize: number;
  readonly numEpochs: number;
}

/** `compute-total-training-steps`: what `--num-epochs` comes to. */
export function computeTotalTrainingStepsCommand(reporter: Reporter): Command {
  return new Command("compute-total-training-steps")
    .summary("the training steps that a number of epochs comes to")
    .requiredOption("--dataset-dir <glob>", "dataset directory, or a pattern that matches several")
    .requiredOption("--train-batch-size <n>", "items of an update", wholeNumber(1))
    .requiredOption("--num-epochs <x>", "passes over the data", numberBetween(0, Infinity))
    .action(async ({ datasetDir, trainBatchSize, numEpochs }: Options) => {
      const directories = await matching(datasetDir);
      const items = directories.map(numberOfItems);
      reporter.line(totalTrainingStepsLine(totalTrainingSteps(items, trainBatchSize, numEpochs)));
    });
}

/** The directories that a pattern matches, by name. */
async function matching(pattern: string): Promise<string[]> {
  if (statSync(pattern, { throwIfNoEntry: false })?.isDirectory()) return [pattern];
  const found: string[] = [];
  for await (const path of glob(pattern)) {
    if (statSync(path).isDirectory()) found.push(path);
  }
  if (found.length > 0) return found.sort();
  throw new UserError(
    `--dataset-dir ${pattern}: matches no directory; make one with build-wikipedia-pretraining-dataset`,
  );
}
