import { address, at, integer, load4, madd, splat, store4 } from "./simd";

const ROWS: i32 = 16;

/** ids, weights, table, y; rows, columns, width, accumulate */
export function embedding_forward(block: usize, tile: i32): void {
  const ids = address(block, 0), weights = address(block, 1), table = address(block, 2);
  const columns = integer(block, 5), width = integer(block, 6);
  const adds = integer(block, 7) !== 0;
  const end = min(integer(block, 4), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const y = at(address(block, 3), row * columns);
    const weight = splat(load<f32>(at(weights, row)));
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      let sum = splat(0);
      for (let j = 0; j < width; j++) {
        const id = load<i32>(at(ids, row * width + j));
        if (id >= 0) sum = f32x4.add(sum, load4(at(table, id * columns + c), left, 0));
      }
      sum = f32x4.mul(sum, weight);
      if (adds) sum = f32x4.add(sum, load4(at(y, c), left, 0));
      store4(at(y, c), sum, left);
    }
  }
}

/** run_ids, run_starts, run_rows, weights, dy, dtable; runs, columns */
export function embedding_backward(block: usize, tile: i32): void {
  const columns = integer(block, 7);
  const starts = at(address(block, 1), tile), rows = address(block, 2), weights = address(block, 3);
  const dy = address(block, 4);
  const begin = load<i32>(starts), end = load<i32>(starts, 4);
  const gradient = at(address(block, 5), load<i32>(at(address(block, 0), tile)) * columns);
  for (let c = 0; c < columns; c += 4) {
    const left = columns - c;
    let sum = load4(at(gradient, c), left, 0);
    for (let i = begin; i < end; i++) {
      const row = load<i32>(at(rows, i));
      sum = madd(load4(at(dy, row * columns + c), left, 0), splat(load<f32>(at(weights, row))), sum);
    }
    store4(at(gradient, c), sum, left);
  }
}
