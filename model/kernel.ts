/** Element types that tensors have on every device. */
export type DType = "f32" | "i32" | "u32";

/** The arrays a reference runs on: f32 tensors as Float32Array or, to measure rounding, as Float64Array. */
export type Numbers = Float32Array | Float64Array | Int32Array | Uint32Array;

/**
 * A size that is read from the step's scalars when the plan runs: `scalar × times`, never more than `capacity`. Row counts are
 * live, so a short batch costs no more than its own rows. Of a dispatch that was cut, a piece has what falls into it.
 */
export interface LiveSize {
  /** The scalar's name, such as `rows` or `masked_words`. */
  readonly scalar: string;
  /** What one unit of the scalar stands for. */
  readonly times: number;
  /** The largest value, for which buffers are made. */
  readonly capacity: number;
  /** The value counts from `first` on; `scalar × times` may go up to `whole`, beyond this piece. */
  readonly piece?: { readonly first: number; readonly whole: number };
}

/** A number known when the plan is built (baked into shaders) or a {@linkcode LiveSize}. */
export type Size = number | LiveSize;

/** The largest value that `size` takes. */
export function capacityOf(size: Size): number {
  return typeof size === "number" ? size : size.capacity;
}

/** `size × factor`. Pieces are made of finished sizes: they are not scaled. */
export function scaleSize(size: Size, factor: number): Size {
  if (typeof size === "number") return size * factor;
  return { scalar: size.scalar, times: size.times * factor, capacity: size.capacity * factor };
}

/** The part [first, first + count) of `size`: what of it falls there. */
export function pieceOfSize(size: Size, first: number, count: number): Size {
  if (typeof size === "number") return Math.min(count, Math.max(size - first, 0));
  const { scalar, times, capacity, piece } = size;
  const whole = piece ?? { first: 0, whole: capacity };
  return { scalar, times, capacity: count, piece: { first: whole.first + first, whole: whole.whole } };
}

/** One storage binding of a kernel. */
export interface Binding {
  /** Its name in the WGSL and in the reference. */
  readonly name: string;
  /** Its element type. */
  readonly dtype: DType;
  /** Whether the kernel writes it. A `read_write` tensor may be read too. */
  readonly access: "read" | "read_write";
  /** The WGSL element type, where it isn't the dtype: several elements at once, or parts of one. */
  readonly element?: string;
}

/** Looks up the value of a size by name. */
export type SizeOf<S extends string = string> = (name: S) => number;

/** The product of two f16 matrices with an f32 result that an adapter's subgroups compute at once. */
export interface SubgroupMatrix {
  /** Rows of the left matrix. */
  readonly rows: number;
  /** Columns of the right matrix. */
  readonly columns: number;
  /** Columns of the left matrix, rows of the right one. */
  readonly depth: number;
  /** Threads of a subgroup; the same for all. */
  readonly subgroupSize: number;
}

/** What a WebGPU adapter tells the variants of a kernel of itself. */
export interface AdapterTraits {
  /** Whether it computes on the processor. */
  readonly software: boolean;
  /** Workgroup memory in bytes. */
  readonly maxWorkgroupBytes: number;
  /** Threads of a workgroup. */
  readonly maxInvocations: number;
  /** Features that the device was opened with. */
  readonly features: { has(name: string): boolean };
  /** What its matrix units multiply, where WebGPU reaches them. */
  readonly matrices?: SubgroupMatrix;
}

/** One of several ways in which WebGPU can run a kernel; it takes the place of the kernel's own text and grid. */
export interface KernelVariant {
  /** Its name in choices and in tables of tuning. */
  readonly name: string;
  /** As of a kernel. */
  readonly wgsl: string | ((size: SizeOf) => string);
  /** As of a kernel. */
  workgroups(size: SizeOf): number | readonly [number, number, number];
  /** The WGSL element types of bindings that differ from their dtype, such as `vec4<f32>`. */
  readonly elements?: Readonly<Record<string, string>>;
  /** WGSL extensions of its text, such as `f16`. */
  readonly enables?: readonly string[];
}

/** The variants of a kernel. */
export interface KernelVariants {
  /** Sizes of one class share what tuning finds out. */
  shapeClass(sizes: Readonly<Record<string, Size>>): string;
  /** Those that the adapter can run on these sizes, the built-in choice first; at least one. */
  list(sizes: Readonly<Record<string, Size>>, adapter: AdapterTraits): readonly KernelVariant[];
}

/**
 * Where a kernel looks in a binding: from element 0 to `constant + Σ stride · (size − 1)` over the named sizes. Strides count
 * elements of the binding and may be fractions (two halves a word).
 */
export interface Reach<S extends string = string> {
  /** Elements from one index to the next, by the name of the size that counts them. */
  readonly strides: Readonly<Partial<Record<S, number>>>;
  /** What lies before the last index beside the strides; 0 unless given. */
  readonly constant?: number;
}

/** A size along which a dispatch can be cut into pieces that run one after the other. */
export interface CutAxis<S extends string = string> {
  /** The size. Bindings with a stride along it begin `first · stride` elements later in a piece. */
  readonly size: S;
  /** Pieces begin at multiples of this; 1 unless given. */
  readonly multiple?: number;
  /** A size that is cut alongside, of which one unit of `size` covers `factor`: the rows of a number of blocks. */
  readonly alongside?: { readonly size: S; readonly factor: number };
  /** Other sizes that the piece [first, first + count) changes; `size` tells those of what is cut, and throws for live ones. */
  sizes?(first: number, count: number, size: SizeOf<S>): Partial<Record<S, number>>;
}

/** How a dispatch can be cut where a tensor is larger than a device can bind. Sizes are capacities. */
export interface SplitRule<B extends string = string, S extends string = string> {
  /** How far the kernel looks in each binding; one that is left out is bound whole. */
  reach(size: SizeOf<S>): Readonly<Partial<Record<B, Reach<S>>>>;
  /** The axes that pieces can be cut along, the best first. */
  axes(size: SizeOf<S>): readonly CutAxis<S>[];
}

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
  /** WGSL extensions that the text needs, such as `f16`. */
  readonly enables?: readonly string[];
  /** Other ways to run it on WebGPU, one of which is then taken instead of `wgsl` and `workgroups`. */
  readonly variants?: KernelVariants;
  /** Number of workgroups, or the grid as [x, y, z]; a plain number is folded to stay under 65,535 a dimension. */
  workgroups(size: SizeOf<S>): number | readonly [number, number, number];
  /** Number of independent tiles of the cpu kernel: fixed by the shape, never by the number of workers. */
  tiles(size: SizeOf<S>): number;
  /** Multiplications and additions of one dispatch; left out where memory alone decides its time. */
  flops?(size: SizeOf<S>): number;
  /** Bytes that one dispatch moves; left out where that is its bound tensors, each once. */
  bytes?(size: SizeOf<S>): number;
  /** How it is cut for devices that cannot bind its tensors whole; without it, it is never cut. */
  readonly split?: SplitRule<NoInfer<B>, NoInfer<S>>;
  /** The oracle. Arrays hold the bound tensors from their first element on. */
  reference(arrays: Record<B, Numbers>, sizes: Record<S, number>): void;
}

/** Declares a kernel, checking names of bindings and sizes against each other. */
export function defineKernel<const B extends string, const S extends string>(
  kernel: Kernel<B, S>,
): Kernel<B, S> {
  return kernel;
}
