import assert from "node:assert/strict";
import { planLuke } from "./luke_footprint.ts";
import { LukeNetwork } from "./luke_network.ts";
import { PlanningDevice } from "./planning_device.ts";
import { TINY_CAPACITY, tinyLukeConfig } from "./testdata_tiny_luke.ts";

Deno.test("PlanningDevice runs and reads nothing, and gives back what is freed", async () => {
  const device = await planLuke({ config: tinyLukeConfig(), capacity: TINY_CAPACITY });
  assert.ok(device.allocatedBytes > 0);
  await assert.rejects(() => device.run(), /runs nothing/);
  await assert.rejects(() => device.read(), /computes nothing/);
  device.destroy();
  assert.equal(device.allocatedBytes, 0);

  const other = new PlanningDevice();
  const network = await LukeNetwork.create(other, tinyLukeConfig(), {
    capacities: [TINY_CAPACITY],
  });
  await network[Symbol.asyncDispose]();
  assert.equal(other.allocatedBytes, 0);
  assert.equal(other.programs.size, 0);
});
