/** Time of a training step by device and shape. `deno run -A model/luke_network_bench.ts [cpu|webgpu] [sample|small|base|large]` */
import { LUKE_SHAPE_NAMES, LUKE_SHAPES, type LukeShapeName } from "./luke_shapes.ts";
import { type LukeBatch, LukeNetwork, openDevice } from "./mod.ts";
import { uniformGenerator } from "./random_normal.ts";

const [kind = "cpu", shape = "sample", count = "20"] = Deno.args;

const { capacity, config } = LUKE_SHAPES[oneOf(shape)];

function oneOf(name: string): LukeShapeName {
  const found = LUKE_SHAPE_NAMES.find((known) => known === name);
  if (!found) throw new RangeError(`shapes: ${LUKE_SHAPE_NAMES.join(", ")}`);
  return found;
}

const uniform = uniformGenerator(1);
const below = (n: number, from = 0): number => from + Math.floor(uniform() * (n - from));
const { rows, words, entities, mentionLength } = capacity;
const batch: LukeBatch = {
  rows,
  words,
  entities,
  mentionLength,
  wordIds: Int32Array.from({ length: rows * words }, () => below(config.vocabSize, 2)),
  wordAttentionMask: new Int32Array(rows * words).fill(1),
  entityIds: Int32Array.from({ length: rows * entities }, () => below(config.entityVocabSize, 3)),
  entityAttentionMask: new Int32Array(rows * entities).fill(1),
  entityPositionIds: Int32Array.from(
    { length: rows * entities * mentionLength },
    (_, i) => i % mentionLength < 2 ? below(words) : -1,
  ),
  maskedWordPositions: Int32Array.from(
    { length: capacity.maskedWords },
    (_, i) => Math.floor(i * rows * words / capacity.maskedWords),
  ),
  maskedWordLabels: Int32Array.from({ length: capacity.maskedWords }, () => below(config.vocabSize)),
  maskedEntityPositions: Int32Array.from(
    { length: capacity.maskedEntities },
    (_, i) => Math.floor(i * rows * entities / capacity.maskedEntities),
  ),
  maskedEntityLabels: Int32Array.from(
    { length: capacity.maskedEntities },
    () => below(config.entityVocabSize),
  ),
};

const device = await openDevice(kind === "webgpu" ? "webgpu" : "cpu");
const network = await LukeNetwork.create(device, config, {
  capacities: [capacity],
  training: {
    gradientAccumulationSteps: 1,
    optimizer: { betas: [0.9, 0.999], eps: 1e-6, weightDecay: 0.01, biasCorrection: false, maxGradNorm: 1 },
  },
});
network.initialize(1);
const step = async (s: number): Promise<void> => {
  await network.accumulate(batch, { seed: 1, step: s, microStep: 0 });
  await network.update(1e-4);
};
for (let s = 0; s < 3; s++) await step(s);
await network.readMetrics();
const begin = performance.now();
for (let s = 0; s < Number(count); s++) await step(s + 3);
const { word } = await network.readMetrics();
const seconds = (performance.now() - begin) / 1000 / Number(count);

const { hiddenSize: h, intermediateSize: f, numHiddenLayers: l, entityEmbSize: e } = config;
const length = words + entities;
const forward = rows * (length * l * (8 * h * h + 4 * h * f + 4 * length * h) + entities * 2 * e * h) +
  capacity.maskedWords * (2 * h * h + 2 * h * config.vocabSize) +
  capacity.maskedEntities * (2 * h * e + 2 * e * config.entityVocabSize);
console.log(
  `${shape} on ${device.description}: ${network.parameterCount} parameters, ${
    (seconds * 1000).toFixed(1)
  } ms a step, ` +
    `${(rows * words / seconds).toFixed(0)} words/s, ${(3 * forward / seconds / 1e9).toFixed(1)} GFLOP/s, ` +
    `${(device.allocatedBytes / 2 ** 20).toFixed(0)} MiB, loss ${
      (word.sumOfMeans / Number(count)).toFixed(3)
    }`,
);
device.destroy();
