import { Command } from "commander";
import { numberOfItems, totalTrainingSteps, totalTrainingStepsLine } from "@lukeforge/train";
import { datasetDirectories } from "../dataset_directories.ts";
import { numberBetween, repeated, wholeNumber } from "../option_values.ts";
import type { Reporter } from "../stage.ts";

interface Options {
  readonly datasetDir: readonly string[];
  readonly trainBatchSize: number;
  readonly numEpochs: number;
}

/** `compute-total-training-steps`: what `--num-epochs` comes to. */
export function computeTotalTrainingStepsCommand(reporter: Reporter): Command {
  return new Command("compute-total-training-steps")
    .summary("the training steps that a number of epochs comes to")
    .description(
      "Prints how many updates a number of passes over datasets takes: their items / --train-batch-size × --num-epochs, rounded " +
        "up. pretrain needs nobody to copy it: it takes --num-epochs itself.",
    )
    .requiredOption(
      "--dataset-dir <dir>",
      "dataset directory, a pattern, or several with commas between them",
      repeated,
    )
    .requiredOption("--train-batch-size <n>", "items of an update", wholeNumber(1))
    .requiredOption("--num-epochs <x>", "passes over the data", numberBetween(0, Infinity))
    .action(async ({ datasetDir, trainBatchSize, numEpochs }: Options) => {
      const items = (await datasetDirectories(datasetDir)).map(numberOfItems);
      reporter.line(totalTrainingStepsLine(totalTrainingSteps(items, trainBatchSize, numEpochs)));
    });
}
