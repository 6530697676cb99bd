import assert from "node:assert/strict";
import { defaultDataWorkers } from "./training_data.ts";

Deno.test("defaultDataWorkers() starts threads where the training's own has something else to do", () => {
  assert.equal(defaultDataWorkers("cpu", 64, 1e9), 0);
  assert.equal(defaultDataWorkers("webgpu", 64, 1e9), 2);
  assert.equal(defaultDataWorkers("dawn", 2, 1e9), 1);
  assert.equal(defaultDataWorkers("webgpu", 1, 1e9), 0);
  assert.equal(defaultDataWorkers("webgpu", 64, 1000), 0);
});
