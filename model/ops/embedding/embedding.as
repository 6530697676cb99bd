import { address, at, integer, load4, madd, splat, store4 } from "./simd";

const ROWS: i32 = 16;

/** ids, weights, table, y; rows, columns, width, accumulate, table_rows, first_row */
export function embedding_forward(block: usize, tile: i32): void {
  const ids = address(block, 0), weights = address(block, 1), table = address(block, 2);
  const columns = integer(block, 5), width = integer(block, 6);
  const adds = integer(block, 7) !== 0;
  const tableRows = integer(block, 8), firstRow = integer(block, 9);
  const end = min(integer(block, 4), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const y = at(address(block, 3), row * columns);
    const weight = splat(load<f32>(at(weights, row)));
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      let sum = splat(0);
      for (let j = 0; j < width; j++) {
        const place = load<i32>(at(ids, row * width + j)) - firstRow;
        if (<u32>place < <u32>tableRows) sum = f32x4.add(sum, load4(at(table, place * columns + c), left, 0));
      }
      sum = f32x4.mul(sum, weight);
      if (adds) sum = f32x4.add(sum, load4(at(y, c), left, 0));
      store4(at(y, c), sum, left);
    }
  }
}

/** run_ids, run_starts, run_rows, weights, dy, dtable; runs, columns, table_rows, first_row, rows, first_dy_row */
export function embedding_backward(block: usize, tile: i32): void {
  const columns = integer(block, 7);
  const starts = at(address(block, 1), tile), rows = address(block, 2), weights = address(block, 3);
  const dy = address(block, 4);
  const begin = load<i32>(starts), end = load<i32>(starts, 4);
  const place = load<i32>(at(address(block, 0), tile)) - integer(block, 9);
  if (<u32>place >= <u32>integer(block, 8)) return;
  const dyRows = integer(block, 10), firstDyRow = integer(block, 11);
  const gradient = at(address(block, 5), place * columns);
  for (let c = 0; c < columns; c += 4) {
    const left = columns - c;
    let sum = load4(at(gradient, c), left, 0);
    for (let i = begin; i < end; i++) {
      const row = load<i32>(at(rows, i)) - firstDyRow;
      if (<u32>row >= <u32>dyRows) continue;
      sum = madd(load4(at(dy, row * columns + c), left, 0), splat(load<f32>(at(weights, row))), sum);
    }
    store4(at(gradient, c), sum, left);
  }
}
