import assert from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import { CORPUS_DEFAULTS, SAMPLE_DEFAULTS } from "./pretrain_defaults.ts";
import { resolveSettings, withoutCorpusSettings } from "./pretrain_settings.ts";

Deno.test("resolveSettings() settles micro-batches from either option, and steps or epochs", () => {
  const sizes = (given: Parameters<typeof resolveSettings>[0]): unknown[] => {
    const { microBatchSize, gradientAccumulationSteps } = resolveSettings(given, SAMPLE_DEFAULTS);
    return [microBatchSize, gradientAccumulationSteps];
  };
  assert.deepEqual(sizes({}), [32, 1]);
  assert.deepEqual(sizes({ microBatchSize: 8 }), [8, 4]);
  assert.deepEqual(sizes({ gradientAccumulationSteps: 2 }), [16, 2]);
  assert.deepEqual(sizes({ batchSize: 64, microBatchSize: 16, gradientAccumulationSteps: 4 }), [16, 4]);
  assert.throws(() => sizes({ microBatchSize: 5 }), UserError);
  assert.throws(() => sizes({ microBatchSize: 8, gradientAccumulationSteps: 8 }), UserError);
  assert.equal(resolveSettings({ numEpochs: 3 }, SAMPLE_DEFAULTS).maxSteps, null);
  assert.throws(() => resolveSettings({ numEpochs: 3, maxSteps: 5 }, SAMPLE_DEFAULTS), UserError);
});

Deno.test("resolveSettings() finds what a later stage would refuse", () => {
  for (
    const given of [
      { numAttentionHeads: 5 },
      { minSentenceLength: 31 },
      { maxSteps: 50, warmupSteps: 50 },
      { unmaskedWordProb: 0.6, randomWordProb: 0.6 },
      { xlmRWholeWords: true, wholeWordMasking: false },
      { masking: "huggingface", wordOnlyTraining: true, wholeWordMasking: true },
      { masking: "huggingface", wordOnlyTraining: true, xlmRWholeWords: true },
    ] as const
  ) {
    assert.throws(() => resolveSettings(given, SAMPLE_DEFAULTS), UserError, JSON.stringify(given));
  }
});

Deno.test("withoutCorpusSettings() refuses what the dataset has settled", () => {
  const settings = withoutCorpusSettings(
    { hiddenSize: 32 },
    resolveSettings({ hiddenSize: 32 }, CORPUS_DEFAULTS),
  );
  assert.equal("maxSeqLength" in settings, false);
  assert.equal(settings.hiddenSize, 32);
  assert.throws(
    () => withoutCorpusSettings({ vocabSize: 300 }, CORPUS_DEFAULTS),
    /--vocab-size: is settled by the dataset/,
  );
});
