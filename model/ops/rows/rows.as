import { address, at, integer, load4, store4 } from "./simd";

const ROWS: i32 = 64;

/** x, index, y; rows, columns, x_rows, first_x_row, keep */
export function gather_rows(block: usize, tile: i32): void {
  const columns = integer(block, 4), xRows = integer(block, 5), firstXRow = integer(block, 6);
  const keeps = integer(block, 7) !== 0;
  const end = min(integer(block, 3), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const from = load<i32>(at(address(block, 1), row)) - firstXRow;
    const y = at(address(block, 2), row * columns);
    if (<u32>from < <u32>xRows) memory.copy(y, at(address(block, 0), from * columns), <usize>columns << 2);
    else if (!keeps) memory.fill(y, 0, <usize>columns << 2);
  }
}

/** dy, index, dx; rows, columns, dx_rows, first_dx_row */
export function scatter_rows(block: usize, tile: i32): void {
  const columns = integer(block, 4), dxRows = integer(block, 5), firstDxRow = integer(block, 6);
  const end = min(integer(block, 3), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const to = load<i32>(at(address(block, 1), row)) - firstDxRow;
    if (<u32>to >= <u32>dxRows) continue;
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
