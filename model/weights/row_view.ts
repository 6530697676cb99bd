import { elementCount } from "./element_types.ts";
import type { StoredTensor } from "./stored_tensor.ts";

/** Rows of a table to take, the end exclusive, or how many rows of zeros to put. */
export type RowRange = readonly [begin: number, end: number] | { readonly zeros: number };

/** A tensor over elements that are in memory. @throws {RangeError} when their number is not the shape's. */
export function floatTensor(shape: readonly number[], data: Float32Array): StoredTensor {
  if (data.length !== elementCount(shape)) {
    throw new RangeError(`${data.length} elements for shape [${shape}]`);
  }
  return { dtype: "F32", shape, readFloats: (begin, end) => data.subarray(begin, end) };
}

/**
 * A table made of rows of another one, in the order of `ranges`: what appends, repeats, moves and selects rows without a copy.
 * A vector counts as a table of one column.
 *
 * @throws {RangeError} when a range lies outside the table.
 */
export function rowsOf(tensor: StoredTensor, ranges: readonly RowRange[]): StoredTensor {
  const [rows = 0, ...inner] = tensor.shape;
  const width = elementCount(inner);
  const pieces: { readonly at: number; readonly source: number | undefined; readonly length: number }[] = [];
  let total = 0;
  for (const range of ranges) {
    const isZeros = "zeros" in range;
    const [begin, end] = isZeros ? [0, range.zeros] : range;
    if (begin < 0 || end < begin || (!isZeros && end > rows)) {
      throw new RangeError(`rows ${begin} to ${end} of a table of ${rows}`);
    }
    pieces.push({
      at: total * width,
      source: isZeros ? undefined : begin * width,
      length: (end - begin) * width,
    });
    total += end - begin;
  }
  return {
    dtype: tensor.dtype,
    shape: [total, ...inner],
    readFloats(begin, end) {
      const values = new Float32Array(end - begin);
      for (const { at, source, length } of pieces) {
        const from = Math.max(begin, at), to = Math.min(end, at + length);
        if (source === undefined || from >= to) continue;
        values.set(tensor.readFloats(source + from - at, source + to - at), from - begin);
      }
      return values;
    },
  };
}
