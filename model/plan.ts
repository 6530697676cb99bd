import type { Allocation, Device, Dispatch, Program, Scalars, View } from "./device.ts";
import type { DType, Kernel, Size } from "./kernel.ts";
import type { Format } from "./ops/half/format.ts";
import { type Layout, layOut } from "./plan_layout.ts";
import { recomputeSegment, type Segment } from "./plan_recompute.ts";
import { splitDispatch } from "./split_dispatch.ts";
import { type RecordedDispatch, type Tensor, tensorLength } from "./tensor.ts";

export { allocationTensor, type Tensor, tensorLength } from "./tensor.ts";

/** A parameter and, unless frozen or only read, the memory of its gradient. */
export interface Parameter {
  readonly tensor: Tensor;
  readonly gradient?: Tensor;
}

/** Where a gradient goes, and whether the first write replaces (0) or adds (1). */
export interface GradientTarget {
  readonly tensor: Tensor;
  /** 0, 1, or live: a parameter's first write of a micro-step adds only from the second micro-step on. */
  readonly accumulate: Size;
}

/** Fills a tensor with zeros; the builder needs it for gradients that are written sparsely. */
export type ZeroFill = (plan: PlanBuilder, target: Tensor, keep: Size) => void;

/**
 * Records a network as a flat list of dispatches. Ops call {@linkcode PlanBuilder.dispatch} for the forward pass and register
 * what computes their gradients with {@linkcode PlanBuilder.onBackward}; {@linkcode PlanBuilder.backward} then records the
 * reverse pass, so that a step neither allocates nor differentiates anything.
 */
export class PlanBuilder {
  #dispatches: RecordedDispatch[] = [];
  #reverse: (() => void)[] = [];
  readonly #gradients = new Map<Tensor, Tensor>();
  readonly #parameters = new Map<Tensor, Parameter>();
  readonly #zeroFill: ZeroFill;
  readonly #kept = new Set<Tensor>();
  #dropouts = 0;
  #inSegment = false;

  /**
   * `training` records gradients and dropout; without it `onBackward` is ignored. `recompute` keeps no activations of segments
   * for the reverse pass. `precision` is what the operands of linear layers are rounded to; they sum in f32.
   */
  constructor(
    readonly training: boolean,
    zeroFill: ZeroFill,
    readonly recompute = false,
    readonly precision: Format = "f32",
  ) {
    this.#zeroFill = zeroFill;
  }

  /** A tensor whose memory may be shared with others that live at other times. */
  activation(name: string, rows: Size, columns: number, dtype: DType = "f32"): Tensor {
    return { name, dtype, rows, columns, role: "activation" };
  }

  /** A tensor that the host writes before a run. */
  input(name: string, rows: Size, columns: number, dtype: DType): Tensor {
    return { name, dtype, rows, columns, role: "input" };
  }

  /** A tensor that the host reads after a run. */
  output(name: string, rows: Size, columns: number, dtype: DType = "f32"): Tensor {
    return { name, dtype, rows, columns, role: "output" };
  }

  /** Makes a parameter known, so that its gradient is found, and returns its tensor. */
  parameter(parameter: Parameter): Tensor {
    this.#parameters.set(parameter.tensor, parameter);
    return parameter.tensor;
  }

  /** Appends a dispatch. Throws a RangeError when tensors and bindings don't match. */
  dispatch(kernel: Kernel, tensors: readonly Tensor[], sizes: Readonly<Record<string, Size>>): void {
    if (tensors.length !== kernel.bindings.length) {
      throw new RangeError(
        `${kernel.name} has ${kernel.bindings.length} bindings, got ${tensors.length} tensors`,
      );
    }
    kernel.bindings.forEach((binding, i) => {
      const tensor = tensors[i];
      if (tensor?.dtype !== binding.dtype) {
        throw new RangeError(
          `${kernel.name}: ${binding.name} is ${binding.dtype}, ${tensor?.name} is ${tensor?.dtype}`,
        );
      }
    });
    for (const name of kernel.sizes) {
      const size = sizes[name];
      if (size === undefined) throw new RangeError(`${kernel.name}: size ${name} is not given`);
      if (typeof size !== "number" && !kernel.live.includes(name)) {
        throw new RangeError(`${kernel.name}: size ${name} cannot be live`);
      }
    }
    this.#dispatches.push({ kernel, tensors, sizes });
  }

  /** A number for the next dropout, so that each draws its own bits. */
  nextDropout(): number {
    return this.#dropouts++;
  }

  /** Registers what records the gradients of an op; called in reverse order by {@linkcode backward}. */
  onBackward(record: () => void): void {
    if (this.training) this.#reverse.push(record);
  }

