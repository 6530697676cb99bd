import type { Allocation, Dispatch } from "./device.ts";
import { capacityOf, type DType, type SizeOf } from "./kernel.ts";
import { liveBytes } from "./memory_report.ts";

const BYTES = 4;

/** A tensor as a dispatch binds it. */
export interface ListedTensor {
  /** The kernel's name for it. */
  readonly binding: string;
  /** Whether the kernel writes it. */
  readonly written: boolean;
  /** The plan's name for it. */
  readonly name: string;
  /** Element type. */
  readonly dtype: DType;
  /** Rows and columns at capacity. */
  readonly shape: readonly [number, number];
  /** Its memory: the number of a buffer that the plan owns, counted from 0 by first use, or the name of a page of parameters. */
  readonly buffer: number | string;
  /** Where in that memory it begins, bytes. */
  readonly offset: number;
  /** Bytes. */
  readonly bytes: number;
}

/** One dispatch of a plan. */
export interface ListedDispatch {
  /** Its place in the list. */
  readonly index: number;
  /** The kernel. */
  readonly kernel: string;
  /** Its sizes; live ones at capacity. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Multiplications and additions; 0 where the kernel does not tell. */
  readonly flops: number;
  /** Bytes of the tensors that it binds, each counted once. */
  readonly bytes: number;
  /** Bytes of all activations in use at this moment. */
  readonly live: number;
  /** What it binds, in the kernel's order; a tensor that fills several bindings appears at the first. */
  readonly tensors: readonly ListedTensor[];
}

/** What the dispatches of one kernel come to. */
export interface KernelTotal {
  /** The kernel. */
  readonly kernel: string;
  /** How many there are. */
  readonly dispatches: number;
  /** Multiplications and additions of all. */
  readonly flops: number;
  /** Bytes of the tensors that they bind. */
  readonly bytes: number;
}

/** A recorded list for people and programs to read: what a step does, with full batches. */
export function listDispatches(dispatches: readonly Dispatch[]): ListedDispatch[] {
  const live = liveBytes(dispatches);
  const buffers = new Map<Allocation, number>();
  const bufferOf = (allocation: Allocation): number => {
    const number = buffers.get(allocation) ?? buffers.size;
    buffers.set(allocation, number);
    return number;
  };
  return dispatches.map((dispatch, index) => {
    const { kernel, views } = dispatch;
    const tensors: ListedTensor[] = [];
    const seen = new Set<string>();
    views.forEach(({ allocation, offset, length }, i) => {
      const binding = kernel.bindings[i];
      const tensor = dispatch.tensors?.[i];
      if (!binding || !tensor) return;
      const buffer = tensor.role === "parameter" ? allocation.label : bufferOf(allocation);
      const place = JSON.stringify([buffer, offset]);
      if (seen.has(place)) return;
      seen.add(place);
      tensors.push({
        binding: binding.name,
        written: binding.access === "read_write",
        name: tensor.name,
        dtype: binding.dtype,
        shape: [capacityOf(tensor.rows), tensor.columns],
        buffer,
        offset: BYTES * offset,
        bytes: BYTES * length,
      });
    });
    const sizes = Object.fromEntries(
      kernel.sizes.map((name) => [name, capacityOf(dispatch.sizes[name] ?? 0)]),
    );
    const sizeOf: SizeOf = (name) => sizes[name] ?? 0;
    return {
      index,
      kernel: kernel.name,
      sizes,
      flops: kernel.flops?.(sizeOf) ?? 0,
      bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
      live: live[index] ?? 0,
      tensors,
    };
  });
}

/** Sums by kernel, the most arithmetic first, then the most bytes. */
export function totalsByKernel(list: readonly ListedDispatch[]): KernelTotal[] {
  const totals = new Map<string, KernelTotal>();
  for (const { kernel, flops, bytes } of list) {
    const known = totals.get(kernel) ?? { kernel, dispatches: 0, flops: 0, bytes: 0 };
    totals.set(kernel, {
      kernel,
      dispatches: known.dispatches + 1,
      flops: known.flops + flops,
      bytes: known.bytes + bytes,
    });
  }
  return [...totals.values()].sort((a, b) => b.flops - a.flops || b.bytes - a.bytes);
}
