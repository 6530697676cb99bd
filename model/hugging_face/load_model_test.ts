import assert from "node:assert/strict";
import { elementCount, lukeParameters, openDevice, WeightsError } from "../mod.ts";
import type { Device } from "../device.ts";
import { isHead } from "./canonical_names.ts";
import { loadModel, type LoadModelOptions } from "./load_model.ts";
import { openModel } from "./open_model.ts";
import { MODEL_TYPES } from "./opened_model.ts";
import {
  modelDirectory,
  numbers,
  type Settings,
  type Tensors,
  tinySettings,
  tinyTensors,
} from "./testdata_model_directory.ts";

const CAPACITIES = [{ rows: 1, words: 6, entities: 2, mentionLength: 2, maskedWords: 2, maskedEntities: 1 }];

async function load(
  device: Device,
  settings: Settings,
  tensors: Tensors,
  options: Partial<LoadModelOptions> = {},
): Promise<ReadonlyMap<string, Float32Array>> {
  using directory = modelDirectory(settings, tensors);
  using model = openModel(directory.path);
  await using network = await loadModel(device, model, { capacities: CAPACITIES, ...options });
  return await network.readParameters();
}

async function refused(
  settings: Settings,
  tensors: Tensors,
  options?: Partial<LoadModelOptions>,
): Promise<string> {
  const device = await openDevice("cpu", { threads: 1 });
  try {
    await load(device, settings, tensors, options);
  } catch (error) {
    assert.ok(error instanceof WeightsError, String(error));
    assert.ok(!error.message.includes("\n"));
    return error.message;
  } finally {
    device.destroy();
  }
  throw new Error("not refused");
}

Deno.test("loadModel() brings every tensor of each type to the device", async () => {
  const device = await openDevice("cpu", { threads: 1 });
  for (const modelType of MODEL_TYPES) {
    const settings = tinySettings(modelType);
    using directory = modelDirectory(settings);
    using model = openModel(directory.path);
    await using network = await loadModel(device, model, { capacities: CAPACITIES });
    const values = await network.readParameters();
    assert.deepEqual([...values.keys()].toSorted(), [...model.tensors.keys()].toSorted());
    for (const [name, tensor] of model.tensors) {
      assert.deepEqual(values.get(name), tensor.readFloats(0, elementCount(tensor.shape)), name);
    }
  }
  device.destroy();
});

Deno.test("loadModel() initialises what may be fresh from the seed and nothing else", async () => {
  const device = await openDevice("cpu", { threads: 1 });
  const settings = tinySettings("luke");
  const tensors = tinyTensors(settings);
  const encoder: Tensors = new Map([...tensors].filter(([name]) => !isHead(name)));
  const [a, b, c] = [
    await load(device, settings, encoder, { fresh: isHead, seed: 1 }),
    await load(device, settings, encoder, { fresh: isHead, seed: 1 }),
    await load(device, settings, encoder, { fresh: isHead, seed: 2 }),
  ];
  assert.deepEqual(a, b);
  assert.notDeepEqual(a.get("lm_head.dense.weight"), c.get("lm_head.dense.weight"));
  assert.deepEqual(a.get("lm_head.layer_norm.weight"), new Float32Array(8).fill(1));
  for (const [name, { data }] of encoder) assert.deepEqual(a.get(name), data);
  device.destroy();
});

Deno.test("loadModel() lists what does not match, and the remedy", async () => {
  const settings = tinySettings("bert");
  const tensors = tinyTensors(settings);
  const encoder: Tensors = new Map([...tensors].filter(([name]) => name.startsWith("bert.")));
  assert.match(
    await refused(settings, encoder),
    /: the weights are not those of the configuration: 5 missing \(lm_head\.dense\.weight, .*\); the file has no head: use it/,
  );
  const changed: Tensors = new Map([...tensors, [
    "bert.embeddings.word_embeddings.weight",
    numbers([24, 8], 1),
  ]]);
  changed.set("adapter.weight", numbers([2], 1));
  changed.delete("bert.encoder.layer.0.output.dense.bias");
  assert.match(
    await refused(settings, changed),
    new RegExp(
      "1 missing \\(luke\\.encoder\\.layer\\.0\\.output\\.dense\\.bias\\), 1 unexpected \\(adapter\\.weight\\), " +
        "1 misshapen \\(luke\\.embeddings\\.word_embeddings\\.weight \\[24, 8\\] for \\[20, 8\\]\\); use the config\\.json",
    ),
  );
  const { config } = { config: tinySettings("bert", { num_hidden_layers: 4 }) };
  assert.match(
    await refused(config, tensors),
    /32 missing \(.*layer\.2\..* and 20 more\); use the config\.json/,
  );
  const fewer = tinySettings("bert", { num_hidden_layers: 1 });
  assert.match(await refused(fewer, tensors), /: 16 unexpected \(.* and 4 more\)/);
  const device = await openDevice("cpu", { threads: 1 });
  assert.equal((await load(device, fewer, tensors, { ignoreUnexpected: true })).size, 26);
  device.destroy();
});

Deno.test("loadModel() refuses numbers that are not finite", async () => {
  const settings = tinySettings("roberta");
  const tensors = tinyTensors(settings);
  const name = "roberta.encoder.layer.0.output.dense.weight";
  const data = new Float32Array(8 * 16);
  data[9] = NaN;
  tensors.set(name, { shape: [8, 16], data });
  assert.match(
    await refused(settings, tensors),
    /luke\.encoder\.layer\.0\.output\.dense\.weight: element 9 is NaN/,
  );
});

Deno.test("loadModel() loads a decoder of its own", async () => {
  const device = await openDevice("cpu", { threads: 1 });
  const settings = tinySettings("roberta", { tie_word_embeddings: false });
  const values = await load(device, settings, tinyTensors(settings));
  assert.equal(values.get("lm_head.decoder.weight")?.length, 160);
  const tied = tinySettings("roberta");
  using directory = modelDirectory(tied);
  using model = openModel(directory.path);
  assert.equal(lukeParameters(model.config).length + 1, values.size);
  device.destroy();
});

Deno.test("loadModel() asks for a few MiB of a tensor at a time, whatever its size", async () => {
  const device = await openDevice("cpu", { threads: 1 });
  using directory = modelDirectory(tinySettings("bert", { vocab_size: 300_000 }));
  using model = openModel(directory.path);
  let [largest, all] = [0, 0];
  const tensors = new Map([...model.tensors].map(([name, tensor]) => [name, {
    ...tensor,
    shape: tensor.shape,
    readFloats(begin: number, end: number): Float32Array {
      largest = Math.max(largest, end - begin);
      all += end - begin;
      return tensor.readFloats(begin, end);
    },
  }]));
  await using network = await loadModel(device, { ...model, tensors }, { capacities: CAPACITIES });
  assert.equal(all, network.parameterCount);
  assert.ok(all > 2 * 2 ** 20 && largest <= 2 ** 20, `${largest} of ${all}`);
  device.destroy();
});
