import type { Allocation, Device, Dispatch, Program } from "./device.ts";
import { DeviceError } from "./device_error.ts";
import type { DType } from "./kernel.ts";

/** A program of the {@linkcode PlanningDevice}: what would run. */
export interface PlannedProgram extends Program {
  /** The list, with capacities as sizes. */
  readonly dispatches: readonly Dispatch[];
}

/**
 * Takes what other devices take and computes nothing: no memory is reserved, no shader is compiled. A network made on it shows in
 * milliseconds which memory and which dispatches it would need.
 */
export class PlanningDevice implements Device {
  readonly kind = "planning";
  readonly description = "nothing: plans only";
  readonly choices: Readonly<Record<string, never>> = {};
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
  readonly encodeMilliseconds = 0;
  /** What is allocated and not freed. */
  readonly allocations: Set<Allocation> = new Set();
  /** What is compiled and not released, in order. */
  readonly programs: Set<PlannedProgram> = new Set();

  /** The limits are those of the device that is planned for; 2³² and none by default. */
  constructor(maxBindingBytes = 2 ** 32, maxBufferBytes = Infinity) {
    this.maxBindingBytes = maxBindingBytes;
    this.maxBufferBytes = maxBufferBytes;
  }

  get allocatedBytes(): number {
    let bytes = 0;
    for (const { length } of this.allocations) bytes += 4 * length;
    return bytes;
  }

  /** Throws a {@linkcode DeviceError} when the device that is planned for has no buffers of that size. */
  allocate(label: string, dtype: DType, length: number): Allocation {
    if (4 * length > this.maxBufferBytes) {
      throw new DeviceError(
        `${label} needs ${4 * length} bytes, more than the ${this.maxBufferBytes} of a buffer there`,
      );
    }
    const allocation = { label, dtype, length };
    this.allocations.add(allocation);
    return allocation;
  }

  free(allocation: Allocation): void {
    this.allocations.delete(allocation);
  }

  write(): void {}

  compile(dispatches: readonly Dispatch[]): Promise<PlannedProgram> {
    const program = { length: dispatches.length, dispatches };
    this.programs.add(program);
    return Promise.resolve(program);
  }

  release(program: PlannedProgram): void {
    this.programs.delete(program);
  }

  read(): Promise<never> {
    return Promise.reject(new DeviceError("a planning device computes nothing that could be read"));
  }

  run(): Promise<never> {
    return Promise.reject(new DeviceError("a planning device runs nothing"));
  }

  profile(): Promise<never> {
    return Promise.reject(new DeviceError("a planning device runs nothing"));
  }

  destroy(): void {
    this.allocations.clear();
    this.programs.clear();
  }
}
