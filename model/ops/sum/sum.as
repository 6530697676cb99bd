import { address, at, integer, load4, madd, splat, store4, sum4, TILE } from "./simd";

/** Columns of a tile (`COLUMN_STRIP` in sum.ts). */
const COLUMN_STRIP: i32 = 4096;

/** x, partials; rows, columns, blocks, block_rows */
export function column_sum_partials(block: usize, tile: i32): void {
  const x = address(block, 0);
  const columns = integer(block, 3), blockRows = integer(block, 5);
  const strips = (columns + COLUMN_STRIP - 1) / COLUMN_STRIP;
  const blockIndex = tile / strips;
  const partials = at(address(block, 1), blockIndex * columns);
  const begin = blockIndex * blockRows, end = min(integer(block, 2), begin + blockRows);
  const last = min(columns, (tile % strips + 1) * COLUMN_STRIP);
  let c = (tile % strips) * COLUMN_STRIP;
  for (; c + 16 <= last; c += 16) { // a whole cache line of each row
    let s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0);
    for (let row = begin; row < end; row++) {
      const p = at(x, row * columns + c);
      s0 = f32x4.add(s0, v128.load(p));
      s1 = f32x4.add(s1, v128.load(p, 16));
      s2 = f32x4.add(s2, v128.load(p, 32));
      s3 = f32x4.add(s3, v128.load(p, 48));
    }
    const y = at(partials, c);
    v128.store(y, s0);
    v128.store(y, s1, 16);
    v128.store(y, s2, 32);
    v128.store(y, s3, 48);
  }
  for (; c < last; c += 4) {
    const left = last - c;
    let sum = splat(0);
    for (let row = begin; row < end; row++) sum = f32x4.add(sum, load4(at(x, row * columns + c), left, 0));
    store4(at(partials, c), sum, left);
  }
}

/** partials, y; count, blocks, stride, offset, accumulate */
export function sum_partials(block: usize, tile: i32): void {
  const partials = at(address(block, 0), integer(block, 5)), y = address(block, 1);
  const count = integer(block, 2), blocks = integer(block, 3), stride = integer(block, 4);
  const adds = integer(block, 6) !== 0;
  const end = min(count, (tile + 1) * TILE);
  for (let i = tile * TILE; i < end; i += 4) {
    const left = end - i;
    let sum = adds ? load4(at(y, i), left, 0) : splat(0);
    for (let b = 0; b < blocks; b++) sum = f32x4.add(sum, load4(at(partials, b * stride + i), left, 0));
    store4(at(y, i), sum, left);
  }
}

/** x, partials; count, blocks, block_length, offset */
export function sum_squares_partials(block: usize, tile: i32): void {
  const x = address(block, 0), length = integer(block, 4);
  const end = min(integer(block, 2), (tile + 1) * length);
  let sum = splat(0);
  for (let i = tile * length; i < end; i += 4) {
    const v = load4(at(x, i), end - i, 0);
    sum = madd(v, v, sum);
  }
  store<f32>(at(address(block, 1), integer(block, 5) + tile), sum4(sum));
}
