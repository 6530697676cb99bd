import type { Allocation, Device, Dispatch, DispatchTimes, Program, Scalars, View } from "./device.ts";
import { resolveSizes } from "./device.ts";
import type { DType, Numbers } from "./kernel.ts";

/** Memory of the {@linkcode ReferenceDevice}. */
export interface ReferenceAllocation extends Allocation {
  /** Its contents in the oracle's precision. */
  readonly array: Numbers;
}

/**
 * Runs plans through the TypeScript reference of every kernel: the oracle of the other devices. f32 tensors are held in
 * `precision` "f32" or "f64"; with f64 a whole network can be checked by finite differences.
 */
export class ReferenceDevice implements Device {
  readonly kind = "reference";
  readonly description: string;
  readonly choices: Readonly<Record<string, string>>;
  readonly maxBindingBytes: number = 2 ** 31;
  readonly maxBufferBytes: number = 2 ** 32;
  readonly encodeMilliseconds: number = 0;
  allocatedBytes = 0;
  #precision: "f32" | "f64";

  /** Makes the oracle in one precision. */
  constructor(precision: "f32" | "f64" = "f64") {
    this.#precision = precision;
    this.description = `TypeScript reference in ${precision}`;
    this.choices = { precision };
  }

  allocate(label: string, dtype: DType, length: number): ReferenceAllocation {
    const array = dtype === "i32"
      ? new Int32Array(length)
      : dtype === "u32"
      ? new Uint32Array(length)
      : this.#precision === "f32"
      ? new Float32Array(length)
      : new Float64Array(length);
    this.allocatedBytes += array.byteLength;
    return { label, dtype, length, array };
  }

  free(allocation: ReferenceAllocation): void {
    this.allocatedBytes -= allocation.array.byteLength;
  }

  write(
    allocation: ReferenceAllocation,
    offset: number,
    data: Float32Array | Int32Array | Uint32Array | Float64Array,
  ): void {
    allocation.array.set(data, offset);
  }

  /** The elements in the oracle's own precision. */
  readExact(view: View): Numbers {
    const { array } = view.allocation as ReferenceAllocation;
    return array.slice(view.offset, view.offset + view.length);
  }

  read(view: View): Promise<Float32Array | Int32Array | Uint32Array> {
    const exact = this.readExact(view);
    return Promise.resolve(exact instanceof Float64Array ? Float32Array.from(exact) : exact);
  }

  compile(dispatches: readonly Dispatch[]): Promise<ReferenceProgram> {
    return Promise.resolve({ length: dispatches.length, dispatches });
  }

  run(program: ReferenceProgram, scalars: Scalars): Promise<void> {
    for (const dispatch of program.dispatches) runReference(dispatch, scalars);
    return Promise.resolve();
  }

  profile(program: ReferenceProgram, scalars: Scalars): Promise<DispatchTimes> {
    const milliseconds = Float64Array.from(program.dispatches, (dispatch) => {
      const begin = performance.now();
      runReference(dispatch, scalars);
      return performance.now() - begin;
    });
    return Promise.resolve({ milliseconds, clock: "device" });
  }

  release(): void {}

  destroy(): void {}
}

function runReference(dispatch: Dispatch, scalars: Scalars): void {
  const arrays: Record<string, Numbers> = {};
  dispatch.kernel.bindings.forEach((binding, i) => {
    const view = dispatch.views[i];
    if (!view) throw new RangeError(`${dispatch.kernel.name}: binding ${binding.name} is not given`);
    const { array } = view.allocation as ReferenceAllocation;
    arrays[binding.name] = array.subarray(view.offset, view.offset + view.length);
  });
  dispatch.kernel.reference(arrays, resolveSizes(dispatch, scalars));
}

/** A program of the {@linkcode ReferenceDevice}. */
export interface ReferenceProgram extends Program {
  /** The recorded list, which is interpreted. */
  readonly dispatches: readonly Dispatch[];
}
