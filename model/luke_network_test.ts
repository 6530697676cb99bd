import assert from "node:assert/strict";
import { CpuDevice } from "./cpu/cpu_device.ts";
import type { Device, Scalars } from "./device.ts";
import type { BatchCapacity, LukeBatch } from "./luke_batch.ts";
import type { LukeConfig } from "./luke_config.ts";
import { LukeNetwork } from "./luke_network.ts";
import { lukeParameters } from "./luke_parameters.ts";
import { openDevice } from "./open_device.ts";
import type { AdamWOptions } from "./ops/adamw/adamw.ts";
import { ReferenceDevice, type ReferenceProgram } from "./reference_device.ts";
import { narrow } from "./testdata_narrow_device.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "./testdata_tiny_luke.ts";
import { webgpuAvailable } from "./webgpu/request.ts";

const adamw: AdamWOptions = {
  betas: [0.9, 0.999],
  eps: 1e-6,
  weightDecay: 0.01,
  biasCorrection: false,
  maxGradNorm: 1,
};

/** More of everything than {@linkcode TINY_CAPACITY}. */
const LARGE: BatchCapacity = {
  rows: 4,
  words: 11,
  entities: 5,
  mentionLength: 6,
  maskedWords: 8,
  maskedEntities: 5,
};

const START = { seed: 1, step: 0, microStep: 0 } as const;

type Values = Map<string, Float32Array>;

async function makeNetwork(
  device: Device,
  config: LukeConfig,
  capacities: readonly BatchCapacity[] = [TINY_CAPACITY],
  optimizer: Partial<AdamWOptions> = {},
  recompute = false,
): Promise<LukeNetwork> {
  const network = await LukeNetwork.create(device, config, {
    capacities,
    training: { gradientAccumulationSteps: 1, optimizer: { ...adamw, ...optimizer }, recompute },
  });
  network.initialize(3);
  return network;
}

type Memory = ReturnType<ReferenceDevice["allocate"]>;

/** An oracle whose memory and runs can be looked at. */
class WatchedDevice extends ReferenceDevice {
  readonly memories: Memory[] = [];
  lastProgram: ReferenceProgram | undefined;

  override allocate(...of: Parameters<ReferenceDevice["allocate"]>): Memory {
    const memory = super.allocate(...of);
    this.memories.push(memory);
    return memory;
  }

  override run(program: ReferenceProgram, scalars: Scalars): Promise<void> {
    this.lastProgram = program;
    return super.run(program, scalars);
  }

  labelled(start: string): Memory[] {
    return this.memories.filter(({ label }) => label.startsWith(start));
  }
}

/** Where each parameter begins: page and offset, found by filling every parameter with its own number. */
function locate(device: WatchedDevice, network: LukeNetwork, fill: Values): Map<string, [number, number]> {
  const numbered = new Map(
    [...fill].map(([name, { length }], i) => [name, new Float32Array(length).fill(i + 1)]),
  );
  network.writeParameters(numbered);
  const places = new Map<string, [number, number]>();
  [...fill.keys()].forEach((name, i) => {
    device.labelled("parameters").forEach(({ array }, page) => {
      const offset = array.indexOf(i + 1);
      if (offset >= 0) places.set(name, [page, offset]);
    });
  });
  network.writeParameters(fill);
  return places;
}

const KINDS: Readonly<Record<string, Partial<LukeConfig>>> = {
  roberta: { baseModelType: "roberta" },
  bert: { baseModelType: "bert" },
  "words only": { baseModelType: "bert", entityVocabSize: 0 },
  "a decoder of its own": { tieWordEmbeddings: false },
};

