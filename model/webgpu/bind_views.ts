import type { Device, Dispatch } from "../device.ts";
import { DeviceError } from "../device_error.ts";
import { bindingConflict } from "./binding_conflict.ts";
import { type DeviceMemory, ELEMENT_BYTES } from "./device_memory.ts";
import { liveBytes } from "./live_sizes.ts";

/**
 * Holds a dispatch's views against its kernel and against what the device binds. Throws a RangeError when they don't fit one another,
 * and a {@linkcode DeviceError} when the device has no binding as large or WebGPU forbids what is bound together.
 */
export function checkViews(
  dispatch: Dispatch,
  memory: DeviceMemory,
  { maxBindingBytes, description }: Pick<Device, "maxBindingBytes" | "description">,
): void {
  const { kernel, views } = dispatch;
  if (views.length !== kernel.bindings.length) {
    throw new RangeError(`${kernel.name} has ${kernel.bindings.length} bindings, got ${views.length} views`);
  }
  for (const { allocation, offset, length } of views) {
    memory.bufferOf(allocation);
    if (offset + length > allocation.length) {
      throw new RangeError(
        `${kernel.name}: a view ends beyond the ${allocation.length} elements of ${allocation.label}`,
      );
    }
    const bytes = length * ELEMENT_BYTES;
    if (bytes > maxBindingBytes) {
      throw new DeviceError(
        `${kernel.name}: ${allocation.label} needs a binding of ${bytes} bytes, more than the ${maxBindingBytes} of ` +
          `${description}; use a smaller model or batch`,
      );
    }
  }
  const conflict = bindingConflict(dispatch);
  if (conflict) throw new DeviceError(`kernel ${kernel.name}: ${conflict}`);
}

/**
 * The bind group of a dispatch: its views, then its live sizes, which lie at `live`. What WebGPU says against it comes as a
 * {@linkcode DeviceError} that names the tensors, among `checks`.
 */
export function bindViews(
  device: GPUDevice,
  { kernel, views }: Dispatch,
  layout: GPUBindGroupLayout,
  memory: DeviceMemory,
  live: Pick<Required<GPUBufferBinding>, "buffer" | "offset"> | undefined,
  checks: Promise<void>[],
): GPUBindGroup {
  const entries: GPUBindGroupEntry[] = views.map(({ allocation, offset, length }, binding) => ({
    binding,
    resource: {
      buffer: memory.bufferOf(allocation),
      offset: offset * ELEMENT_BYTES,
      size: length * ELEMENT_BYTES,
    },
  }));
  const size = liveBytes(kernel);
  if (live && size > 0) entries.push({ binding: views.length, resource: { ...live, size } });
  device.pushErrorScope("validation");
  const bindGroup = device.createBindGroup({ label: kernel.name, layout, entries });
  checks.push(
    device.popErrorScope().then((error) => {
      if (!error) return;
      const labels = views.map(({ allocation }, i) => `${kernel.bindings[i]?.name} = ${allocation.label}`);
      throw new DeviceError(`kernel ${kernel.name} cannot be bound (${labels.join("; ")}): ${error.message}`);
    }),
  );
  return bindGroup;
}
