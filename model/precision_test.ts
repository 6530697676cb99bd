/** Linear layers in half precision: the same network near the same gradients, on every device, and a loss scale that finds its place. */
import assert from "node:assert/strict";
import { CpuDevice } from "./cpu/cpu_device.ts";
import type { Device } from "./device.ts";
import { LukeNetwork } from "./luke_network.ts";
import type { LossScale } from "./optimizer.ts";
import { openDevice } from "./open_device.ts";
import type { Format } from "./ops/half/format.ts";
import { ReferenceDevice } from "./reference_device.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "./testdata_tiny_luke.ts";
import { webgpuAvailable } from "./webgpu/request.ts";

const config = tinyLukeConfig({ hiddenDropoutProb: 0.1, attentionProbsDropoutProb: 0.1 });
const batch = tinyLukeBatch(config, 1);

type Values = ReadonlyMap<string, Float32Array>;

interface Step {
  /** Of the loss as it is, whatever its scale. */
  readonly gradients: Values;
  readonly loss: number;
  readonly gradNorm: number;
  readonly skipped: number;
  readonly lossScale: LossScale | undefined;
  readonly parameters: Values;
}

/** A scale at which the one or two masked places of the batch do not overflow. */
const MODERATE: LossScale = { scale: 2 ** 12, updates: 0 };

/** One training step from the same weights; three times the usual ones, so that gradients are not all tiny. */
async function trainStep(device: Device, precision: Format, lossScale: LossScale = MODERATE): Promise<Step> {
  await using network = await LukeNetwork.create(device, config, {
    capacities: [TINY_CAPACITY],
    precision,
    // The tables in chunks, so that they are rounded chunk by chunk.
    logitBytes: 1024,
    training: {
      gradientAccumulationSteps: 1,
      optimizer: { betas: [0.9, 0.999], eps: 1e-6, weightDecay: 0.01, biasCorrection: true, maxGradNorm: 1 },
    },
  });
  network.initialize(3);
  const values = await network.readParameters();
  network.writeParameters(new Map([...values].map(([name, array]) => [name, array.map((x) => 3 * x)])));
  network.writeOptimizerState({ ...await network.readOptimizerState(), lossScale }, 0);
  const scale = precision === "f16" ? lossScale.scale : 1;
  await network.accumulate(batch, { seed: 1, step: 0, microStep: 0 });
  const scaled = await network.readGradients();
  await network.update(0.01);
  const { word, entity, gradNorm, skippedUpdates } = await network.readMetrics();
  return {
    gradients: new Map([...scaled].map(([name, array]) => [name, array.map((x) => x / scale)])),
    loss: word.lossSum + entity.lossSum,
    gradNorm,
    skipped: skippedUpdates,
    lossScale: (await network.readOptimizerState()).lossScale,
    parameters: await network.readParameters(),
  };
}

/** The largest |a − b| of any gradient, over the largest |b| of all. */
function distance(a: Values, b: Values): number {
  let greatest = 0;
  let size = 0;
  for (const [name, values] of b) {
    values.forEach((value, i) => {
      greatest = Math.max(greatest, Math.abs(value - (a.get(name)?.[i] ?? NaN)));
      size = Math.max(size, Math.abs(value));
    });
  }
  return greatest / size;
}

const oracle = new ReferenceDevice("f64");

// One rounding is off by at most 2^-11 (f16) or 2^-8 (bf16) of a number; a gradient has a few dozen behind it.
for (const [precision, bound] of [["f16", 5e-3], ["bf16", 4e-2]] as const) {
  Deno.test(`LukeNetwork in ${precision} is near the one in f32, and not the same`, async () => {
    const [half, whole] = [await trainStep(oracle, precision), await trainStep(oracle, "f32")];
    const off = distance(half.gradients, whole.gradients);
    assert.ok(off < bound && off > bound / 100, `${off}`);
    assert.ok(Math.abs(half.loss / whole.loss - 1) < bound);
    assert.ok(Math.abs(half.gradNorm / whole.gradNorm - 1) < bound);
    assert.equal(half.skipped, 0);
  });

  // Products of both formats are compared on all devices op by op; for a GPU one network is enough.
  for (const kind of precision === "f16" ? ["cpu", "webgpu"] as const : ["cpu"] as const) {
    Deno.test({
      name: `LukeNetwork in ${precision} on ${kind} rounds as the oracle does`,
      ignore: kind === "webgpu" && !await webgpuAvailable(),
      async fn() {
        const device = kind === "cpu" ? await CpuDevice.create({ threads: 2 }) : await openDevice("webgpu");
        const [actual, expected] = [await trainStep(device, precision), await trainStep(oracle, precision)];
        device.destroy();
        // Sums in f32 and f64 now and then round to different neighbours; a wrong rounding shows everywhere.
        const off = distance(actual.gradients, expected.gradients);
        assert.ok(off < bound / 5, `${off}`);
        assert.ok(Math.abs(actual.loss / expected.loss - 1) < bound / 20);
      },
    });
  }
}

Deno.test("LukeNetwork in f16 halves a loss scale that overflows, and skips that update", async () => {
  const before = await trainStep(oracle, "f16");
  assert.deepEqual(before.lossScale, { ...MODERATE, updates: 1 });
  const over = await trainStep(oracle, "f16", { scale: 2 ** 24, updates: 5 });
  assert.deepEqual(over.lossScale, { scale: 2 ** 23, updates: 0 });
  assert.equal(over.skipped, 1);
  assert.ok(Math.abs(over.loss - before.loss) < 1e-6, "the loss itself is not scaled");
  const grown = await trainStep(oracle, "f16", { scale: 2 ** 10, updates: 1999 });
  assert.deepEqual(grown.lossScale, { scale: 2 ** 11, updates: 0 });
  assert.equal(grown.skipped, 0);
  assert.ok(Math.abs(grown.gradNorm / before.gradNorm - 1) < 1e-3, "the norm is that of the loss as it is");
});

Deno.test("LukeNetwork has a loss scale in f16 alone", async () => {
  assert.equal((await trainStep(oracle, "bf16")).lossScale, undefined);
  assert.equal((await trainStep(oracle, "f32")).lossScale, undefined);
});
