import { VIEW_ALIGNMENT } from "./device.ts";
import { capacityOf } from "./kernel.ts";
import type { Tensor } from "./plan.ts";

/** `rows` × `columns` of a tensor from its element `offset` on, as a tensor over the same memory. */
function part(tensor: Tensor, offset: number, rows: number, columns: number): Tensor {
  const { view } = tensor;
  const length = rows * columns;
  if (!view) throw new RangeError(`${tensor.name} has no memory of its own to cut a slice from`);
  if (offset % VIEW_ALIGNMENT !== 0 || offset + length > view.length) {
    throw new RangeError(
      `${tensor.name} of ${view.length} elements has no slice of ${length} from ${offset}: ` +
        `slices begin at multiples of ${VIEW_ALIGNMENT} elements and end within`,
    );
  }
  return {
    name: `${tensor.name}[${offset}, ${offset + length})`,
    dtype: tensor.dtype,
    rows,
    columns,
    role: tensor.role,
    view: { allocation: view.allocation, offset: view.offset + offset, length },
  };
}

/**
 * Rows [first, first + count) of a parameter or its gradient, over the same memory. `first` · columns must be a multiple of 64
 * elements. Throws a RangeError for what is beyond the tensor, or has no memory before the plan is compiled.
 */
export function sliceRows(tensor: Tensor, first: number, count: number): Tensor {
  return part(tensor, first * tensor.columns, count, tensor.columns);
}

/** As {@linkcode sliceRows} for the columns of a tensor of one row: a bias. */
export function sliceColumns(tensor: Tensor, first: number, count: number): Tensor {
  if (capacityOf(tensor.rows) !== 1) throw new RangeError(`${tensor.name} has more than one row`);
  return part(tensor, first, 1, count);
}
