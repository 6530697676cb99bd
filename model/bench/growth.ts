import type { Device } from "../device.ts";
import type { LukeShape } from "../luke_shapes.ts";
import { StepRunner } from "./step_speed.ts";

/** A LUKE whose step takes a few milliseconds on anything. */
const TINY: LukeShape = {
  config: {
    baseModelType: "roberta",
    vocabSize: 50,
    entityVocabSize: 20,
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
  },
  capacity: { rows: 2, words: 16, entities: 4, mentionLength: 4, maskedWords: 4, maskedEntities: 2 },
};

/** Memory before and after many steps. */
export interface GrowthReport {
  /** Steps between the first figure and the last. */
  readonly steps: number;
  /** Bytes allocated on the device, before and after. */
  readonly deviceBytes: readonly [before: number, after: number];
  /** Resident bytes of the process at ten points of the way, the first and the last included. */
  readonly residentBytes: readonly number[];
}

/** Runs `steps` training steps of a tiny LUKE and watches memory. A tenth as many go before, so that caches are full. */
export async function benchGrowth(
  device: Device,
  residentBytes: () => number,
  steps: number = 1000,
): Promise<GrowthReport> {
  await using runner = await StepRunner.create(device, TINY);
  await runner.run(Math.ceil(steps / 10));
  const before = device.allocatedBytes;
  const resident = [residentBytes()];
  const part = Math.ceil(steps / 9);
  for (let done = 0; done < steps; done += part) {
    await runner.run(Math.min(part, steps - done));
    resident.push(residentBytes());
  }
  return { steps, deviceBytes: [before, device.allocatedBytes], residentBytes: resident };
}
