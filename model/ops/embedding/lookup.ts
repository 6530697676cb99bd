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
  const places: number[] = [];
  for (let row = 0; row < rows; row++) {
    let count = 0;
    for (let j = 0; j < width; j++) {
      const id = ids[row * width + j] ?? -1;
      if (id < 0) continue;
      count++;
      if (id !== paddingId) places.push(row * width + j);
    }
    weights[row] = count > 0 ? 1 / count : 0;
  }
  const order = Int32Array.from(places).sort((a, b) => (ids[a] ?? 0) - (ids[b] ?? 0) || a - b);
  const runIds: number[] = [];
  const runStarts: number[] = [];
  const runRows = new Int32Array(order.length);
  order.forEach((place, i) => {
    const id = ids[place] ?? 0;
    if (runIds.at(-1) !== id) {
      runIds.push(id);
      runStarts.push(i);
    }
    runRows[i] = Math.floor(place / width);
  });
  runStarts.push(order.length);
  return { ids, weights, runIds: Int32Array.from(runIds), runStarts: Int32Array.from(runStarts), runRows };
}
