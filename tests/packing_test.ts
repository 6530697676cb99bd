/** Several items in a row learn what they learn in rows of their own. */
import { deepEqual, ok } from "node:assert/strict";
import {
  CpuDevice,
  type Device,
  type LukeBatch,
  type LukeConfig,
  LukeNetwork,
  openDevice,
} from "@lukeforge/model";
import {
  batchCapacity,
  collate,
  type MaskedItem,
  MaskingCollator,
  maskingTables,
  packedCapacity,
  packItems,
} from "@lukeforge/train";
import { webgpuAvailable } from "../model/webgpu/request.ts";
import { testRandom } from "../model/ops/testdata_generators.ts";

const PAD = 1;
const MOST = { longest_item: 12, most_entities: 4, longest_mention: 3 };
const LIMITS = { words: 24, entities: 8 };
const collator = new MaskingCollator(
  maskingTables({
    vocabSize: 60,
    padId: PAD,
    clsId: 0,
    sepId: 2,
    maskId: 3,
    isSubword: (id) => id % 3 === 0,
  }),
  { size: 30, maskId: 2 },
  { maskedLmProb: 0.3, maskedEntityProb: 0.5, randomEntityProb: 0.3 },
);

/** Items of 1, 12, 3, … words and as many entities as fit, of odd mentions. */
function maskedItems(): MaskedItem[] {
  const random = testRandom(5);
  const below = (end: number): number => Math.floor((random() + 1) / 2 * end * 0.9999);
  return [1, 12, 3, 8, 2, 5, 7, 4].map((words, item) => {
    const entities = Array.from({ length: item === 2 ? 0 : below(5) }, () => {
      const start = below(words);
      return { id: 3 + below(27), start, length: Math.min(1 + below(3), words - start) };
    });
    const wordIds = Array.from({ length: words }, () => 4 + below(56));
    return collator.maskItem({ pageId: -1, wordIds, entities }, { seed: 1, epoch: 0, item });
  });
}

const CONFIG: LukeConfig = {
  baseModelType: "roberta",
  vocabSize: 60,
  entityVocabSize: 30,
  hiddenSize: 12,
  entityEmbSize: 8,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  intermediateSize: 20,
  maxPositionEmbeddings: 24,
  typeVocabSize: 1,
  layerNormEps: 1e-5,
  hiddenDropoutProb: 0,
  attentionProbsDropoutProb: 0,
  initializerRange: 0.2,
  padTokenId: PAD,
  useEntityAwareAttention: false,
  tieWordEmbeddings: true,
};

/** Losses and gradients of a batch. */
async function learn(
  device: Device,
  config: LukeConfig,
  items: number,
  batch: LukeBatch,
): Promise<Map<string, Float32Array>> {
  await using network = await LukeNetwork.create(device, config, {
    capacities: [packedCapacity(batchCapacity(MOST, items, collator.options), LIMITS)],
    training: {
      gradientAccumulationSteps: 1,
      optimizer: { betas: [0.9, 0.999], eps: 1e-6, weightDecay: 0, biasCorrection: false, maxGradNorm: 0 },
      recompute: false,
    },
  });
  network.initialize(3);
  await network.accumulate(batch, { seed: 1, step: 0, microStep: 0 });
  const learned = new Map(await network.readGradients());
  await network.update(0);
  const { word, entity } = await network.readMetrics();
  return learned.set("losses", Float32Array.of(word.lossSum, entity.lossSum))
    .set("counts", Float32Array.of(word.count, entity.count));
}

for (
  const { kind, available, bound } of [
    { kind: "cpu", available: true, bound: 1e-6 },
    // WGSL's exp may be off by more, and the driver fuses as it likes.
    { kind: "webgpu", available: await webgpuAvailable(), bound: 1e-5 },
  ] as const
) {
  Deno.test({
    name: `a packed batch has the loss and the gradients of its items in rows of their own on ${kind}`,
    ignore: !available,
    async fn() {
      const device = kind === "cpu" ? await CpuDevice.create({ threads: 1 }) : await openDevice("webgpu");
      const masked = maskedItems();
      const packed = packItems(masked, LIMITS, PAD);
      ok(packed.rows <= 4, `${packed.rows}`);
      const changes: readonly Partial<LukeConfig>[] = kind === "cpu"
        ? [{}, { baseModelType: "bert" }, { useEntityAwareAttention: true }]
        : [{ useEntityAwareAttention: true }];
      for (const change of changes) {
        const config = { ...CONFIG, ...change };
        const apart = await learn(device, config, masked.length, collate(masked, PAD));
        const together = await learn(device, config, masked.length, packed);
        deepEqual(together.get("counts"), apart.get("counts"));
        let greatest = 0;
        for (const [name, values] of apart) {
          if (name !== "losses") {
            for (const value of values) greatest = Math.max(greatest, Math.abs(value));
          }
        }
        for (const [name, values] of apart) {
          const scale = name === "losses" ? Math.max(...values) : greatest;
          values.forEach((value, i) => {
            const difference = Math.abs(value - (together.get(name)?.[i] ?? NaN)) / scale;
            ok(difference <= bound, `${JSON.stringify(change)} ${name}[${i}]: off by ${difference}`);
          });
        }
      }
      device.destroy();
    },
  });
}