for (const [kind, changes] of Object.entries(KINDS)) {
  Deno.test(`LukeNetwork.accumulate() has the gradient of finite differences, dropout included (${kind})`, async () => {
    const device = new WatchedDevice("f64");
    const config = tinyLukeConfig({ ...changes, hiddenDropoutProb: 0.1, attentionProbsDropoutProb: 0.2 });
    const network = await makeNetwork(device, config, [{ ...TINY_CAPACITY, rows: 3, words: 7, entities: 4 }]);
    const batch = tinyLukeBatch(config, 1);
    batch.entityPositionIds.fill(-1, batch.mentionLength, 2 * batch.mentionLength); // an entity without a place
    const places = locate(device, network, await network.readParameters());
    const [metrics] = device.labelled("metrics");
    assert.ok(metrics);

    // Unrounded, unlike readMetrics().
    const loss = async (): Promise<number> => {
      metrics.array.fill(0);
      await network.accumulate(batch, { seed: 1, step: 4, microStep: 0 });
      return (metrics.array[3] ?? NaN) + (metrics.array[7] ?? NaN);
    };
    await loss();
    const analytic = device.labelled("gradients").map(({ array }) => array.slice());
    const h = 1e-5;
    let checked = 0;
    for (const [name, shape] of network.parameterShapes) {
      const [page = -1, begin = 0] = places.get(name) ?? [];
      const values = device.labelled("parameters")[page]?.array;
      const gradient = analytic[page];
      assert.ok(values && gradient, name);
      const length = shape.reduce((a, b) => a * b);
      let steepest = 0;
      for (let i = 0; i < length; i++) {
        if (Math.abs(gradient[begin + i] ?? 0) > Math.abs(gradient[begin + steepest] ?? 0)) steepest = i;
      }
      for (const i of new Set([0, length >> 2, length >> 1, length - 1, steepest])) {
        const value = values[begin + i] ?? NaN;
        values[begin + i] = value + h;
        const above = await loss();
        values[begin + i] = value - h;
        const below = await loss();
        values[begin + i] = value;
        const numeric = (above - below) / (2 * h);
        const exact = gradient[begin + i] ?? NaN;
        assert.ok(
          Math.abs(numeric - exact) < 1e-8 + 1e-6 * Math.abs(numeric),
          `${name}[${i}]: ${exact}, numerically ${numeric}`,
        );
        if (i === steepest && length > 1) {
          // Equal shifts of all keys change no softmax: the only parameter without a gradient.
          assert.equal(
            Math.abs(exact) > 1e-6,
            !name.endsWith("self.key.bias"),
            `${name} has gradient ${exact}`,
          );
        }
        checked++;
      }
    }
    assert.ok(checked > 100);
    await network[Symbol.asyncDispose]();
    assert.equal(device.allocatedBytes, 0);
  });
}

/** Largest difference relative to the largest expected value of each tensor. */
function assertClose(actual: Values, expected: Values, bound: number): void {
  for (const [name, b] of expected) {
    const a = actual.get(name);
    assert.equal(a?.length, b.length, name);
    const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-4);
    b.forEach((value, i) => {
      assert.ok(Math.abs((a?.[i] ?? NaN) - value) <= bound * scale, `${name}[${i}]: ${a?.[i]} for ${value}`);
    });
  }
}

/** −0 as 0. */
function unsigned(values: Values): Values {
  return new Map([...values].map(([name, data]) => [name, data.map((value) => value + 0)]));
}

Deno.test("LukeNetwork runs a batch in the smallest plan that holds it, with the gradients of a larger one", async () => {
  const config = tinyLukeConfig();
  const batch = tinyLukeBatch(config, 2);
  const results: Values[] = [];
  const dispatched: unknown[] = [];
  for (const capacities of [[LARGE, TINY_CAPACITY], [LARGE]]) {
    const device = new WatchedDevice("f64");
    const network = await makeNetwork(device, config, capacities);
    await network.accumulate(tinyLukeBatch(config, 3, LARGE), START);
    const large = device.lastProgram;
    await network.accumulate(batch, START);
    dispatched.push(device.lastProgram === large);
    results.push(await network.readGradients());
  }
  assert.deepEqual(dispatched, [false, true]);
  const [small, large] = results;
  assert.ok(small && large);
  assertClose(small, large, 1e-6);
});

Deno.test("LukeNetwork.computedPlaces() counts a batch's rows at the width of its plan", async () => {
  const device = new ReferenceDevice("f32");
  const config = tinyLukeConfig();
  const network = await makeNetwork(device, config, [LARGE, TINY_CAPACITY]);
  const batch = tinyLukeBatch(config, 1);
  assert.equal(network.computedPlaces(batch), 2 * (6 + 3));
  assert.equal(network.computedPlaces({ ...batch, rows: 3 }), 3 * (11 + 5));
});

Deno.test("LukeNetwork.accumulate() refuses a batch that no plan holds and leaves the gradients", async () => {
  const config = tinyLukeConfig();
  const network = await makeNetwork(new ReferenceDevice("f32"), config);
  await network.accumulate(tinyLukeBatch(config, 1), START);
  const before = await network.readGradients();
  await assert.rejects(network.accumulate(tinyLukeBatch(config, 1, LARGE), START), {
    name: "RangeError",
    message: "the batch is beyond the plan's capacity: rows 4 of 2, words 11 of 6, entities 5 of 3, " +
      "mentionLength 6 of 4, masked words 8 of 4, masked entities 4 of 2",
  });
  assert.deepEqual(await network.readGradients(), before);
});

