import assert from "node:assert/strict";
import type { LukeBatch, LukeMetrics } from "@lukeforge/model";
import { evaluateHeldOut } from "./evaluate.ts";
import { fakeBatch } from "./fake_network_fixture.ts";
import type { EvaluatedNetwork } from "./trainable_network.ts";
import { UnigramBaseline } from "./unigram_baseline.ts";

/** Loss of each label is its id, even labels are predicted. */
class LabelNetwork implements EvaluatedNetwork {
  reads = 0;
  #word = { lossSum: 1000, correct: 0, count: 1000, sumOfMeans: 0 };
  #entity = { lossSum: 0, correct: 0, count: 0, sumOfMeans: 0 };

  // deno-lint-ignore require-await
  async evaluate({ maskedWordLabels, maskedEntityLabels }: LukeBatch): Promise<void> {
    for (
      const [head, labels] of [[this.#word, maskedWordLabels], [this.#entity, maskedEntityLabels]] as const
    ) {
      head.lossSum += labels.reduce((total, label) => total + label, 0);
      head.correct += labels.filter((label) => label % 2 === 0).length;
      head.count += labels.length;
    }
  }

  // deno-lint-ignore require-await
  async readMetrics(): Promise<LukeMetrics> {
    this.reads++;
    const [word, entity] = [this.#word, this.#entity];
    this.#word = { lossSum: 0, correct: 0, count: 0, sumOfMeans: 0 };
    this.#entity = { lossSum: 0, correct: 0, count: 0, sumOfMeans: 0 };
    return { word, entity, microSteps: 0, gradNorm: 0, skippedUpdates: 0 };
  }
}

const words = (...labels: number[]): LukeBatch => fakeBatch(labels);
const entities = (...labels: number[]): LukeBatch => ({
  ...words(0),
  maskedWordPositions: new Int32Array(),
  maskedWordLabels: new Int32Array(),
  maskedEntityPositions: Int32Array.from(labels, (_, i) => i),
  maskedEntityLabels: Int32Array.from(labels),
});

Deno.test("evaluateHeldOut() weighs every prediction equally and measures baselines at the same places", async () => {
  const baselines = {
    words: new UnigramBaseline(new Float64Array([0, 3, 0, 0, 0])),
    entities: new UnigramBaseline(new Float64Array([0, 0, 7])),
  };
  const batches = { words: [words(1, 2, 3), words(4)], entities: [entities(2, 2, 1), entities()] };
  const result = await evaluateHeldOut(new LabelNetwork(), batches, baselines);
  assert.equal(result.masked_words, 4);
  assert.equal(result.masked_lm_loss, 10 / 4);
  assert.equal(result.masked_lm_accuracy, 2 / 4);
  assert.equal(result.masked_entities, 3);
  assert.equal(result.masked_entity_loss, 5 / 3);
  assert.equal(result.masked_entity_accuracy, 2 / 3);
  assert.ok(Math.abs((result.unigram_lm_loss ?? 0) - (Math.log(8 / 4) + 3 * Math.log(8)) / 4) < 1e-12);
  assert.ok(Math.abs((result.unigram_entity_loss ?? 0) - (2 * Math.log(10 / 8) + Math.log(10)) / 3) < 1e-12);
  assert.equal(result.most_frequent_entity_accuracy, 2 / 3);
});

Deno.test("evaluateHeldOut() gives null where nothing was masked, and reads sums every few batches", async () => {
  const network = new LabelNetwork();
  const result = await evaluateHeldOut(network, {
    words: Array.from({ length: 33 }, () => words(2)),
    entities: [],
  });
  assert.equal(result.masked_words, 33);
  assert.equal(network.reads, 4);
  assert.equal(result.masked_entity_loss, null);
  assert.equal("unigram_lm_loss" in result, false);
});
