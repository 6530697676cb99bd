/** A batch's lookups in a table, both ways: forward by row, and inverted for a gradient without atomics. */
export interface Lookup {
  /** [rows, width] i32, −1 for nothing. */
  readonly ids: Int32Array;
  /** [rows] f32: 1 / the number of ids of the row (a mean), 0 for a row without any. */
  readonly weights: Float32Array;
  /** The ids that receive a gradient, ascending. */
  readonly runIds: Int32Array;
  /** Where the rows of each run begin; one element more than runs. */
  readonly runStarts: Int32Array;
  /** The rows that looked up the run's id, in order. */
  readonly runRows: Int32Array;
}

/**
 * Inverts `ids` [rows, width] for the backward pass. The sum of each table row is then taken in the order of the batch, so
 * it has the same bits on every run. `paddingId` is looked up but gets no gradient (PyTorch's `padding_idx`).
 */
export function makeLookup(ids: Int32Array, width: number, paddingId?: number): Lookup {
  const rows = ids.length / width;
  const weights = new Float32Array(rows);
  // Keys sort by id, then by place; a typed array sorts numbers many times faster than a comparison function does.
  const keys = new Float64Array(ids.length);
  let kept = 0;
  for (let row = 0; row < rows; row++) {
    let count = 0;
    for (let place = row * width; place < (row + 1) * width; place++) {
      const id = ids[place] ?? -1;
      if (id < 0) continue;
      count++;
      if (id !== paddingId) keys[kept++] = id * ids.length + place;
    }
    weights[row] = count > 0 ? 1 / count : 0;
  }
  const order = keys.subarray(0, kept).sort();
  const runIds: number[] = [];
  const runStarts: number[] = [];
  const runRows = new Int32Array(kept);
  let last = -1;
  for (let i = 0; i < kept; i++) {
    const key = order[i] ?? 0;
    const id = Math.floor(key / ids.length);
    if (id !== last) {
      runIds.push(id);
      runStarts.push(i);
      last = id;
    }
    runRows[i] = Math.floor((key - id * ids.length) / width);
  }
  runStarts.push(kept);
  return { ids, weights, runIds: Int32Array.from(runIds), runStarts: Int32Array.from(runStarts), runRows };
}
