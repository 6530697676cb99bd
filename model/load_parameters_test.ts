import assert from "node:assert/strict";
import type { LoadedTensor } from "./load_parameters.ts";
import type { LukeConfig } from "./luke_config.ts";
import { LukeNetwork } from "./luke_network.ts";
import { ReferenceDevice } from "./reference_device.ts";
import { TINY_CAPACITY, tinyLukeConfig } from "./testdata_tiny_luke.ts";
import { WeightsError } from "./weights/weights_error.ts";

const options = { capacities: [TINY_CAPACITY] };

async function initialized(config: LukeConfig, seed: number): Promise<LukeNetwork> {
  const network = await LukeNetwork.create(new ReferenceDevice("f32"), config, options);
  network.initialize(seed);
  return network;
}

/** The parameters of a network as if from a file; `lengths` collects how many elements were asked for at a time. */
async function storedTensors(
  network: LukeNetwork,
  lengths: number[] = [],
): Promise<Map<string, LoadedTensor>> {
  const tensors = new Map<string, LoadedTensor>();
  for (const [name, shape] of network.parameterShapes) {
    const values = await network.readParameter(name);
    const readFloats = (begin: number, end: number): Float32Array => {
      lengths.push(end - begin);
      return values.subarray(begin, end);
    };
    tensors.set(name, { shape, readFloats });
  }
  return tensors;
}

Deno.test("LukeNetwork.loadParameters() reads tensors in pieces and replaces every parameter", async () => {
  const config = tinyLukeConfig({ vocabSize: 2 ** 17 + 3 }); // words of more than a piece
  await using stored = await initialized(config, 1);
  await using network = await initialized(config, 2);
  const lengths: number[] = [];
  network.loadParameters(await storedTensors(stored, lengths));
  assert.deepEqual(await network.readParameters(), await stored.readParameters());
  assert.equal(Math.max(...lengths), 2 ** 20);
});

Deno.test("LukeNetwork.loadParameters() leaves what is fresh as it is", async () => {
  await using stored = await initialized(tinyLukeConfig({ entityVocabSize: 0 }), 1);
  await using network = await initialized(tinyLukeConfig(), 2);
  const before = await network.readParameters();
  network.loadParameters(await storedTensors(stored), { fresh: (name) => name.includes("entit") });
  const [after, base] = [await network.readParameters(), await stored.readParameters()];
  for (const [name, values] of after) {
    assert.deepEqual(values, (name.includes("entit") ? before : base).get(name), name);
  }
});

Deno.test("LukeNetwork.loadParameters() copies the query where further queries are missing", async () => {
  await using stored = await initialized(tinyLukeConfig(), 1);
  await using network = await initialized(tinyLukeConfig({ useEntityAwareAttention: true }), 2);
  network.loadParameters(await storedTensors(stored));
  const attention = "luke.encoder.layer.0.attention.self";
  assert.deepEqual(
    await network.readParameter(`${attention}.e2w_query.weight`),
    await stored.readParameter(`${attention}.query.weight`),
  );
});

Deno.test("LukeNetwork.loadParameters() lists every name that does not match and changes nothing", async () => {
  await using network = await initialized(tinyLukeConfig(), 2);
  const before = await network.readParameters();
  const tensors = await storedTensors(network);
  tensors.delete("lm_head.bias");
  tensors.delete("lm_head.dense.bias");
  const readFloats = (begin: number, end: number): Float32Array => new Float32Array(end - begin);
  tensors.set("cls.bias", { shape: [3], readFloats });
  tensors.set("entity_predictions.bias", { shape: [1, 11], readFloats });
  assert.throws(
    () => network.loadParameters(tensors, { source: "model.safetensors" }),
    new WeightsError(
      "model.safetensors: the tensors are not those of the network: lm_head.dense.bias is missing; " +
        "lm_head.bias is missing; entity_predictions.bias has shape [1, 11], [11] expected; cls.bias is unknown",
    ),
  );
  assert.deepEqual(await network.readParameters(), before);
});

Deno.test("LukeNetwork.loadParameters() refuses an element that is no finite number", async () => {
  await using network = await initialized(tinyLukeConfig(), 2);
  for (const value of [NaN, Infinity, -Infinity]) {
    const tensors = await storedTensors(network);
    const values = new Float32Array(19);
    values[17] = value;
    tensors.set("lm_head.bias", { shape: [19], readFloats: (begin, end) => values.subarray(begin, end) });
    assert.throws(
      () => network.loadParameters(tensors, { source: "model.safetensors" }),
      new WeightsError(`model.safetensors: lm_head.bias: element 17 is ${value}; the weights are damaged`),
    );
  }
});

Deno.test("LukeNetwork.readParameter() reads all or some elements of one parameter", async () => {
  await using network = await initialized(tinyLukeConfig(), 2);
  const name = "lm_head.dense.weight";
  const all = (await network.readParameters()).get(name);
  assert.deepEqual(await network.readParameter(name), all);
  assert.deepEqual(await network.readParameter(name, 7, 20), all?.subarray(7, 20));
  assert.equal((await network.readParameter(name, 64)).length, 0);
  await assert.rejects(network.readParameter(name, 7, 65), /has elements 0 to 64, not 7 to 65/);
  await assert.rejects(network.readParameter("lm_head"), /there is no parameter lm_head/);
});

Deno.test("LukeNetwork.initialize() of some parameters gives them what they get among all", async () => {
  await using network = await initialized(tinyLukeConfig(), 2);
  const before = await network.readParameters();
  await using other = await initialized(tinyLukeConfig(), 3);
  other.initialize(2, (name) => name.startsWith("lm_head"));
  for (const [name, values] of await other.readParameters()) {
    const isNormal = name.endsWith("weight") && !/norm/i.test(name);
    if (name.startsWith("lm_head")) assert.deepEqual(values, before.get(name));
    else if (isNormal) assert.notDeepEqual(values, before.get(name));
  }
});
