import assert from "node:assert/strict";
import { CpuDevice } from "./cpu/cpu_device.ts";
import { LukeNetwork } from "./luke_network.ts";
import { lukeParameters, withEntityAwareQueries } from "./luke_parameters.ts";
import { relativeDifference } from "./ops/testdata_run_op_case.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "./testdata_tiny_luke.ts";

Deno.test("withEntityAwareQueries() copies the query where further queries are missing, and only where asked", () => {
  const attention = "luke.encoder.layer.0.attention.self";
  const given = new Map([[`${attention}.query.weight`, 1], [`${attention}.query.bias`, 2], [
    `${attention}.e2e_query.bias`,
    3,
  ]]);
  const plain = tinyLukeConfig();
  assert.deepEqual(withEntityAwareQueries(given, plain), given);
  const all = withEntityAwareQueries(given, { ...plain, useEntityAwareAttention: true });
  assert.equal(all.get(`${attention}.w2e_query.weight`), 1);
  assert.equal(all.get(`${attention}.e2w_query.bias`), 2);
  assert.equal(all.get(`${attention}.e2e_query.bias`), 3);
  assert.equal(all.size, 8);
});

Deno.test("LukeNetwork with entity-aware attention starts from a pretrained network's hidden states", async () => {
  const device = await CpuDevice.create({ threads: 1 });
  const plain = tinyLukeConfig();
  const aware = tinyLukeConfig({ useEntityAwareAttention: true });
  assert.equal(lukeParameters(aware).length, lukeParameters(plain).length + 6);
  const options = { capacities: [TINY_CAPACITY] };
  await using pretrained = await LukeNetwork.create(device, plain, options);
  await using fineTuned = await LukeNetwork.create(device, aware, options);
  pretrained.initialize(3);
  fineTuned.writeParameters(await pretrained.readParameters());
  const batch = tinyLukeBatch(plain, 5);
  const [actual, expected] = [await fineTuned.hiddenStates(batch), await pretrained.hiddenStates(batch)];
  for (const part of ["words", "entities"] as const) {
    assert.ok(relativeDifference(actual[part], expected[part]) < 1e-6); // keys in other blocks, sums in another order
  }
  device.destroy();
});
