import type { Allocation, View } from "../device.ts";
import type { DType } from "../kernel.ts";
import type { CommandQueue } from "./command_queue.ts";
import type { DeviceFailure } from "./device_failure.ts";

/** Bytes of an element, whatever its type. */
export const ELEMENT_BYTES = 4;

/** The buffers behind the allocations of a GPUDevice. */
export class DeviceMemory {
  readonly #device: GPUDevice;
  readonly #queue: CommandQueue;
  readonly #failure: DeviceFailure;
  readonly #buffers = new Map<Allocation, GPUBuffer>();
  #bytes = 0;

  /** Memory that the device doesn't have is recorded in `failure`. */
  constructor(device: GPUDevice, queue: CommandQueue, failure: DeviceFailure) {
    this.#device = device;
    this.#queue = queue;
    this.#failure = failure;
  }

  /** Bytes of all buffers. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A buffer of zeros for `length` elements. */
  allocate(label: string, dtype: DType, length: number): Allocation {
    const size = Math.max(length, 1) * ELEMENT_BYTES;
    const allocation = { label, dtype, length };
    this.#device.pushErrorScope("out-of-memory");
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    this.#buffers.set(allocation, this.#device.createBuffer({ label, size, usage }));
    this.#device.popErrorScope().then((error) => {
      if (error) this.#failure.record(`no memory for ${label} (${size} bytes): ${error.message}`);
    }, (error) => this.#failure.record(String(error)));
    this.#bytes += size;
    return allocation;
  }

  /** Gives one back. */
  free(allocation: Allocation): void {
    const buffer = this.bufferOf(allocation);
    this.#buffers.delete(allocation);
    this.#bytes -= buffer.size;
    buffer.destroy();
  }

  /** Gives all back. */
  freeAll(): void {
    for (const allocation of this.#buffers.keys()) this.free(allocation);
  }

  /** Throws a RangeError for an allocation that was freed or is not of this device. */
  bufferOf(allocation: Allocation): GPUBuffer {
    const buffer = this.#buffers.get(allocation);
    if (!buffer) throw new RangeError(`${allocation.label} was freed or belongs to another device`);
    return buffer;
  }

  /** Throws a RangeError when `data` doesn't fit. */
  write(allocation: Allocation, offset: number, data: Float32Array | Int32Array | Uint32Array): void {
    const buffer = this.bufferOf(allocation);
    if (offset + data.length > allocation.length) {
      throw new RangeError(
        `${allocation.label} has ${allocation.length} elements, cannot write ${data.length} at ${offset}`,
      );
    }
    this.#queue.write(buffer, offset * ELEMENT_BYTES, data);
  }

  /** Waits for everything enqueued before. Throws a RangeError when the view ends beyond its allocation. */
  async read({ allocation, offset, length }: View): Promise<Float32Array | Int32Array | Uint32Array> {
    const source = this.bufferOf(allocation);
    if (offset + length > allocation.length) {
      throw new RangeError(
        `${allocation.label} has ${allocation.length} elements, cannot read ${length} at ${offset}`,
      );
    }
    if (length === 0) return typedArray(allocation.dtype, new ArrayBuffer(0));
    const size = length * ELEMENT_BYTES;
    const staging = this.#device.createBuffer({
      label: `read of ${allocation.label}`,
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      const encoder = this.#device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, offset * ELEMENT_BYTES, staging, 0, size);
      this.#queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ).catch((error: unknown) => this.#failure.record(String(error)));
      this.#failure.throwIfFailed();
      const copy = staging.getMappedRange().slice(0);
      staging.unmap();
      return typedArray(allocation.dtype, copy);
    } finally {
      staging.destroy();
    }
  }
}

function typedArray(dtype: DType, buffer: ArrayBuffer): Float32Array | Int32Array | Uint32Array {
  if (dtype === "f32") return new Float32Array(buffer);
  return dtype === "i32" ? new Int32Array(buffer) : new Uint32Array(buffer);
}
