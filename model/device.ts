import type { DType, Kernel, Size } from "./kernel.ts";

/** Zero-initialised memory on a device, owned by whoever allocated it. */
export interface Allocation {
  /** What it is for; shown in errors. */
  readonly label: string;
  /** Element type. */
  readonly dtype: DType;
  /** Number of elements. */
  readonly length: number;
}

/** Part of an allocation. Offsets are multiples of {@linkcode VIEW_ALIGNMENT} elements. */
export interface View {
  /** The whole that this is a part of. */
  readonly allocation: Allocation;
  /** First element. */
  readonly offset: number;
  /** Number of elements. */
  readonly length: number;
}

/** Views begin at multiples of this many elements: 256 bytes, which every WebGPU adapter accepts. */
export const VIEW_ALIGNMENT = 64;

/** A kernel with its sizes and the memory it works on. */
export interface Dispatch {
  /** What to run. */
  readonly kernel: Kernel;
  /** One view for each binding of the kernel, in order. */
  readonly views: readonly View[];
  /** Every size of the kernel. */
  readonly sizes: Readonly<Record<string, Size>>;
  /** The variant of the kernel by name, where the device isn't to choose. */
  readonly variant?: string;
  /** What the views show, in order: for listings and reports. */
  readonly tensors?: readonly TensorDescription[];
}

/** A tensor of a plan as people see it. The same object wherever the same tensor is meant. */
export interface TensorDescription {
  /** Its name. */
  readonly name: string;
  /** Element type. */
  readonly dtype: DType;
  /** Row count, live or fixed. */
  readonly rows: Size;
  /** Elements of a row. */
  readonly columns: number;
  /** Whose memory it has: shared with other activations, its own, or a parameter's. */
  readonly role: "activation" | "input" | "output" | "parameter";
}

/** Values of the step's scalars by name: live sizes, the dropout key. Unsigned 32-bit. */
export type Scalars = Readonly<Record<string, number>>;

/** A list of dispatches prepared for replay. */
export interface Program {
  /** Number of dispatches. */
  readonly length: number;
}

/** Where the time of one run went. */
export interface DispatchTimes {
  /** Milliseconds of each dispatch in order; 0 for one that had nothing to do. */
  readonly milliseconds: Float64Array;
  /** Who measured: the device, or the host, whose figures hold what it takes to wait for the device. */
  readonly clock: "device" | "host";
}

/**
 * Where plans run. Everything is enqueued in order; results are there when {@linkcode Device.read} resolves. A failure of the
 * device rejects the next `run` or `read`; it never passes silently.
 */
export interface Device {
  /** `cpu`, `webgpu`, WebGPU by another name `dawn`, the oracle `reference`, or `planning`, which computes nothing. */
  readonly kind: "cpu" | "webgpu" | "dawn" | "reference" | "planning";
  /** A name for people: the adapter, or the number of threads. */
  readonly description: string;
  /** Choices that change bits, recorded with a run. */
  readonly choices: Readonly<Record<string, string | number | boolean>>;
  /** The largest view that a kernel can be given, in bytes; plans cut what is larger. */
  readonly maxBindingBytes: number;
  /** The largest allocation in bytes. */
  readonly maxBufferBytes: number;
  /** Bytes allocated and not freed. */
  readonly allocatedBytes: number;
  /** Milliseconds that the host has spent in all runs so far until it could submit: sizes resolved, commands encoded. */
  readonly encodeMilliseconds: number;
  /** Reserves zeroed memory. */
  allocate(label: string, dtype: DType, length: number): Allocation;
  /** Gives memory back. Programs that use it must not run any more. */
  free(allocation: Allocation): void;
  /** Copies `data` to element `offset` on. */
  write(allocation: Allocation, offset: number, data: Float32Array | Int32Array | Uint32Array): void;
  /** Copies elements out, after everything enqueued before. */
  read(view: View): Promise<Float32Array | Int32Array | Uint32Array>;
  /** Prepares a list for replay: pipelines, bind groups, parameter blocks. */
  compile(dispatches: readonly Dispatch[]): Promise<Program>;
  /** Replays a program. Resolves when the device takes further work; on `cpu`, when the work is done. */
  run(program: Program, scalars: Scalars): Promise<void>;
  /** As {@linkcode Device.run}, with each dispatch by itself and timed. Resolves when the work is done. */
  profile(program: Program, scalars: Scalars): Promise<DispatchTimes>;
  /** Releases what {@linkcode Device.compile} made. */
  release(program: Program): void;
  /** Gives everything back. */
  destroy(): void;
}

/** Resolves the sizes of a dispatch. Throws a RangeError when a scalar is missing or beyond the capacity. */
export function resolveSizes(dispatch: Dispatch, scalars: Scalars): Record<string, number> {
  const resolved: Record<string, number> = {};
  for (const name of dispatch.kernel.sizes) {
    const size = dispatch.sizes[name];
    if (size === undefined) throw new RangeError(`${dispatch.kernel.name}: size ${name} is not given`);
    if (typeof size === "number") {
      resolved[name] = size;
      continue;
    }
    const scalar = scalars[size.scalar];
    if (scalar === undefined) {
      throw new RangeError(`${dispatch.kernel.name}: scalar ${size.scalar} is not given`);
    }
    const value = scalar * size.times;
    const { first, whole } = size.piece ?? { first: 0, whole: size.capacity };
    if (value > whole) {
      throw new RangeError(
        `${dispatch.kernel.name}: ${name} is ${value}, beyond the plan's capacity ${whole}`,
      );
    }
    resolved[name] = Math.min(Math.max(value - first, 0), size.capacity);
  }
  return resolved;
}
