import assert from "node:assert/strict";
import { CpuDevice } from "./cpu/cpu_device.ts";
import type { Device } from "./device.ts";
import { LukeNetwork } from "./luke_network.ts";
import { relativeDifference } from "./ops/testdata_run_op_case.ts";
import { openDevice } from "./open_device.ts";
import { ReferenceDevice } from "./reference_device.ts";
import { narrow } from "./testdata_narrow_device.ts";
import { tinyLukeBatch, tinyLukeConfig } from "./testdata_tiny_luke.ts";
import { webgpuAvailable } from "./webgpu/request.ts";

const config = tinyLukeConfig({
  vocabSize: 600,
  entityVocabSize: 2000,
  hiddenSize: 32,
  maxPositionEmbeddings: 30,
  intermediateSize: 64,
  entityEmbSize: 16,
  hiddenDropoutProb: 0.1,
  attentionProbsDropoutProb: 0.1,
});

/** Rows enough that every activation is larger than a binding. */
const capacity = { rows: 18, words: 24, entities: 8, mentionLength: 4, maskedWords: 36, maskedEntities: 18 };

const LIMIT = 65536;

type Values = Map<string, Float32Array>;

interface Trained {
  readonly gradients: Values;
  readonly parameters: Values;
  readonly metrics: Float32Array;
}

/** Two steps of two micro-steps, the second batch smaller, and an evaluation. */
async function train(device: Device): Promise<Trained> {
  await using network = await LukeNetwork.create(device, config, {
    capacities: [capacity],
    training: {
      gradientAccumulationSteps: 2,
      optimizer: { betas: [0.9, 0.999], eps: 1e-6, weightDecay: 0.01, biasCorrection: true, maxGradNorm: 1 },
    },
  });
  network.initialize(5);
  const batches = [tinyLukeBatch(config, 1, capacity), tinyLukeBatch(config, 2, { ...capacity, rows: 2 })];
  for (let step = 0; step < 2; step++) {
    for (const [microStep, batch] of batches.entries()) {
      await network.accumulate(batch, { seed: 3, step, microStep });
    }
    await network.update(1e-3);
  }
  for (const batch of batches) await network.evaluate(batch);
  const { word, entity, gradNorm } = await network.readMetrics();
  return {
    gradients: await network.readGradients(),
    parameters: await network.readParameters(),
    metrics: Float32Array.of(word.lossSum, word.correct, entity.lossSum, entity.correct, gradNorm),
  };
}

function assertAlike(actual: Trained, expected: Trained, tolerance: number): void {
  const compare = (name: string, a: Float32Array | undefined, b: Float32Array | undefined): void => {
    assert.ok(a && b, name);
    const error = relativeDifference(a, b);
    assert.ok(error < tolerance, `${name}: relative difference ${error}`);
  };
  for (const kind of ["gradients", "parameters"] as const) {
    for (const [name, values] of expected[kind]) {
      // Equal shifts of all keys change no softmax: nothing but rounding.
      if (!name.endsWith("self.key.bias")) compare(`${kind} ${name}`, actual[kind].get(name), values);
    }
  }
  compare("metrics", actual.metrics, expected.metrics);
}

let whole: Promise<Trained> | undefined;

Deno.test("LukeNetwork trains alike where hardly a tensor can be bound whole", async () => {
  const [wide, slim] = [
    narrow(new ReferenceDevice("f64"), 2 ** 30),
    narrow(new ReferenceDevice("f64"), LIMIT),
  ];
  whole = train(wide);
  assertAlike(await train(slim), await whole, 1e-7); // what is read is f32
  assert.ok(slim.pieces > 1.5 * wide.pieces, `${slim.pieces} of ${wide.pieces}`);
});

for (const kind of ["cpu", "webgpu"] as const) {
  Deno.test({
    name: `LukeNetwork trains alike where hardly a tensor can be bound whole, on ${kind}`,
    ignore: kind === "webgpu" && !await webgpuAvailable(),
    async fn() {
      const device = kind === "cpu" ? await CpuDevice.create({ threads: 2 }) : await openDevice("webgpu");
      whole ??= train(new ReferenceDevice("f64"));
      assertAlike(await train(narrow(device, LIMIT)), await whole, 1e-4);
      device.destroy();
    },
  });
}
