/**
 * `deno task large-table [DEVICE] [ENTITIES] [WIDTH] [STEPS]`: trains a small LUKE whose entity table, 500,000 × 256 unless told,
 * is larger than what `webgpu` (or the given device) binds, and the same network on the cpu; prints losses and times and compares
 * the losses, the gradient norms and every parameter. Code 1 when they differ. Takes four times the table's memory on each
 * device, one after the other, and twice on the host.
 */
import {
  type Device,
  type DeviceKind,
  type LukeBatch,
  type LukeConfig,
  LukeNetwork,
  openDevice,
} from "@lukeforge/model";

const [kind = "webgpu", entities = "500000", width = "256", steps = "3"] = Deno.args;

const config: LukeConfig = {
  baseModelType: "roberta",
  vocabSize: 1000,
  entityVocabSize: Number(entities),
  hiddenSize: 64,
  entityEmbSize: Number(width),
  numHiddenLayers: 1,
  numAttentionHeads: 4,
  intermediateSize: 128,
  maxPositionEmbeddings: 40,
  typeVocabSize: 1,
  layerNormEps: 1e-5,
  hiddenDropoutProb: 0.1,
  attentionProbsDropoutProb: 0.1,
  initializerRange: 0.02,
  padTokenId: 1,
  useEntityAwareAttention: false,
  tieWordEmbeddings: true,
};

const capacity = { rows: 4, words: 16, entities: 4, mentionLength: 2, maskedWords: 8, maskedEntities: 8 };

/** A full batch; its entities are spread over the whole table, the first and the last among them. */
function batch(step: number): LukeBatch {
  const { rows, words, entities: places, mentionLength } = capacity;
  const count = rows * places;
  const spread = (i: number): number => Math.floor((config.entityVocabSize - 1) * i / (count - 1));
  const filled = (length: number, value: (i: number) => number): Int32Array =>
    Int32Array.from({ length }, (_, i) => value(i));
  return {
    rows,
    words,
    entities: places,
    mentionLength,
    wordIds: filled(rows * words, (i) => 2 + (i * 37 + step) % (config.vocabSize - 2)),
    wordAttentionMask: filled(rows * words, () => 1),
    entityIds: filled(count, (i) => Math.max(1, spread(i))),
    entityAttentionMask: filled(count, () => 1),
    entityPositionIds: filled(count * mentionLength, (i) => 1 + i % words),
    maskedWordPositions: filled(8, (i) => i * 8),
    maskedWordLabels: filled(8, (i) => 2 + i * 100),
    maskedEntityPositions: filled(8, (i) => i * 2),
    maskedEntityLabels: filled(8, (i) => spread(2 * i + 1)),
  };
}

interface Outcome {
  readonly losses: readonly number[];
  readonly parameters: ReadonlyMap<string, Float32Array>;
}

async function train(device: Device): Promise<Outcome> {
  const begin = performance.now();
  const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
  const table = 4 * config.entityVocabSize * config.entityEmbSize;
  console.log(
    `${device.description}: a table of ${table} bytes, bindings of at most ${device.maxBindingBytes}`,
  );
  await using network = await LukeNetwork.create(device, config, {
    capacities: [capacity],
    training: {
      gradientAccumulationSteps: 1,
      optimizer: { betas: [0.9, 0.98], eps: 1e-6, weightDecay: 0.01, biasCorrection: false, maxGradNorm: 1 },
    },
  });
  network.initialize(1);
  console.log(`  ready after ${seconds(begin)}, ${device.allocatedBytes} bytes on the device`);
  const losses: number[] = [];
  for (let step = 0; step < Number(steps); step++) {
    const start = performance.now();
    await network.accumulate(batch(step), { seed: 1, step, microStep: 0 });
    await network.update(1e-3);
    const { word, entity, gradNorm } = await network.readMetrics();
    losses.push(word.sumOfMeans, entity.sumOfMeans, gradNorm);
    console.log(
      `  step ${step}: word loss ${word.sumOfMeans.toFixed(5)}, entity loss ${
        entity.sumOfMeans.toFixed(5)
      }, ` +
        `gradient norm ${gradNorm.toFixed(5)}, ${seconds(start)}`,
    );
  }
  const start = performance.now();
  const parameters = await network.readParameters();
  console.log(`  parameters read in ${seconds(start)}`);
  return { losses, parameters };
}

async function trainOn(kind: DeviceKind): Promise<Outcome> {
  const device = await openDevice(kind);
  try {
    return await train(device);
  } finally {
    device.destroy();
  }
}

const [tested, expected] = [await trainOn(kind as DeviceKind), await trainOn("cpu")];
let faults = 0;
const check = (name: string, difference: number, bound: number): void => {
  const good = difference < bound;
  if (!good) faults++;
  console.log(`${good ? "ok    " : "FAILED"} ${name}: largest difference ${difference}`);
};
check(
  "losses and gradient norms",
  Math.max(...tested.losses.map((loss, i) => Math.abs(loss - (expected.losses[i] ?? NaN)))),
  1e-4,
);
for (const [name, values] of expected.parameters) {
  const actual = tested.parameters.get(name);
  let largest = 0;
  values.forEach((value, i) => largest = Math.max(largest, Math.abs(value - (actual?.[i] ?? NaN))));
  if (Number.isNaN(largest) || largest >= 1e-4 || name.includes("entity_embeddings.entity")) {
    check(name, largest, 1e-4);
  }
}
Deno.exit(faults === 0 ? 0 : 1);
