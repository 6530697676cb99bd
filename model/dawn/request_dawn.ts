import { DeviceError } from "../device_error.ts";
import { requestDevice, type RequestedDevice } from "../webgpu/request.ts";

const PACKAGE = "npm:webgpu@0.6.2";

/** `create` of npm's `webgpu`: Dawn, the WebGPU of Chromium, as a native addon. */
type CreateDawn = (flags: string[]) => GPU;

/** Dawn stops when its GPU object is collected, so it lives as long as the process. */
let dawn: GPU | undefined;

/** Unsafe, to Dawn, are all experimental features: subgroup matrices are one. Timestamps are otherwise cut to 0.1 ms. */
const FLAGS = ["enable-dawn-features=allow_unsafe_apis", "disable-dawn-features=timestamp_quantization"];

/**
 * Asks Dawn for a device with all of the adapter's limits: the one way from Deno to a GPU's matrix units. Undefined when Dawn
 * accepts no adapter. Throws a {@linkcode DeviceError} when the npm package `webgpu` cannot be loaded: it is fetched when it is
 * first asked for.
 */
export async function requestDawn(): Promise<RequestedDevice | undefined> {
  dawn ??= (await loadDawn())(FLAGS);
  const adapter = await dawn.requestAdapter({ powerPreference: "high-performance" });
  return adapter ? await requestDevice(adapter) : undefined;
}

async function loadDawn(): Promise<CreateDawn> {
  try {
    // A name that no tool sees ahead of time: its 130 MB are fetched by those alone who ask for Dawn.
    const { create }: { create: CreateDawn } = await import(PACKAGE);
    return create;
  } catch (error) {
    throw new DeviceError(
      `${PACKAGE} (Dawn) does not load: ${
        String(error)
      }; it needs the npm registry once and 64-bit Linux, macOS or ` +
        "Windows; or use --device webgpu",
    );
  }
}
