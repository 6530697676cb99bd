import { deepEqual, equal } from "node:assert/strict";
import { type Results, resultsTable } from "./results.ts";
import { runPaths } from "./run_directory.ts";

const RESULTS: Results = {
  masked_lm_loss: 5.0254,
  unigram_loss: 6.2,
  masked_entity_accuracy: 0.975,
  most_frequent_entity_accuracy: 0.025,
  tokens_per_second: 28_909,
  data_wait_share: 0,
  real_token_share: 0.701,
  parameters: 247_940,
  device: "cpu",
  seconds: 81,
  steps: 3000,
  masked_lm_accuracy: 0.2,
  masked_entity_loss: 0.1,
  masked_words: 1930,
  masked_entities: 163,
};
const UNMEASURED = {
  masked_lm_loss: null,
  unigram_loss: null,
  masked_entity_accuracy: null,
  most_frequent_entity_accuracy: null,
};

function held(results: Results): string[] {
  return resultsTable(results, runPaths("runs/x")).filter((line) => /held-out|^ {2}of the/.test(line));
}

Deno.test("resultsTable() has the held-out losses beside their baselines", () => {
  deepEqual(held(RESULTS), [
    "held-out masked-word loss        5.025 nats",
    "  of the unigram baseline        6.200 nats",
    "held-out masked-entity accuracy  97.5 %",
    "  of the most frequent entity    2.5 %",
  ]);
});

Deno.test("resultsTable() leaves out what was not measured, and says where nothing was", () => {
  const wordsOnly = { ...RESULTS, masked_entity_accuracy: null, most_frequent_entity_accuracy: null };
  equal(held(wordsOnly).length, 2);
  deepEqual(held({ ...RESULTS, ...UNMEASURED }), [
    "held-out evaluation              none: no held-out data",
  ]);
});
