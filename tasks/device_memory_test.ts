import assert from "node:assert/strict";
import { PlanningDevice } from "@lukeforge/model";
import { deviceMemory, freeMemoryOf } from "./device_memory.ts";

Deno.test("freeMemoryOf() reads nvidia-smi's table for the adapter's name", () => {
  const table = "NVIDIA H100 80GB HBM3, 80994\nNVIDIA H100 80GB HBM3, 1200\nNVIDIA T4, 15000\n";
  assert.equal(freeMemoryOf("NVIDIA H100 80GB HBM3 (Vulkan)", table), 1200 * 2 ** 20);
  assert.equal(freeMemoryOf("AMD Radeon", table), undefined);
  assert.equal(freeMemoryOf("NVIDIA T4", ""), undefined);
  assert.equal(freeMemoryOf("NVIDIA T4", "NVIDIA T4, [N/A]\n"), undefined);
});

Deno.test("deviceMemory() is what the user says, unless the cpu device cannot address it", async () => {
  const device = new PlanningDevice();
  assert.equal(await deviceMemory(device, 5e9), 5e9);
  const cpu = Object.create(device, { kind: { value: "cpu" } });
  assert.ok((await deviceMemory(cpu, 5e9) ?? Infinity) < 2 ** 32);
  assert.equal(await deviceMemory(cpu, 1e9), 1e9);
  assert.ok((await deviceMemory(cpu) ?? 0) > 0);
});