Deno.test("LukeNetwork.create() refuses an impossible configuration", async () => {
  const device = new ReferenceDevice();
  await assert.rejects(
    makeNetwork(device, tinyLukeConfig({ numAttentionHeads: 3 })),
    /hiddenSize 8 .* numAttentionHeads 3/,
  );
  await assert.rejects(
    makeNetwork(device, tinyLukeConfig({ vocabSize: 0 })),
    /vocabSize must be a positive integer/,
  );
  await assert.rejects(
    makeNetwork(device, tinyLukeConfig({ entityVocabSize: 2 ** 24 + 1 })),
    /entityVocabSize is 16777217, more than/,
  );
  assert.equal(device.allocatedBytes, 0);
});

for (const training of [true, false]) {
  Deno.test(`LukeNetwork that ${training ? "trains" : "evaluates"} where a plan cannot be made says why and frees all`, async () => {
    const device = narrow(new ReferenceDevice(), 512);
    const config = tinyLukeConfig({ hiddenSize: 32 });
    const work = async (): Promise<void> => {
      if (training) await makeNetwork(device, config);
      await using network = await LukeNetwork.create(device, config, { capacities: [TINY_CAPACITY] });
      await network.evaluate(tinyLukeBatch(config, 1));
    };
    await assert.rejects(work, { name: "DeviceError", message: /needs a binding of/ });
    assert.equal(device.allocatedBytes, 0);
  });
}

Deno.test("LukeNetwork.update() is AdamW with clipping and, when asked for, bias correction", async () => {
  const config = tinyLukeConfig();
  const specs = lukeParameters(config);
  for (const biasCorrection of [true, false]) {
    const network = await makeNetwork(new ReferenceDevice("f64"), config, [TINY_CAPACITY], {
      biasCorrection,
      maxGradNorm: 0.5,
    });
    const first = new Map<string, Float64Array>();
    const second = new Map<string, Float64Array>();
    for (let step = 1; step <= 4; step++) {
      const before = await network.readParameters();
      await network.accumulate(tinyLukeBatch(config, step), { ...START, step });
      const gradients = await network.readGradients();
      const rate = 0.01 / step;
      await network.update(rate);
      const norm = Math.hypot(...[...gradients.values()].flatMap((values) => [...values]));
      assert.ok(norm > 0.5, "the gradient is to be clipped");
      const expected: Values = new Map();
      for (const { name, decay } of specs) {
        const values = before.get(name) ?? new Float32Array();
        const m = first.get(name) ?? new Float64Array(values.length);
        const v = second.get(name) ?? new Float64Array(values.length);
        const next = values.map((value, i) => {
          const g = (gradients.get(name)?.[i] ?? NaN) * 0.5 / (norm + 1e-6);
          m[i] = 0.9 * (m[i] ?? NaN) + 0.1 * g;
          v[i] = 0.999 * (v[i] ?? NaN) + 0.001 * g * g;
          const mean = (m[i] ?? NaN) / (biasCorrection ? 1 - 0.9 ** step : 1);
          const square = (v[i] ?? NaN) / (biasCorrection ? 1 - 0.999 ** step : 1);
          return value - rate * (mean / (Math.sqrt(square) + 1e-6) + (decay ? 0.01 * value : 0));
        });
        first.set(name, m);
        second.set(name, v);
        expected.set(name, next);
      }
      assertClose(await network.readParameters(), expected, 2e-6);
      assert.ok(Math.abs((await network.readMetrics()).gradNorm - norm) < 1e-5 * norm);
    }
  }
});

Deno.test("LukeNetwork.writeOptimizerState() resumes to the same bits", async () => {
  const config = tinyLukeConfig({ hiddenDropoutProb: 0.1 });
  const device = await CpuDevice.create({ threads: 2 });
  const make = (): Promise<LukeNetwork> =>
    makeNetwork(device, config, [TINY_CAPACITY], { biasCorrection: true });
  const train = async (network: LukeNetwork, from: number, to: number): Promise<void> => {
    for (let step = from; step < to; step++) {
      await network.accumulate(tinyLukeBatch(config, step), { ...START, step });
      await network.update(1e-2);
    }
  };
  const [straight, resumed] = [await make(), await make()];
  await train(straight, 0, 3);
  resumed.initialize(99);
  resumed.writeParameters(await straight.readParameters());
  resumed.writeOptimizerState(await straight.readOptimizerState(), 3);
  await train(straight, 3, 6);
  await train(resumed, 3, 6);
  assert.deepEqual(await resumed.readParameters(), await straight.readParameters());
  assert.deepEqual(await resumed.readOptimizerState(), await straight.readOptimizerState());
  device.destroy();
});

