import type { StoredTensor } from "./stored_tensor.ts";

/** What stands in a row that the source does not have: fills `row`, the elements of row `index`. */
export type NewRow = (row: Float32Array, index: number) => void;

/**
 * A tensor made of another one's rows (elements, where it has one dimension): row i is the source's row `rows[i]`, or where that is
 * −1 what `newRow` fills in; zeros unless told. Nothing is copied before it is read, and rows that follow each other in the
 * source are read together.
 *
 * @throws {RangeError} when the source has no such row.
 */
export function mappedRows(source: StoredTensor, rows: Int32Array, newRow: NewRow = () => {}): StoredTensor {
  const [count = 0, ...inner] = source.shape;
  const width = inner.reduce((product, size) => product * size, 1);
  for (const row of rows) {
    if (row < -1 || row >= count) throw new RangeError(`row ${row} of a tensor of ${count} rows`);
  }
  return {
    dtype: source.dtype,
    shape: [rows.length, ...inner],
    readFloats(begin, end) {
      const values = new Float32Array(end - begin);
      for (let at = begin; at < end;) {
        const first = Math.floor(at / width), inRow = at % width;
        const from = rows[first] ?? -1;
        let after = first + 1;
        if (from < 0) {
          const row = new Float32Array(width);
          newRow(row, first);
          values.set(row.subarray(inRow, Math.min(width, inRow + end - at)), at - begin);
        } else {
          while (after * width < end && rows[after] === from + after - first) after++;
          const start = from * width + inRow;
          values.set(source.readFloats(start, start + Math.min(end, after * width) - at), at - begin);
        }
        at = after * width;
      }
      return values;
    },
  };
}
