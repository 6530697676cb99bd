import type { Allocation, Device, Dispatch, Program, Scalars, View } from "./device.ts";
import { VIEW_ALIGNMENT } from "./device.ts";
import { capacityOf, type DType, type Kernel, type Size } from "./kernel.ts";

/** A matrix in a plan. Its memory is chosen when the plan is compiled, unless it is a parameter. */
export interface Tensor {
  /** For people and errors. */
  readonly name: string;
  readonly dtype: DType;
  /** Row count, live or fixed. */
  readonly rows: Size;
  readonly columns: number;
  /** `activation` memory is shared by liveness; `input` and `output` memory is the tensor's own; `parameter` memory is given. */
  readonly role: "activation" | "input" | "output" | "parameter";
  /** The memory of a parameter. */
  readonly view?: View;
}

/** A parameter and, unless frozen or only read, the memory of its gradient. */
export interface Parameter {
  readonly tensor: Tensor;
  readonly gradient?: Tensor;
}

interface RecordedDispatch {
  readonly kernel: Kernel;
  readonly tensors: readonly Tensor[];
  readonly sizes: Readonly<Record<string, Size>>;
}

/** Where a gradient goes, and whether the first write replaces (0) or adds (1). */
export interface GradientTarget {
  readonly tensor: Tensor;
  /** 0, 1, or live: a parameter's first write of a micro-step adds only from the second micro-step on. */
  readonly accumulate: Size;
}

/** Fills a tensor with zeros; the builder needs it for gradients that are written sparsely. */
export type ZeroFill = (plan: PlanBuilder, target: Tensor, keep: Size) => void;

/** A whole f32 allocation as a tensor of one row. */
export function allocationTensor(allocation: Allocation): Tensor {
  const { label: name, length: columns } = allocation;
  return {
    name,
    dtype: "f32",
    rows: 1,
    columns,
    role: "parameter",
    view: { allocation, offset: 0, length: columns },
  };
}

/** Number of elements that a tensor needs at most. */
export function tensorLength(tensor: Tensor): number {
  return capacityOf(tensor.rows) * tensor.columns;
}

/**
 * Records a network as a flat list of dispatches. Ops call {@linkcode PlanBuilder.dispatch} for the forward pass and register
 * what computes their gradients with {@linkcode PlanBuilder.onBackward}; {@linkcode PlanBuilder.backward} then records the
 * reverse pass, so that a step neither allocates nor differentiates anything.
 */
export class PlanBuilder {
  readonly #dispatches: RecordedDispatch[] = [];
  readonly #reverse: (() => void)[] = [];
  readonly #gradients = new Map<Tensor, Tensor>();
  readonly #parameters = new Map<Tensor, Parameter>();
  readonly #zeroFill: ZeroFill;
  readonly #kept = new Set<Tensor>();
  #dropouts = 0;

  /** `training` records gradients and dropout; without it `onBackward` is ignored. */
  constructor(readonly training: boolean, zeroFill: ZeroFill) {
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

  /** Declares that `tensor` itself holds its gradient from now on. */
  gradientInPlace(tensor: Tensor): void {
    this.#gradients.set(tensor, tensor);
  }

  /** As {@linkcode gradientTarget} for ops that add to some elements only: the rest is zero or what was there. */
  sparseGradientTarget(tensor: Tensor): Tensor {
    const { tensor: gradient, accumulate } = this.gradientTarget(tensor);
    if (accumulate !== 1) this.#zeroFill(this, gradient, accumulate);
    return gradient;
  }

  /** Lays out memory and prepares the list on a device. */
  async compile(device: Device): Promise<Plan> {
    const { views, allocations } = layOut(device, this.#dispatches, this.#kept);
    const dispatches: Dispatch[] = this.#dispatches.map(({ kernel, tensors, sizes }) => ({
      kernel,
      sizes,
      views: tensors.map((tensor) => viewOf(tensor, views)),
    }));
    return new Plan(device, await device.compile(dispatches), views, allocations);
  }
}

function viewOf(tensor: Tensor, views: ReadonlyMap<Tensor, View>): View {
  const view = tensor.view ?? views.get(tensor);
  if (!view) throw new RangeError(`tensor ${tensor.name} is not part of the plan`);
  return view;
}

interface Slot {
  readonly dtype: DType;
  length: number;
  readonly tenants: Tensor[];
  freeFrom: number;
}

/** Gives every tensor memory; activations whose lifetimes do not overlap share slots (best fit, in order of first use). */
function layOut(
  device: Device,
  dispatches: readonly RecordedDispatch[],
  kept: ReadonlySet<Tensor>,
): { views: Map<Tensor, View>; allocations: Allocation[] } {
  const first = new Map<Tensor, number>();
  const last = new Map<Tensor, number>();
  dispatches.forEach(({ tensors }, i) => {
    for (const tensor of tensors) {
      if (!first.has(tensor)) first.set(tensor, i);
      last.set(tensor, i);
    }
  });
  const slots: Slot[] = [];
  for (const [tensor, begin] of first) {
    if (tensor.view) continue;
    const length = Math.ceil(Math.max(tensorLength(tensor), 1) / VIEW_ALIGNMENT) * VIEW_ALIGNMENT;
    const shared = tensor.role === "activation" && !kept.has(tensor);
    const end = shared ? last.get(tensor) ?? begin : Infinity;
    const free = shared ? slots.filter((slot) => slot.freeFrom <= begin && slot.dtype === tensor.dtype) : [];
    const fits = free.filter((slot) => slot.length >= length).sort((a, b) => a.length - b.length)[0];
    const slot = fits ?? free.sort((a, b) => b.length - a.length)[0];
    if (slot) {
      slot.length = Math.max(slot.length, length);
      slot.tenants.push(tensor);
      slot.freeFrom = end + 1;
    } else {
      slots.push({ dtype: tensor.dtype, length, tenants: [tensor], freeFrom: end + 1 });
    }
  }
  const views = new Map<Tensor, View>();
  const allocations: Allocation[] = [];
  for (const slot of slots) {
    const allocation = device.allocate(
      slot.tenants.map((t) => t.name).slice(0, 3).join(", "),
      slot.dtype,
      slot.length,
    );
    allocations.push(allocation);
    for (const tensor of slot.tenants) {
      views.set(tensor, { allocation, offset: 0, length: Math.max(tensorLength(tensor), 1) });
    }
  }
  return { views, allocations };
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
