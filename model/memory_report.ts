import type { Allocation, Dispatch, TensorDescription } from "./device.ts";
import type { PlanningDevice } from "./planning_device.ts";
import { tensorLength } from "./tensor.ts";

const BYTES = 4;

/** Activations of one kind, in use at the same time. */
export interface LargeTensors {
  /** The name they share, numbers of layers as `*`. */
  readonly name: string;
  /** How many there are. */
  readonly count: number;
  /** Bytes of all. */
  readonly bytes: number;
}

/** Where memory goes. */
export interface MemoryReport {
  /** All of it. */
  readonly bytes: number;
  /**
   * Bytes by purpose, the most first: `parameters`, `gradients`, `first moments`, `second moments`, `activations` (which share
   * memory), `inputs`, `outputs`, and the small ones as the network names them.
   */
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
  /** The moment at which most activations are in use, of the program in which that is most. */
  readonly fullest: {
    /** Bytes in use: what the plan takes at least. */
    readonly bytes: number;
    /** Which dispatch of the program. */
    readonly dispatch: number;
    /** The activations in use, by name, the largest first. */
    readonly tensors: readonly LargeTensors[];
  };
}

const PARTS: Readonly<Record<string, string>> = {
  activation: "activations",
  input: "inputs",
  output: "outputs",
};

/** Reports on what a network made on `device` takes, with full batches. */
export function memoryReport(device: PlanningDevice): MemoryReport {
  const purposes = new Map<Allocation, string>();
  let fullest: MemoryReport["fullest"] = { bytes: 0, dispatch: 0, tensors: [] };
  for (const { dispatches } of device.programs) {
    for (const { views, tensors } of dispatches) {
      tensors?.forEach(({ role }, i) => {
        const allocation = views[i]?.allocation;
        const part = PARTS[role];
        if (allocation && part !== undefined) purposes.set(allocation, part);
      });
    }
    const found = fullestMoment(dispatches);
    if (found.bytes > fullest.bytes) fullest = found;
  }
  const parts = new Map<string, number>();
  for (const allocation of device.allocations) {
    const name = purposes.get(allocation) ?? allocation.label.replace(/ \d+$/, "");
    parts.set(name, (parts.get(name) ?? 0) + BYTES * allocation.length);
  }
  return {
    bytes: device.allocatedBytes,
    parts: [...parts].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes),
    fullest,
  };
}

/** Bytes of the activations in use at each dispatch of a list. */
export function liveBytes(dispatches: readonly Dispatch[]): Float64Array {
  const live = new Float64Array(dispatches.length);
  for (const [tensor, { first, last }] of lives(dispatches)) {
    for (let i = first; i <= last; i++) live[i] = (live[i] ?? 0) + BYTES * tensorLength(tensor);
  }
  return live;
}

function lives(dispatches: readonly Dispatch[]): Map<TensorDescription, { first: number; last: number }> {
  const found = new Map<TensorDescription, { first: number; last: number }>();
  dispatches.forEach(({ tensors }, i) => {
    for (const tensor of tensors ?? []) {
      if (tensor.role === "activation") found.set(tensor, { first: found.get(tensor)?.first ?? i, last: i });
    }
  });
  return found;
}

function fullestMoment(dispatches: readonly Dispatch[]): MemoryReport["fullest"] {
  const live = liveBytes(dispatches);
  const bytes = live.reduce((a, b) => Math.max(a, b), 0);
  const dispatch = Math.max(live.indexOf(bytes), 0);
  const kinds = new Map<string, { count: number; bytes: number }>();
  for (const [tensor, { first, last }] of lives(dispatches)) {
    if (dispatch < first || last < dispatch) continue;
    const name = tensor.name.replace(/\.\d+\./g, ".*.");
    const { count, bytes } = kinds.get(name) ?? { count: 0, bytes: 0 };
    kinds.set(name, { count: count + 1, bytes: bytes + BYTES * tensorLength(tensor) });
  }
  const tensors = [...kinds].map(([name, kind]) => ({ name, ...kind })).sort((a, b) => b.bytes - a.bytes);
  return { bytes, dispatch, tensors };
}
