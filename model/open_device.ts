import type { BlasChoice } from "./cpu/blas_choice.ts";
import type { Device } from "./device.ts";
import { DeviceError } from "./device_error.ts";
import { adapterName, requestWebGPU } from "./webgpu/request.ts";
import { tuningFile } from "./webgpu/tuning_file.ts";
import { readTuning, tuningAdapter, type TuningTable } from "./webgpu/tuning_table.ts";
import { WebGPUDevice } from "./webgpu/webgpu_device.ts";

/** What {@linkcode openDevice} can be asked for. */
export const DEVICE_KINDS = ["auto", "cpu", "webgpu", "dawn"] as const;

/**
 * `auto` takes a real GPU, else the cpu; `webgpu` (Deno's own or a browser's) takes a software adapter too; `dawn` is the WebGPU of
 * npm's `webgpu`, which reaches matrix units that Deno's does not.
 */
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** Options of {@linkcode openDevice}. */
export interface OpenDeviceOptions {
  /** Number of threads of the cpu device; the default is its own. */
  readonly threads?: number;
  /** What computes products on the cpu device; the default is `auto`: the system's OpenBLAS where there is one. */
  readonly blas?: BlasChoice;
}

/** Opens a device. Throws a {@linkcode DeviceError} with the remedy when there is none of that kind. */
export async function openDevice(kind: DeviceKind, options: OpenDeviceOptions = {}): Promise<Device> {
  switch (kind) {
    case "cpu":
      return await openCpu(options);
    case "webgpu":
      return await openWebGPU(true) ?? failWithoutAdapter();
    case "dawn":
      return await openDawn();
    case "auto":
      return await openWebGPU(false) ?? await openCpu(options);
    default:
      throw new DeviceError(`unknown device ${JSON.stringify(kind)}; use one of ${DEVICE_KINDS.join(", ")}`);
  }
}

async function openWebGPU(allowSoftware: boolean): Promise<Device | undefined> {
  const requested = await requestWebGPU();
  if (!requested) return undefined;
  const { device, adapterInfo, isSoftware } = requested;
  if (isSoftware && !allowSoftware) {
    device.destroy();
    return undefined;
  }
  const description = adapterName(adapterInfo);
  return new WebGPUDevice(device, description, {
    software: isSoftware,
    tuning: tuned("webgpu", description),
  });
}

async function openDawn(): Promise<Device> {
  const { requestDawn } = await import("./dawn/request_dawn.ts");
  const requested = await requestDawn();
  if (!requested) {
    throw new DeviceError(
      "Dawn accepts no adapter here: install the GPU vendor's Vulkan driver; or use --device webgpu or --device cpu",
    );
  }
  const { device, adapterInfo, isSoftware, matrices } = requested;
  const description = adapterName(adapterInfo);
  return new WebGPUDevice(device, description, {
    kind: "dawn",
    software: isSoftware,
    ...(matrices && { matrices }),
    tuning: tuned("dawn", description),
  });
}

/** What `tune` has found out about the adapter, if it was run. */
function tuned(kind: "webgpu" | "dawn", description: string): TuningTable {
  return readTuning(tuningFile(), tuningAdapter(kind, description));
}

// Imported when wanted: the kernels of the cpu device are assembled at load, which a GPU run has no use for.
async function openCpu({ threads, blas = "auto" }: OpenDeviceOptions): Promise<Device> {
  const { CpuDevice } = await import("./cpu/cpu_device.ts");
  return await CpuDevice.create({ blas, ...(threads !== undefined && { threads }) });
}

function failWithoutAdapter(): never {
  throw new DeviceError(
    "no WebGPU adapter: install libvulkan1 and mesa-vulkan-drivers, or the GPU vendor's Vulkan driver; or use --device cpu",
  );
}
