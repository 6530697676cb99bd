/**
 * Features of the engine together: whatever the precision, recompute, cuts of bindings, chunks of the vocabulary and the order in which
 * memory is reused, tiny networks of odd shapes on odd batches train as the plain one on the oracle does.
 */
import assert from "node:assert/strict";
import { CpuDevice } from "./cpu/cpu_device.ts";
import type { Device } from "./device.ts";
import { LukeNetwork } from "./luke_network.ts";
import { openDevice } from "./open_device.ts";
import type { Format } from "./ops/half/format.ts";
import { ReferenceDevice } from "./reference_device.ts";
import { harsh, type Harshness } from "./testdata_harsh_device.ts";
import { Choices, type RandomLuke, randomLuke } from "./testdata_random_luke.ts";
import { webgpuAvailable } from "./webgpu/request.ts";

interface Features extends Harshness {
  readonly precision: Format;
  readonly recompute: boolean;
  readonly logitBytes: number;
}

const PLAIN: Features = { precision: "f32", recompute: false, logitBytes: 2 ** 26 };

function randomFeatures(seed: number): Features {
  const random = new Choices(~seed);
  return {
    precision: random.of("f32", "f32", "bf16", "f16"),
    recompute: random.once(2),
    logitBytes: random.of(1, 4096, 16384, 2 ** 26),
    poison: random.once(2),
    maxBindingBytes: random.of(256, 512, 1024, 4096, 2 ** 26),
  };
}

/** Values by what they are of and by name, such as `gradients 0` and the name of a parameter. */
type Trained = ReadonlyMap<string, ReadonlyMap<string, Float32Array>>;

/** Low enough that hardly a gradient overflows. */
const LOSS_SCALE = 16;

async function train(
  on: Device,
  { config, capacities, optimizer, steps }: RandomLuke,
  features: Features,
): Promise<Trained> {
  const { precision, recompute, logitBytes } = features;
  await using network = await LukeNetwork.create(harsh(on, features), config, {
    capacities,
    precision,
    logitBytes,
    training: { gradientAccumulationSteps: steps[0]?.length ?? 1, optimizer, recompute },
  });
  network.initialize(1);
  const lossScale = { scale: LOSS_SCALE, updates: 0 };
  network.writeOptimizerState({ ...await network.readOptimizerState(), lossScale }, 0);
  const scale = precision === "f16" ? LOSS_SCALE : 1;
  const trained = new Map<string, ReadonlyMap<string, Float32Array>>();
  const metrics: number[] = [];
  for (const [step, batches] of steps.entries()) {
    for (const [microStep, batch] of batches.entries()) {
      await network.accumulate(batch, { seed: 3, step, microStep });
    }
    const gradients = await network.readGradients();
    trained.set(
      `gradients ${step}`,
      new Map([...gradients].map(([name, of]) => [name, of.map((x) => x / scale)])),
    );
    await network.update(1e-3);
    for (const batch of batches) await network.evaluate(batch);
    const { word, entity, gradNorm, skippedUpdates } = await network.readMetrics();
    for (const head of [word, entity]) metrics.push(head.lossSum, head.count, head.sumOfMeans);
    metrics.push(gradNorm, skippedUpdates);
  }
  trained.set("metrics", new Map([["metrics", Float32Array.from(metrics)]]));
  trained.set("parameters", await network.readParameters());
  const { expAvg, expAvgSq } = await network.readOptimizerState();
  return trained.set("first moments", expAvg).set("second moments", expAvgSq);
}

/** The largest difference of any kind of values, over the largest value of that kind, and where it is; Infinity for NaN. */
function difference(actual: Trained, expected: Trained): { error: number; where: string } {
  let worst = { error: 0, where: "" };
  for (const [kind, byName] of expected) {
    let size = 1e-6;
    for (const values of byName.values()) for (const value of values) size = Math.max(size, Math.abs(value));
    for (const [name, values] of byName) {
      const others = actual.get(kind)?.get(name);
      values.forEach((value, i) => {
        const off = Math.abs(value - (others?.[i] ?? NaN)) / size;
        const error = Number.isNaN(off) ? Infinity : off;
        if (error > worst.error) {
          worst = { error, where: `${kind} ${name}[${i}]: ${others?.[i]} for ${value}` };
        }
      });
    }
  }
  return worst;
}

function assertNear(actual: Trained, expected: Trained, bound: number, what: string): void {
  const { error, where } = difference(actual, expected);
  assert.ok(error < bound, `${what}: off by ${error} at ${where}`);
}

const oracle = new ReferenceDevice("f64");

const ROUNDING: Readonly<Record<Format, number>> = { f32: 1e-7, f16: 0.03, bf16: 0.2 };

Deno.test("networks train as the plain one does, whatever features go together", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const luke = randomLuke(seed);
    const features = randomFeatures(seed);
    const [actual, expected] = [await train(oracle, luke, features), await train(oracle, luke, PLAIN)];
    assertNear(actual, expected, ROUNDING[features.precision], `seed ${seed} ${JSON.stringify(features)}`);
  }
});

// Sums in f32 and f64 now and then round to different neighbours.
const NEIGHBOURS: Readonly<Record<Format, number>> = { f32: 1e-4, f16: 0.01, bf16: 0.05 };

Deno.test("networks on cpu train as on the oracle with any features, to the same bits with any threads and recompute", async () => {
  const [one, three] = [await CpuDevice.create({ threads: 1 }), await CpuDevice.create({ threads: 3 })];
  for (let seed = 21; seed <= 28; seed++) {
    const luke = randomLuke(seed);
    const features = randomFeatures(seed);
    const what = `seed ${seed} ${JSON.stringify(features)}`;
    const actual = await train(one, luke, features);
    assertNear(
      actual,
      await train(oracle, luke, { ...features, maxBindingBytes: 2 ** 26 }),
      NEIGHBOURS[features.precision],
      what,
    );
    assert.deepEqual(await train(three, luke, features), actual, what);
    assert.deepEqual(
      await train(one, luke, { ...features, recompute: !features.recompute, poison: false }),
      actual,
      what,
    );
  }
  one.destroy();
  three.destroy();
});

Deno.test({
  name: "networks on webgpu train as on the oracle with any features",
  ignore: !await webgpuAvailable(),
  async fn() {
    const device = await openDevice("webgpu");
    for (const seed of [29]) {
      const luke = randomLuke(seed);
      const features = randomFeatures(seed);
      assertNear(
        await train(device, luke, features),
        await train(oracle, luke, features),
        NEIGHBOURS[features.precision],
        `seed ${seed} ${JSON.stringify(features)}`,
      );
    }
    device.destroy();
  },
});
