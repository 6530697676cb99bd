import { DeviceError } from "../device_error.ts";
import type { SubgroupMatrix } from "../kernel.ts";

/** Products of small matrices by a whole subgroup: an experiment of Dawn's, which the types don't know yet. */
const SUBGROUP_MATRIX = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

/** Asked for where the adapter has them; nothing depends on one. */
const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ["timestamp-query"];

/** What shaders with subgroup matrices of f16 enable. */
const MATRIX_FEATURES: readonly GPUFeatureName[] = [SUBGROUP_MATRIX, "subgroups", "shader-f16"];

/** A device of the system's best adapter. */
export interface RequestedDevice {
  /** The device; the caller destroys it. */
  readonly device: GPUDevice;
  /** What the adapter says of itself. */
  readonly adapterInfo: GPUAdapterInfo;
  /** Whether the "GPU" is a program on the processor (lavapipe, SwiftShader): right, but slower than the cpu device. */
  readonly isSoftware: boolean;
  /** What its matrix units multiply, where WebGPU reaches them. */
  readonly matrices?: SubgroupMatrix;
}

/**
 * Asks the system for a WebGPU device with all of the adapter's limits. Undefined when there is no adapter. Throws a
 * {@linkcode DeviceError} when there is one that gives no device.
 */
export async function requestWebGPU(): Promise<RequestedDevice | undefined> {
  const adapter = await requestAdapter();
  return adapter && await requestDevice(adapter);
}

/** A device of `adapter` with all of its limits. Throws a {@linkcode DeviceError} when it gives none. */
export async function requestDevice(adapter: GPUAdapter): Promise<RequestedDevice> {
  const { info, limits } = adapter;
  const has = (feature: GPUFeatureName): boolean => adapter.features.has(feature);
  const requiredFeatures = OPTIONAL_FEATURES.filter(has);
  if (MATRIX_FEATURES.every(has)) requiredFeatures.push(...MATRIX_FEATURES);
  try {
    const device = await adapter.requestDevice({
      requiredFeatures,
      requiredLimits: {
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
        maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
      },
    });
    const matrices = device.features.has(SUBGROUP_MATRIX) ? subgroupMatrix(info) : undefined;
    const isSoftware = isSoftwareAdapter(info);
    return { device, adapterInfo: info, isSoftware, ...(matrices && { matrices }) };
  } catch (error) {
    throw new DeviceError(`adapter ${adapterName(info)} gives no device: ${String(error)}; use --device cpu`);
  }
}

/** What Dawn adds to an adapter's description. */
interface MatrixAdapterInfo extends GPUAdapterInfo {
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  readonly subgroupMatrixConfigs?: Iterable<{
    readonly componentType: string;
    readonly resultComponentType: string;
    readonly M: number;
    readonly N: number;
    readonly K: number;
  }>;
}

/** The largest product of f16 matrices with f32 sums; none where subgroups come in several sizes. */
function subgroupMatrix(adapterInfo: GPUAdapterInfo): SubgroupMatrix | undefined {
  const info = adapterInfo as MatrixAdapterInfo;
  if (info.subgroupMinSize !== info.subgroupMaxSize) return undefined;
  const found = [...info.subgroupMatrixConfigs ?? []]
    .filter((config) => config.componentType === "f16" && config.resultComponentType === "f32")
    .map(({ M: rows, N: columns, K: depth }) => ({
      rows,
      columns,
      depth,
      subgroupSize: info.subgroupMaxSize,
    }));
  return found.sort((a, b) => b.rows * b.columns * b.depth - a.rows * a.columns * a.depth)[0];
}

/** Whether there is any WebGPU adapter, software included. */
export async function webgpuAvailable(): Promise<boolean> {
  return await requestAdapter() !== undefined;
}

/** The adapter's name for people. */
export function adapterName(info: GPUAdapterInfo): string {
  return info.description || [info.vendor, info.architecture].filter(Boolean).join(" ") ||
    "unnamed WebGPU adapter";
}

/** Whether an adapter computes on the processor. */
export function isSoftwareAdapter(info: Pick<GPUAdapterInfo, "description" | "isFallbackAdapter">): boolean {
  return info.isFallbackAdapter || /llvmpipe|lavapipe|swiftshader/i.test(info.description);
}

async function requestAdapter(): Promise<GPUAdapter | undefined> {
  preferVulkan();
  // Absent in browsers without WebGPU, whatever the type says.
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  return await gpu?.requestAdapter({ powerPreference: "high-performance" }) ?? undefined;
}

/**
 * On Linux Deno falls back to OpenGL where Vulkan has no driver, an adapter with too few storage buffers; and Mesa complains
 * on stderr where no window system has set its directory. Both read their variable at the first request. Left alone where the
 * user has set it or environment access isn't granted.
 */
function preferVulkan(): void {
  if (typeof Deno === "undefined" || Deno.build.os !== "linux") return;
  for (const [variable, value] of [["DENO_WEBGPU_BACKEND", "vulkan"], ["XDG_RUNTIME_DIR", "/tmp"]] as const) {
    if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") continue;
    if (Deno.env.get(variable) === undefined) Deno.env.set(variable, value);
  }
}
