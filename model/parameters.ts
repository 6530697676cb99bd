import type { Allocation, Device } from "./device.ts";
import { VIEW_ALIGNMENT } from "./device.ts";
import { DeviceError } from "./device_error.ts";
import type { Parameter, Tensor } from "./plan.ts";
import { normalArray } from "./random_normal.ts";

/** What a parameter is before it has values. */
export interface ParameterSpec {
  /** Its Hugging Face name. */
  readonly name: string;
  /** Row-major shape; one or two dimensions. */
  readonly shape: readonly number[];
  /** Initial values: N(0, initializer_range²), 0 or 1. */
  readonly initial: "normal" | "zeros" | "ones";
  /** Whether weight decay applies. */
  readonly decay: boolean;
}

/** A page: parameters of one decay group, back to back, with their gradients and moments in allocations of the same layout. */
export interface ParameterPage {
  readonly decay: boolean;
  readonly length: number;
  readonly value: Allocation;
  readonly gradient?: Allocation;
  readonly expAvg?: Allocation;
  readonly expAvgSq?: Allocation;
}

/** The values of a page that a state of the optimizer has, too. */
export type PageSlot = "value" | "gradient" | "expAvg" | "expAvgSq";

interface Placed {
  readonly spec: ParameterSpec;
  readonly page: ParameterPage;
  readonly offset: number;
  readonly length: number;
  readonly parameter: Parameter;
}

function lengthOf(spec: ParameterSpec): number {
  return spec.shape.reduce((a, b) => a * b, 1);
}

function align(length: number): number {
  return Math.ceil(length / VIEW_ALIGNMENT) * VIEW_ALIGNMENT;
}

/** Parameters share pages of at most this many bytes: few dispatches an update, and no single allocation that is hard to get. */
const PAGE_BYTES = 2 ** 30;

/** Elements that go between host and device at once, so that neither needs much memory beside the values themselves. */
const TRANSFER_LENGTH = 2 ** 24;

/**
 * Cuts the specs of one decay group, in order, into pages; a parameter over PAGE_BYTES has one of its own. What is larger than
 * a binding is cut where it is used.
 */
function paginate(specs: readonly ParameterSpec[], maxBufferBytes: number): ParameterSpec[][] {
  const elements = (bytes: number): number => Math.floor(bytes / 4 / VIEW_ALIGNMENT) * VIEW_ALIGNMENT;
  const limit = elements(maxBufferBytes);
  const pages: ParameterSpec[][] = [];
  let room = 0;
  for (const spec of specs) {
    const length = align(lengthOf(spec));
    if (length > limit) {
      throw new DeviceError(
        `${spec.name} [${spec.shape.join(", ")}] has ${length * 4} bytes, a buffer of this device at most ${
          limit * 4
        }: ` +
          "use a smaller vocabulary, smaller entity embeddings or --device cpu",
      );
    }
    if (length > room) {
      pages.push([]);
      room = Math.min(limit, elements(PAGE_BYTES));
    }
    pages.at(-1)?.push(spec);
    room -= length;
  }
  return pages;
}

/**
 * Parameters on a device, and when `training` their gradients and AdamW moments. On the device they lie in pages; to the
 * outside they are keyed by name.
 */
export class Parameters {
  /** All pages. */
  readonly pages: readonly ParameterPage[];
  readonly #device: Device;
  readonly #placed = new Map<string, Placed>();

  /** Allocates `specs`, zeroed. Throws a DeviceError, and keeps nothing, when one does not fit a buffer or the device. */
  constructor(device: Device, specs: readonly ParameterSpec[], training: boolean) {
    this.#device = device;
    const pages: ParameterPage[] = [];
    this.pages = pages;
    const allocations: Allocation[] = [];
    try {
      for (const decay of [true, false]) {
        for (const group of paginate(specs.filter((spec) => spec.decay === decay), device.maxBufferBytes)) {
          const length = group.reduce((sum, spec) => sum + align(lengthOf(spec)), 0);
          const allocate = (what: string): Allocation => {
            const allocation = device.allocate(`${what} ${pages.length}`, "f32", length);
            allocations.push(allocation);
            return allocation;
          };
          const page: ParameterPage = {
            decay,
            length,
            value: allocate("parameters"),
            ...(training && {
              gradient: allocate("gradients"),
              expAvg: allocate("first moments"),
              expAvgSq: allocate("second moments"),
            }),
          };
          pages.push(page);
          this.#place(group, page);
        }
      }
    } catch (error) {
      for (const allocation of allocations) device.free(allocation);
      throw error;
    }
  }