const devices: readonly [string, boolean, () => Promise<Device>][] = [
  ["the reference", true, () => Promise.resolve(new ReferenceDevice("f32"))],
  ["cpu", true, () => CpuDevice.create({ threads: 2 })],
  ["webgpu", await webgpuAvailable(), () => openDevice("webgpu")],
];

for (const [kind, available, open] of devices) {
  Deno.test({
    name: `LukeNetwork on ${kind}`,
    ignore: !available,
    async fn(t) {
      const device = await open();
      const before = device.allocatedBytes;
      const config = tinyLukeConfig({ hiddenDropoutProb: 0.1, attentionProbsDropoutProb: 0.1 });
      const network = await makeNetwork(device, config, [LARGE]);
      const initial = await network.readParameters();
      const batch = tinyLukeBatch(config, 5);
      const step = async (): Promise<void> => {
        await network.accumulate(batch, START);
        await network.update(1e-2);
      };

      await t.step("update() is skipped where a gradient is not finite, and counted", async () => {
        await step();
        const good = await network.readParameters();
        const moments = await network.readOptimizerState();
        assert.equal((await network.readMetrics()).skippedUpdates, 0);
        for (const bad of [NaN, Infinity]) {
          const broken = new Map([...good].map(([name, values]) => [name, values.slice()]));
          broken.get("entity_predictions.transform.dense.weight")?.fill(bad, 3, 5);
          network.writeParameters(broken);
          await step();
          const metrics = await network.readMetrics();
          assert.ok(!Number.isFinite(metrics.gradNorm), `${bad} gives norm ${metrics.gradNorm}`);
          assert.equal(metrics.skippedUpdates, 1);
          assert.deepEqual(await network.readParameters(), broken);
          assert.deepEqual(await network.readOptimizerState(), moments);
        }
        network.writeParameters(good);
        await step();
        const metrics = await network.readMetrics();
        assert.ok(Number.isFinite(metrics.gradNorm));
        assert.equal(metrics.skippedUpdates, 0);
        assert.notDeepEqual(await network.readParameters(), good);
      });

      await t.step("evaluate() and logits change nothing but the metrics, and drop nothing out", async () => {
        const state = async () => ({
          parameters: await network.readParameters(),
          gradients: await network.readGradients(),
          moments: await network.readOptimizerState(),
        });
        const trained = await state();
        await network.readMetrics();
        await network.evaluate(batch);
        const metrics = await network.readMetrics();
        assert.equal(metrics.microSteps, 1);
        assert.equal(metrics.word.count, batch.maskedWordLabels.length);
        assert.equal(metrics.entity.count, batch.maskedEntityLabels.length);
        const logits = await network.wordLogits(batch);
        assert.deepEqual(await network.wordLogits(batch), logits);
        await network.entityLogits(batch);
        await network.readMetrics();
        await network.evaluate(batch);
        assert.deepEqual((await network.readMetrics()).word, metrics.word);
        assert.deepEqual(await state(), trained);
        const plain = await LukeNetwork.create(device, tinyLukeConfig(), { capacities: [LARGE] });
        plain.writeParameters(trained.parameters);
        assert.deepEqual(await plain.wordLogits(batch), logits);
        await plain[Symbol.asyncDispose]();
        // The head's loss is that of the logits.
        let loss = 0;
        batch.maskedWordLabels.forEach((label, row) => {
          const values = logits.subarray(row * config.vocabSize, (row + 1) * config.vocabSize);
          const sum = values.reduce((total, value) => total + Math.exp(value), 0);
          loss += Math.log(sum) - (values[label] ?? NaN);
        });
        assert.ok(Math.abs(loss - metrics.word.lossSum) < 1e-4 * loss);
      });

      /** What a batch leads to from the initial weights. */
      const outcome = async (of: LukeBatch) => {
        network.writeParameters(initial);
        await network.readMetrics();
        await network.accumulate(of, START);
        const { word, entity } = await network.readMetrics();
        return { gradients: unsigned(await network.readGradients()), word, entity };
      };

      await t.step("what lies in padded places never influences the result", async () => {
        const garbage = { ...batch, wordIds: batch.wordIds.slice(), entityIds: batch.entityIds.slice() };
        const entityPositionIds = batch.entityPositionIds.slice();
        batch.wordAttentionMask.forEach((seen, i) => {
          if (!seen) garbage.wordIds[i] = 7 + i % 5;
        });
        batch.entityAttentionMask.forEach((seen, i) => {
          if (seen) return;
          garbage.entityIds[i] = 4;
          entityPositionIds.fill(9, i * batch.mentionLength, (i + 1) * batch.mentionLength);
        });
        assert.notDeepEqual(garbage.wordIds, batch.wordIds);
        assert.notDeepEqual(garbage.entityIds, batch.entityIds);
        assert.deepEqual(await outcome({ ...garbage, entityPositionIds }), await outcome(batch));
      });

      await t.step("what an earlier, larger or broken batch left never influences the result", async () => {
        const clean = await outcome(batch);
        await network.accumulate(tinyLukeBatch(config, 6, LARGE), START);
        assert.deepEqual(await outcome(batch), clean);
        const broken = new Map([...initial].map(([name, values]) => [name, values.map(() => NaN)]));
        network.writeParameters(broken);
        await network.accumulate(tinyLukeBatch(config, 6, LARGE), START);
        assert.deepEqual(await outcome(batch), clean);
      });

      await t.step(
        "a batch without masked entities has entity loss 0 and no gradient of that head",
        async () => {
          const none = new Int32Array();
          const { gradients, entity, word } = await outcome({
            ...batch,
            maskedEntityPositions: none,
            maskedEntityLabels: none,
          });
          assert.deepEqual(entity, { lossSum: 0, correct: 0, count: 0, sumOfMeans: 0 });
          assert.ok(word.lossSum > 0);
          for (const [name, values] of gradients) {
            if (name.startsWith("entity_predictions.")) assert.ok(values.every((value) => value === 0), name);
          }
        },
      );

      await t.step("dropout differs between steps and repeats for the same one", async () => {
        const gradients = async (step: number): Promise<Values> => {
          await network.accumulate(batch, { ...START, step });
          return await network.readGradients();
        };
        const [one, two, again] = [await gradients(1), await gradients(2), await gradients(1)];
        assert.notDeepEqual(one, two);
        assert.deepEqual(one, again);
      });

      await t.step(
        "recompute gives the same gradients and loss to the bit, over two micro-steps",
        async () => {
          await using other = await makeNetwork(device, config, [LARGE], {}, true);
          const found = [];
          for (const each of [network, other]) {
            each.writeParameters(initial);
            await each.readMetrics();
            for (const microStep of [0, 1]) await each.accumulate(batch, { ...START, microStep });
            found.push({ gradients: await each.readGradients(), metrics: (await each.readMetrics()).word });
          }
          assert.deepEqual(found[1], found[0]);
        },
      );

      await network[Symbol.asyncDispose]();
      assert.equal(device.allocatedBytes, before);
      device.destroy();
    },
  });
}