  /**
   * Records a part of the network, such as a layer, whose activations are computed again in the reverse pass when the plan is one
   * that recomputes. Same gradients, to the bit, from less memory and more time. Throws a RangeError within another segment.
   */
  segment<T>(record: () => T): T {
    if (!this.training || !this.recompute) return record();
    if (this.#inSegment) throw new RangeError("segments cannot contain one another");
    const [reverse, own, begin] = [this.#reverse, [] as (() => void)[], this.#dispatches.length];
    this.#reverse = own;
    this.#inSegment = true;
    const result = record();
    this.#inSegment = false;
    this.#reverse = reverse;
    const segment: Segment = { begin, end: this.#dispatches.length };
    reverse.push(() => this.#reverseSegment(segment, own));
    return result;
  }

  #reverseSegment(segment: Segment, reverse: readonly (() => void)[]): void {
    const recorded = this.#dispatches;
    this.#dispatches = [];
    for (const record of reverse.toReversed()) record();
    const backward = this.#dispatches;
    this.#dispatches = recorded;
    recorded.push(...recomputeSegment(recorded, segment, backward, this.#kept));
  }

  /** Records the reverse pass. */
  backward(): void {
    for (const record of this.#reverse.toReversed()) record();
    this.#reverse.length = 0;
  }

  /** Keeps an activation's memory to itself, so that it can be read after a run. */
  keep(tensor: Tensor): void {
    this.#kept.add(tensor);
  }

  /** Whether a gradient of `tensor` is wanted: not for inputs and frozen parameters. */
  needsGradient(tensor: Tensor): boolean {
    if (tensor.role === "input") return false;
    return tensor.role !== "parameter" || this.#parameters.get(tensor)?.gradient !== undefined;
  }

  /** The gradient that flows into `tensor`, or undefined when nothing downstream uses it. */
  gradientOf(tensor: Tensor): Tensor | undefined {
    return this.#gradients.get(tensor);
  }

  /** Where to write a gradient of `tensor`. Call it once for each dispatch that writes. */
  gradientTarget(tensor: Tensor): GradientTarget {
    const known = this.#gradients.get(tensor);
    if (known) return { tensor: known, accumulate: 1 };
    const own = this.#parameters.get(tensor)?.gradient;
    const gradient = own ?? this.activation(`gradient of ${tensor.name}`, tensor.rows, tensor.columns);
    this.#gradients.set(tensor, gradient);
    return { tensor: gradient, accumulate: own ? { scalar: "accumulate", times: 1, capacity: 1 } : 0 };
  }

  /** As {@linkcode gradientTarget} for ops that add to some elements only: the rest is zero or what was there. */
  sparseGradientTarget(tensor: Tensor): Tensor {
    const { tensor: gradient, accumulate } = this.gradientTarget(tensor);
    if (accumulate !== 1) this.#zeroFill(this, gradient, accumulate);
    return gradient;
  }

  /** Lays out memory, cuts what the device cannot bind whole, and prepares the list. When that fails, nothing stays allocated. */
  async compile(device: Device): Promise<Plan> {
    const layout = layOut(this.#dispatches, this.#kept, device.kind === "reference");
    const allocations: Allocation[] = [];
    try {
      const views = allocate(device, layout, allocations);
      const dispatches = this.#dispatches.flatMap(({ kernel, tensors, sizes }) => {
        const whole: Dispatch = {
          kernel,
          sizes,
          views: tensors.map((tensor) => viewOf(tensor, views)),
          tensors,
        };
        return splitDispatch(whole, device.maxBindingBytes);
      });
      return new Plan(device, await device.compile(dispatches), views, allocations);
    } catch (error) {
      for (const allocation of allocations) device.free(allocation);
      throw error;
    }
  }
}

function viewOf(tensor: Tensor, views: ReadonlyMap<Tensor, View>): View {
  const view = tensor.view ?? views.get(tensor);
  if (!view) throw new RangeError(`tensor ${tensor.name} is not part of the plan`);
  return view;
}

/** Allocates the buffers of a layout, adding each to `allocations`; returns where the tensors lie. */
function allocate(device: Device, layout: Layout, allocations: Allocation[]): Map<Tensor, View> {
  const views = new Map<Tensor, View>();
  for (const { dtype, length, places } of layout.buffers) {
    const label = places.slice(0, 3).map(({ tensor }) => tensor.name).join(", ");
    const allocation = device.allocate(label, dtype, length);
    allocations.push(allocation);
    for (const { tensor, offset } of places) {
      views.set(tensor, { allocation, offset, length: Math.max(tensorLength(tensor), 1) });
    }
  }
  return views;
}

/** A recorded list with its memory on a device, ready to run any number of times. */
export class Plan implements Disposable {
  readonly #device: Device;
  readonly #program: Program;
  readonly #views: ReadonlyMap<Tensor, View>;
  readonly #allocations: readonly Allocation[];

  /** Made by {@linkcode PlanBuilder.compile}. */
  constructor(
    device: Device,
    program: Program,
    views: ReadonlyMap<Tensor, View>,
    allocations: readonly Allocation[],
  ) {
    this.#device = device;
    this.#program = program;
    this.#views = views;
    this.#allocations = allocations;
  }

  /** Number of dispatches in the list. */
  get length(): number {
    return this.#program.length;
  }

  /** Writes the first elements of an input. Throws a RangeError when there are more than it holds. */
  write(tensor: Tensor, data: Float32Array | Int32Array | Uint32Array): void {
    const view = this.#views.get(tensor);
    if (!view) return; // an input that no op of this plan reads
    if (data.length > view.length) {
      throw new RangeError(`${tensor.name} holds ${view.length} elements, got ${data.length}`);
    }
    if (data.length > 0) this.#device.write(view.allocation, view.offset, data);
  }

  /** The memory of a tensor of this plan. */
  view(tensor: Tensor): View {
    return viewOf(tensor, this.#views);
  }

  /** Reads the first `length` elements of an output. */
  read(
    tensor: Tensor,
    length: number = tensorLength(tensor),
  ): Promise<Float32Array | Int32Array | Uint32Array> {
    return this.#device.read({ ...this.view(tensor), length });
  }

  /** Replays the list. */
  run(scalars: Scalars): Promise<void> {
    return this.#device.run(this.#program, scalars);
  }

  /** Frees the plan's memory. */
  [Symbol.dispose](): void {
    this.#device.release(this.#program);
    for (const allocation of this.#allocations) this.#device.free(allocation);
  }
}
