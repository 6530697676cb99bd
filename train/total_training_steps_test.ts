import { equal, throws } from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import { totalTrainingSteps, totalTrainingStepsLine } from "./total_training_steps.ts";

Deno.test("totalTrainingSteps() adds the data sets up and rounds up", () => {
  equal(totalTrainingSteps([1000], 100, 3), 30);
  equal(totalTrainingSteps([1000, 1], 100, 3), 31);
  equal(totalTrainingSteps([10], 2048, 1), 1);
  // The enwiki size that gives the released configurations' 98,168 steps.
  equal(totalTrainingSteps([10_052_403], 2048, 20), 98_168);
  equal(totalTrainingStepsLine(98_168), "Total training steps: 98168");
});

Deno.test("totalTrainingSteps() names the bad option", () => {
  throws(() => totalTrainingSteps([], 1, 1), UserError);
  throws(() => totalTrainingSteps([5], 0, 1), /--train-batch-size/);
  throws(() => totalTrainingSteps([5], 1, 0), /--num-epochs/);
});
