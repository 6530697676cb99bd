import { address, at, integer, load4, store4 } from "./simd";

const ROWS: i32 = 64;

/** x, index, y; rows, columns */
export function gather_rows(block: usize, tile: i32): void {
  const columns = integer(block, 4);
  const end = min(integer(block, 3), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const from = load<i32>(at(address(block, 1), row));
    const y = at(address(block, 2), row * columns);
    if (from < 0) memory.fill(y, 0, <usize>columns << 2);
    else memory.copy(y, at(address(block, 0), from * columns), <usize>columns << 2);
  }
}

/** dy, index, dx; rows, columns */
export function scatter_rows(block: usize, tile: i32): void {
  const columns = integer(block, 4);
  const end = min(integer(block, 3), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const to = load<i32>(at(address(block, 1), row));
    if (to < 0) continue;
    const dy = at(address(block, 0), row * columns), dx = at(address(block, 2), to * columns);
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      store4(at(dx, c), f32x4.add(load4(at(dx, c), left, 0), load4(at(dy, c), left, 0)), left);
    }
  }
}

/** x, y; rows, columns, group_rows, x_group, x_offset, y_group, y_offset */
export function copy_rows(block: usize, tile: i32): void {
  const columns = integer(block, 3), groupRows = integer(block, 4);
  const xGroup = integer(block, 5), xOffset = integer(block, 6);
  const yGroup = integer(block, 7), yOffset = integer(block, 8);
  const end = min(integer(block, 2), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const group = row / groupRows, inner = row % groupRows;
    const x = at(address(block, 0), (group * xGroup + xOffset + inner) * columns);
    const y = at(address(block, 1), (group * yGroup + yOffset + inner) * columns);
    memory.copy(y, x, <usize>columns << 2);
  }
}
