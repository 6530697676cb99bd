/** A network whose heads decode in chunks against one whose heads decode at once. */
import assert from "node:assert/strict";
import { CpuDevice } from "./cpu/cpu_device.ts";
import type { Device } from "./device.ts";
import { LukeNetwork } from "./luke_network.ts";
import { ReferenceDevice } from "./reference_device.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "./testdata_tiny_luke.ts";

const devices: readonly [string, number, () => Promise<Device>][] = [
  ["the reference in f64", 1e-7, () => Promise.resolve(new ReferenceDevice("f64"))],
  ["cpu", 1e-5, () => CpuDevice.create({ threads: 2 })],
];

function assertClose(actual: Float32Array, expected: Float32Array, bound: number, name: string): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.equal(actual.length, expected.length, name);
  expected.forEach((value, i) => {
    const difference = Math.abs((actual[i] ?? NaN) - value);
    assert.ok(difference <= bound * largest, `${name}[${i}]: ${actual[i]} for ${value}`);
  });
}

for (const [kind, bound, open] of devices) {
  Deno.test(`LukeNetwork with heads in chunks does what it does with whole ones on ${kind}`, async () => {
    const device = await open();
    const config = tinyLukeConfig({ vocabSize: 203, entityVocabSize: 131 });
    const make = async (logitBytes?: number): Promise<LukeNetwork> => {
      const network = await LukeNetwork.create(device, config, {
        capacities: [TINY_CAPACITY],
        training: {
          gradientAccumulationSteps: 2,
          optimizer: {
            betas: [0.9, 0.999],
            eps: 1e-6,
            weightDecay: 0.01,
            biasCorrection: false,
            maxGradNorm: 1,
          },
        },
        ...(logitBytes && { logitBytes }),
      });
      network.initialize(3);
      return network;
    };
    const whole = await make();
    const chunked = await make(1); // the least: 64 classes at a time
    const batches = [tinyLukeBatch(config, 1), tinyLukeBatch(config, 2)];
    for (const network of [whole, chunked]) {
      for (const [microStep, batch] of batches.entries()) {
        await network.accumulate(batch, { seed: 1, step: 0, microStep });
      }
    }
    const metrics = async (network: LukeNetwork): Promise<Float32Array> => {
      const { word, entity } = await network.readMetrics();
      return Float32Array.from([word, entity].flatMap((head) => Object.values(head)));
    };
    assertClose(await metrics(chunked), await metrics(whole), bound, "metrics");
    const [actual, expected] = [await chunked.readGradients(), await whole.readGradients()];
    for (const [name, values] of expected) {
      // The gradient of a key's bias is zero but for rounding.
      if (name.endsWith("key.bias")) continue;
      assertClose(actual.get(name) ?? new Float32Array(), values, bound, name);
    }
    for (const batch of batches) {
      for (const network of [whole, chunked]) await network.evaluate(batch);
      assertClose(await metrics(chunked), await metrics(whole), bound, "metrics of an evaluation");
      // Logits are asked for a row at a time where that is all that logitBytes allows.
      assert.deepEqual(await chunked.wordLogits(batch), await whole.wordLogits(batch));
      assert.deepEqual(await chunked.entityLogits(batch), await whole.entityLogits(batch));
      for (const network of [whole, chunked]) await network.readMetrics();
    }
    device.destroy();
  });
}
