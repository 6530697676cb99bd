/**
 * The engine for web pages: what of `@lukeforge/model` needs nothing but WebGPU. No file, no Deno, no compiler of cpu kernels comes
 * along, so that a bundle of it is small.
 *
 * @example A network in a page
 * ```ts
 * import { LUKE_SHAPES, LukeNetwork, openWebGPU } from "@lukeforge/model/web";
 *
 * const { config, capacity } = LUKE_SHAPES.sample;
 * const device = await openWebGPU();
 * if (device) {
 *   const network = await LukeNetwork.create(device, config, { capacities: [capacity] });
 *   network.initialize(42);
 *   console.log(network.parameterCount);
 *   device.destroy();
 * }
 * ```
 *
 * @module
 */
import { adapterName, requestWebGPU } from "./webgpu/request.ts";
import { WebGPUDevice } from "./webgpu/webgpu_device.ts";

export type {
  Allocation,
  Device,
  Dispatch,
  DispatchTimes,
  Program,
  Scalars,
  TensorDescription,
  View,
} from "./device.ts";
export { DeviceError } from "./device_error.ts";
export type {
  AdapterTraits,
  Binding,
  CutAxis,
  DType,
  Kernel,
  KernelVariant,
  KernelVariants,
  LiveSize,
  Numbers,
  Reach,
  Size,
  SizeOf,
  SplitRule,
  SubgroupMatrix,
} from "./kernel.ts";
export { type BatchCapacity, fits, type LukeBatch, planCapacity } from "./luke_batch.ts";
export { type LukeConfig, validateLukeConfig } from "./luke_config.ts";
export type { LoadedTensor, LoadParametersOptions } from "./load_parameters.ts";
export type { HeadMetrics, LukeMetrics } from "./luke_metrics.ts";
export {
  type HiddenStates,
  LukeNetwork,
  type LukeNetworkOptions,
  type LukeTrainingOptions,
  type MicroStep,
} from "./luke_network.ts";
export type { LossScale, OptimizerState } from "./optimizer.ts";
export {
  LUKE_SHAPE_NAMES,
  LUKE_SHAPES,
  type LukeShape,
  type LukeShapeName,
  withRows,
} from "./luke_shapes.ts";
export type { AdamWOptions } from "./ops/adamw/adamw.ts";
export { type Format, FORMATS } from "./ops/half/format.ts";
export { type ReferenceAllocation, ReferenceDevice, type ReferenceProgram } from "./reference_device.ts";
export { WebGPUDevice, type WebGPUDeviceOptions } from "./webgpu/webgpu_device.ts";
export type { TuningTable } from "./webgpu/tuning_table.ts";
export { BYTES_PER_ELEMENT, elementCount } from "./weights/element_types.ts";
export { indexOfNonFinite } from "./weights/non_finite.ts";
export * from "./weights/safetensors.ts";
export type { StoredDType, StoredTensor } from "./weights/stored_tensor.ts";
export { WeightsError } from "./weights/weights_error.ts";

/**
 * A device of the best WebGPU adapter, a software one too; undefined when there is none. Throws a DeviceError when the adapter gives
 * no device.
 */
export async function openWebGPU(): Promise<WebGPUDevice | undefined> {
  const requested = await requestWebGPU();
  return requested && new WebGPUDevice(requested.device, adapterName(requested.adapterInfo));
}
