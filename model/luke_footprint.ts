import type { BatchCapacity } from "./luke_batch.ts";
import type { LukeConfig } from "./luke_config.ts";
import { LukeNetwork, type LukeNetworkOptions } from "./luke_network.ts";
import { type MemoryReport, memoryReport } from "./memory_report.ts";
import { PlanningDevice } from "./planning_device.ts";

/** What is planned: a network of one capacity; without `training`, what evaluation takes. */
export interface LukeFootprintOptions extends Omit<LukeNetworkOptions, "capacities"> {
  /** The network. */
  readonly config: LukeConfig;
  /** A full micro-batch. */
  readonly capacity: BatchCapacity;
  /** The largest binding of the device that is planned for. */
  readonly maxBindingBytes?: number;
  /** The largest allocation of the device that is planned for; unlimited by default. */
  readonly maxBufferBytes?: number;
}

/** Makes the network on a device that computes nothing. Free it with `destroy()`. Throws as {@linkcode LukeNetwork.create} does. */
export async function planLuke(options: LukeFootprintOptions): Promise<PlanningDevice> {
  const { config, capacity, maxBindingBytes, maxBufferBytes, ...rest } = options;
  const device = new PlanningDevice(maxBindingBytes, maxBufferBytes);
  const network = await LukeNetwork.create(device, config, { ...rest, capacities: [capacity] });
  if (!rest.training) await network.prepareEvaluation();
  return device;
}

/** Where the memory of a network goes, without any of it being reserved. Milliseconds for LUKE-base. */
export async function lukeMemory(options: LukeFootprintOptions): Promise<MemoryReport> {
  return memoryReport(await planLuke(options));
}
