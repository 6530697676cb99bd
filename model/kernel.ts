/** Element types that tensors have on every device. */
export type DType = "f32" | "i32" | "u32";

/** The arrays a reference runs on: f32 tensors as Float32Array or, to measure rounding, as Float64Array. */
export type Numbers = Float32Array | Float64Array | Int32Array | Uint32Array;

/**
 * A size that is read from the step's scalars when the plan runs: `scalar × times`, never more than `capacity`. Row counts are
 * live, so a short batch costs no more than its own rows.
 */
export interface LiveSize {
  /** The scalar's name, such as `rows` or `masked_words`. */
  readonly scalar: string;
  /** What one unit of the scalar stands for. */
  readonly times: number;
  /** The largest value, for which buffers are made. */
  readonly capacity: number;
}

/** A number known when the plan is built (baked into shaders) or a {@linkcode LiveSize}. */
export type Size = number | LiveSize;

/** The largest value that `size` takes. */
export function capacityOf(size: Size): number {
  return typeof size === "number" ? size : size.capacity;
}

/** `size × factor`. */
export function scaleSize(size: Size, factor: number): Size {
  if (typeof size === "number") return size * factor;
  return { scalar: size.scalar, times: size.times * factor, capacity: size.capacity * factor };
}

/** One storage binding of a kernel. */
export interface Binding {
  /** Its name in the WGSL and in the reference. */
  readonly name: string;
  /** Its element type. */
  readonly dtype: DType;
  /** Whether the kernel writes it. A `read_write` tensor may be read too. */
  readonly access: "read" | "read_write";
}

/** Looks up the value of a size by name. */
export type SizeOf<S extends string = string> = (name: S) => number;

/**
 * One unit of computation on every device: WGSL for `webgpu`, the name of a WebAssembly function for `cpu`, and a plain
 * TypeScript reference, which is the oracle of both.
 */
export interface Kernel<B extends string = string, S extends string = string> {
  /** snake_case; unless {@linkcode Kernel.cpu} says otherwise, the WebAssembly function has the same name. */
  readonly name: string;
  /** The WebAssembly function, where several kernels share one. */
  readonly cpu?: string;
  /** Storage bindings in order. */
  readonly bindings: readonly (Binding & { readonly name: B })[];
  /** Unsigned integers the kernel is specialised on, in the order in which the cpu kernel takes them. */
  readonly sizes: readonly S[];
  /** The f32 constants among `sizes`. */
  readonly floats?: readonly S[];
  /** The sizes that may be live: functions in the WGSL (`rows()`), where the others are constants (`columns`). */
  readonly live: readonly S[];
  /** The WGSL body (the header with bindings, sizes and scalars is generated), or a generator of it. */
  readonly wgsl: string | ((size: SizeOf<S>) => string);
  /** Number of workgroups, or the grid as [x, y, z]; a plain number is folded to stay under 65,535 a dimension. */
  workgroups(size: SizeOf<S>): number | readonly [number, number, number];
  /** Number of independent tiles of the cpu kernel: fixed by the shape, never by the number of workers. */
  tiles(size: SizeOf<S>): number;
  /** Multiplications and additions of one dispatch; left out where memory alone decides its time. */
  flops?(size: SizeOf<S>): number;
  /** Bytes that one dispatch moves; left out where that is its bound tensors, each once. */
  bytes?(size: SizeOf<S>): number;
  /** The oracle. Arrays hold the bound tensors from their first element on. */
  reference(arrays: Record<B, Numbers>, sizes: Record<S, number>): void;
}

/** Declares a kernel, checking names of bindings and sizes against each other. */
export function defineKernel<const B extends string, const S extends string>(
  kernel: Kernel<B, S>,
): Kernel<B, S> {
  return kernel;
}
