import type { Allocation, View } from "./device.ts";
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

/** A kernel with its tensors, before they have memory. */
export interface RecordedDispatch {
  readonly kernel: Kernel;
  /** One for each binding. */
  readonly tensors: readonly Tensor[];
  readonly sizes: Readonly<Record<string, Size>>;
}
