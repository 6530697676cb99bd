import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CpuDevice, type LukeConfig, LukeNetwork } from "@lukeforge/model";
import { evaluateHeldOut } from "./evaluate.ts";
import { heldOutCapacity, heldOutEntityBatches, heldOutWordBatches } from "./batches/held_out_batches.ts";
import { batchCapacity, MaskingCollator } from "./masking/masking_collator.ts";
import { maskingTables } from "./masking/masking_tables.ts";
import { readMetrics } from "./metrics_log.ts";
import type { DatasetItem } from "./building/page_items.ts";
import { PretrainingSource } from "./batches/pretraining_source.ts";
import { warmupLinear } from "./schedule.ts";
import { train, type TrainingOptions } from "./trainer.ts";

const CONFIG: LukeConfig = {
  baseModelType: "roberta",
  vocabSize: 40,
  entityVocabSize: 9,
  hiddenSize: 16,
  entityEmbSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 32,
  maxPositionEmbeddings: 20,
  typeVocabSize: 1,
  layerNormEps: 1e-5,
  hiddenDropoutProb: 0.1,
  attentionProbsDropoutProb: 0.1,
  initializerRange: 0.02,
  padTokenId: 1,
  useEntityAwareAttention: false,
  tieWordEmbeddings: true,
};
const TABLES = maskingTables({
  vocabSize: 40,
  padId: 1,
  clsId: 0,
  sepId: 2,
  maskId: 39,
  isSubword: () => false,
});
const VOCAB = { size: 9, maskId: 2 };
const ROWS = 2;
/** Words count up from a start that tells the entity. */
const DATASET = {
  size: 6,
  item: (index: number): DatasetItem => ({
    pageId: -1,
    wordIds: Array.from({ length: 8 + index }, (_, i) => 4 + index * 5 + i % 5),
    entities: [{ id: 3 + index, start: 2, length: 2 }],
  }),
};
const EXTREMES = { longest_item: 13, most_entities: 1, longest_mention: 2 };
const OPTIONS: TrainingOptions = {
  seed: 5,
  batchSize: 4,
  microBatchSize: ROWS,
  totalSteps: 30,
  schedule: warmupLinear({ learningRate: 0.01, warmupSteps: 3, totalSteps: 30 }),
  loggingSteps: 10,
  saveSteps: 15,
};

async function withNetwork<T>(work: (network: LukeNetwork) => Promise<T>): Promise<T> {
  const device = await CpuDevice.create({ threads: 1 });
  try {
    await using network = await LukeNetwork.create(device, CONFIG, {
      capacities: [batchCapacity(EXTREMES, ROWS), heldOutCapacity(EXTREMES, ROWS)],
      training: {
        gradientAccumulationSteps: OPTIONS.batchSize / OPTIONS.microBatchSize,
        optimizer: {
          betas: [0.9, 0.999],
          eps: 1e-6,
          weightDecay: 0.01,
          biasCorrection: false,
          maxGradNorm: 1,
        },
      },
    });
    network.initialize(OPTIONS.seed);
    return await work(network);
  } finally {
    device.destroy();
  }
}

const source = (): PretrainingSource =>
  new PretrainingSource(DATASET, new MaskingCollator(TABLES, VOCAB), OPTIONS);

Deno.test("train() with LukeNetwork learns, and a run stopped and resumed has the same bits as one that was not", async () => {
  const directory = mkdtempSync(join(tmpdir(), "trainer-network-"));
  try {
    const heldOut = (network: LukeNetwork) =>
      evaluateHeldOut(network, {
        words: heldOutWordBatches(DATASET, TABLES, VOCAB, { rows: ROWS }),
        entities: heldOutEntityBatches(DATASET, TABLES, VOCAB, ROWS),
      });
    const whole = await withNetwork(async (network) => {
      const before = await heldOut(network);
      assert.equal(before.masked_entities, DATASET.size);
      await train(network, source(), join(directory, "whole"), OPTIONS, {
        checkpoint: async () => void await heldOut(network), // evaluation in between changes nothing
      });
      const after = await heldOut(network);
      assert.ok((after.masked_lm_loss ?? NaN) < (before.masked_lm_loss ?? NaN));
      assert.ok((after.masked_entity_loss ?? NaN) < (before.masked_entity_loss ?? NaN));
      return { parameters: await network.readParameters(), moments: await network.readOptimizerState() };
    });

    const stopped = join(directory, "stopped");
    const stop = new AbortController();
    const { checkpoint } = await withNetwork((network) =>
      train(network, source(), stopped, { ...OPTIONS, signal: stop.signal }, {
        progress: (done) => done === 13 ? stop.abort() : undefined,
      })
    );
    assert.equal(checkpoint, join(stopped, "checkpoints", "step-13"));
    await withNetwork(async (network) => {
      network.initialize(99);
      await train(network, source(), stopped, { ...OPTIONS, resumeFrom: checkpoint });
      assert.deepEqual(await network.readParameters(), whole.parameters);
      assert.deepEqual(await network.readOptimizerState(), whole.moments);
    });
    const losses = (run: string) =>
      readMetrics(join(directory, run, "metrics.jsonl")).map(({ step, loss }) => [step, loss]);
    assert.equal(losses("stopped").length, 3);
    losses("whole").forEach(([step, loss], i) => {
      assert.equal(losses("stopped")[i]?.[0], step);
      assert.ok(Math.abs((losses("stopped")[i]?.[1] ?? NaN) - (loss ?? NaN)) < 1e-6);
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