  #place(group: readonly ParameterSpec[], page: ParameterPage): void {
    let offset = 0;
    for (const spec of group) {
      const length = lengthOf(spec);
      const columns = spec.shape.at(-1) ?? 1;
      const tensor = (allocation: Allocation, name: string): Tensor => ({
        name,
        dtype: "f32",
        rows: length / columns,
        columns,
        role: "parameter",
        view: { allocation, offset, length },
      });
      const parameter: Parameter = {
        tensor: tensor(page.value, spec.name),
        ...(page.gradient && { gradient: tensor(page.gradient, `gradient of ${spec.name}`) }),
      };
      this.#placed.set(spec.name, { spec, page, offset, length, parameter });
      offset += align(length);
    }
  }

  #get(name: string): Placed {
    const placed = this.#placed.get(name);
    if (!placed) throw new RangeError(`there is no parameter ${name}`);
    return placed;
  }

  /** Names and shapes. */
  get shapes(): ReadonlyMap<string, readonly number[]> {
    return new Map([...this.#placed].map(([name, { spec }]) => [name, spec.shape]));
  }

  /** Number of scalars. */
  get count(): number {
    let sum = 0;
    for (const { length } of this.#placed.values()) sum += length;
    return sum;
  }

  /** The parameter for a plan. Throws a RangeError when the name is unknown. */
  get(name: string): Parameter {
    return this.#get(name).parameter;
  }

  /** Fills parameters, or `only` some, with initial values; each draws from `seed` and its own place in the list. */
  initialize(seed: number, deviation: number, only: (name: string) => boolean = () => true): void {
    let index = 0;
    for (const { spec, page, offset, length } of this.#placed.values()) {
      index++;
      if (!only(spec.name)) continue;
      const values = spec.initial === "normal"
        ? normalArray(length, deviation, Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) + index * 0x632be5ab)
        : new Float32Array(length).fill(spec.initial === "ones" ? 1 : 0);
      this.#send(page.value, offset, values);
    }
  }

  #send(allocation: Allocation, offset: number, values: Float32Array): void {
    for (let first = 0; first < values.length; first += TRANSFER_LENGTH) {
      this.#device.write(allocation, offset + first, values.subarray(first, first + TRANSFER_LENGTH));
    }
  }

  /** Reads all values of a kind by parameter name. */
  async read(slot: PageSlot): Promise<Map<string, Float32Array>> {
    const values = new Map<string, Float32Array>();
    for (const [name, { length }] of this.#placed) values.set(name, new Float32Array(length));
    for (const page of this.pages) {
      const allocation = page[slot];
      if (!allocation) throw new RangeError(`${slot} exists only in training`);
      const inPage = [...this.#placed].filter(([, placed]) => placed.page === page);
      // In windows that pay no heed to where parameters begin: each read waits for the device.
      for (let begin = 0; begin < page.length; begin += TRANSFER_LENGTH) {
        const length = Math.min(TRANSFER_LENGTH, page.length - begin);
        const window = await this.#device.read({ allocation, offset: begin, length }) as Float32Array;
        for (const [name, { offset, length: count }] of inPage) {
          const [from, to] = [Math.max(offset, begin), Math.min(offset + count, begin + length)];
          if (from < to) values.get(name)?.set(window.subarray(from - begin, to - begin), from - offset);
        }
      }
    }
    return values;
  }

  /** Reads elements [begin, end) of one parameter, all unless told. Throws a RangeError when the name is unknown. */
  async readPiece(slot: PageSlot, name: string, begin = 0, end?: number): Promise<Float32Array> {
    const { page, offset, length } = this.#get(name);
    const allocation = page[slot];
    if (!allocation) throw new RangeError(`${slot} exists only in training`);
    const stop = end ?? length;
    if (!(0 <= begin && begin <= stop && stop <= length)) {
      throw new RangeError(`${name} has elements 0 to ${length}, not ${begin} to ${stop}`);
    }
    const values = new Float32Array(stop - begin);
    for (let at = begin; at < stop; at += TRANSFER_LENGTH) {
      const count = Math.min(TRANSFER_LENGTH, stop - at);
      const window = await this.#device.read({ allocation, offset: offset + at, length: count });
      values.set(window, at - begin);
    }
    return values;
  }

  /** Writes elements of one parameter's value from `begin` on. Throws a RangeError when the name is unknown or they pass its end. */
  writePiece(name: string, begin: number, values: Float32Array): void {
    const { page, offset, length } = this.#get(name);
    if (begin < 0 || begin + values.length > length) {
      throw new RangeError(`${name} has ${length} elements, ${begin + values.length} are written`);
    }
    this.#send(page.value, offset + begin, values);
  }

  /** Writes values of a kind by name. Throws a RangeError that lists missing, unknown and misshapen names. */
  write(slot: PageSlot, values: ReadonlyMap<string, Float32Array>): void {
    const faults: string[] = [];
    for (const name of this.#placed.keys()) if (!values.has(name)) faults.push(`${name} is missing`);
    for (const [name, data] of values) {
      const placed = this.#placed.get(name);
      if (!placed) faults.push(`${name} is unknown`);
      else if (placed.length !== data.length) {
        faults.push(`${name} has ${data.length} elements, ${placed.length} expected`);
      }
    }
    if (faults.length > 0) throw new RangeError(faults.join("; "));
    for (const [name, data] of values) {
      const { page, offset } = this.#get(name);
      const allocation = page[slot];
      if (!allocation) throw new RangeError(`${slot} exists only in training`);
      this.#send(allocation, offset, data);
    }
  }

  /** Frees all pages. */
  free(): void {
    for (const page of this.pages) {
      for (const slot of ["value", "gradient", "expAvg", "expAvgSq"] as const) {
        const allocation = page[slot];
        if (allocation) this.#device.free(allocation);
      }
    }
  }
}
