import type { Allocation, TensorDescription, View } from "./device.ts";
import { capacityOf, type Kernel, type Size } from "./kernel.ts";

/** A matrix in a plan. Its memory is chosen when the plan is compiled, unless it is a parameter. */
export interface Tensor extends TensorDescription {
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
export function tensorLength(tensor: TensorDescription): number {
  return capacityOf(tensor.rows) * tensor.columns;
}

/** A kernel with its tensors, before they have memory. */
export interface RecordedDispatch {
  readonly kernel: Kernel;
  /** One for each binding. */
  readonly tensors: readonly Tensor[];
  readonly sizes: Readonly<Record<string, Size>>;
}