Deno.test({
  name: "LukeNetwork trains a thousand steps on webgpu without growing",
  ignore: !await webgpuAvailable(),
  async fn() {
    const device = await openDevice("webgpu");
    const config = tinyLukeConfig({ hiddenDropoutProb: 0.1 });
    const network = await makeNetwork(device, config, [LARGE]); // whose pipelines the driver has cached by now
    const batches = Array.from({ length: 10 }, (_, i) => tinyLukeBatch(config, i));
    const allocated = device.allocatedBytes;
    let settled = 0;
    const losses: number[] = [];
    for (let step = 0; step < 1000; step++) {
      await network.accumulate(batches[step % 10] ?? tinyLukeBatch(config, 0), { ...START, step });
      await network.update(3e-3);
      if (step % 20 === 19) {
        const { word, entity, skippedUpdates } = await network.readMetrics();
        losses.push((word.sumOfMeans + entity.sumOfMeans) / 20);
        assert.equal(skippedUpdates, 0);
        assert.equal(device.allocatedBytes, allocated);
      }
      if (step === 299) settled = Deno.memoryUsage().rss;
    }
    const growth = Deno.memoryUsage().rss - settled;
    assert.ok(growth < 48 * 2 ** 20, `resident memory grew by ${growth} bytes`);
    assert.ok(
      (losses.at(-1) ?? Infinity) < (losses[0] ?? 0) / 2,
      `loss ${losses[0]} became ${losses.at(-1)}`,
    );
    await network[Symbol.asyncDispose]();
    assert.equal(device.allocatedBytes, 0);
    device.destroy();
  },
});
