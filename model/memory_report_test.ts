import assert from "node:assert/strict";
import { lukeMemory, planLuke } from "./luke_footprint.ts";
import { LukeNetwork, type LukeTrainingOptions } from "./luke_network.ts";
import { LUKE_SHAPES, withRows } from "./luke_shapes.ts";
import { liveBytes, memoryReport } from "./memory_report.ts";
import { ReferenceDevice } from "./reference_device.ts";
import { TINY_CAPACITY, tinyLukeConfig } from "./testdata_tiny_luke.ts";

const training: LukeTrainingOptions = {
  gradientAccumulationSteps: 1,
  optimizer: { betas: [0.9, 0.999], eps: 1e-6, weightDecay: 0.01, biasCorrection: false, maxGradNorm: 1 },
};

Deno.test("memoryReport() of a planned network has the bytes that a device allocates for it", async () => {
  const config = tinyLukeConfig({ numHiddenLayers: 2, hiddenDropoutProb: 0.1 });
  for (const options of [{}, { training }, { training: { ...training, recompute: true } }]) {
    const device = new ReferenceDevice("f32");
    const network = await LukeNetwork.create(device, config, { capacities: [TINY_CAPACITY], ...options });
    if (!("training" in options)) await network.prepareEvaluation();
    const report = await lukeMemory({ config, capacity: TINY_CAPACITY, ...options });
    assert.equal(report.bytes, device.allocatedBytes);
    assert.equal(report.parts.reduce((sum, { bytes }) => sum + bytes, 0), report.bytes);
    await network[Symbol.asyncDispose]();
  }
});

Deno.test("memoryReport() tells parameters, gradients, moments, activations and inputs apart, and what fills the fullest moment", async () => {
  const { config, capacity } = LUKE_SHAPES.base;
  const device = await planLuke({ config, capacity, training });
  const { parts, fullest } = memoryReport(device);
  const bytes = new Map(parts.map((part) => [part.name, part.bytes]));
  const parameters = bytes.get("parameters") ?? 0;
  assert.ok(parameters > 450 * 2 ** 20, `${parameters}`);
  for (const name of ["gradients", "first moments", "second moments"]) {
    assert.equal(bytes.get(name), parameters, name);
  }
  assert.ok((bytes.get("inputs") ?? 0) > 0);
  const activations = bytes.get("activations") ?? 0;
  assert.ok(
    fullest.bytes <= activations && activations < 1.05 * fullest.bytes,
    "little is lost by the layout",
  );
  assert.equal(fullest.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0), fullest.bytes);
  assert.ok(fullest.tensors.some(({ count, name }) => count === 12 && name.includes("layer.*.")));
  const [program] = device.programs;
  assert.ok(program);
  assert.equal(liveBytes(program.dispatches)[fullest.dispatch], fullest.bytes);
});

Deno.test("lukeMemory() of more rows, and without recompute, is more", async () => {
  const { config, capacity } = LUKE_SHAPES.small;
  const bytes = async (rows: number, recompute: boolean): Promise<number> =>
    (await lukeMemory({ config, capacity: withRows(capacity, rows), training: { ...training, recompute } }))
      .bytes;
  assert.ok(await bytes(8, false) < await bytes(16, false));
  assert.ok(await bytes(16, true) < 0.75 * await bytes(16, false));
});
