import { address, at, exp4, integer, load4, madd, max4, real, splat, store4, sum4 } from "./simd";

const ROWS: i32 = 16;

/** scores, mask, y; rows, columns, rows_per_mask, scale */
export function softmax_forward(block: usize, tile: i32): void {
  const columns = integer(block, 4), rowsPerMask = integer(block, 5);
  const scale = splat(real(block, 6));
  const end = min(integer(block, 3), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const x = at(address(block, 0), row * columns), y = at(address(block, 2), row * columns);
    const mask = at(address(block, 1), (row / rowsPerMask) * columns);
    let greatest = splat(-Infinity);
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      const hidden = f32x4.convert_i32x4_s(i32x4.sub(i32x4.splat(1), load4(at(mask, c), left, 0)));
      const v = madd(hidden, splat(-10000), f32x4.mul(load4(at(x, c), left, -Infinity), scale));
      store4(at(y, c), v, left);
      greatest = f32x4.max(greatest, v);
    }
    const top = splat(max4(greatest));
    let sum = splat(0);
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      const e = exp4(f32x4.sub(load4(at(y, c), left, -Infinity), top));
      store4(at(y, c), e, left);
      sum = f32x4.add(sum, e);
    }
    const inverse = splat(<f32>1 / sum4(sum));
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      store4(at(y, c), f32x4.mul(load4(at(y, c), left, 0), inverse), left);
    }
  }
}

/** y, dy, dx; rows, columns, scale */
export function softmax_backward(block: usize, tile: i32): void {
  const columns = integer(block, 4);
  const scale = splat(real(block, 5));
  const end = min(integer(block, 3), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const y = at(address(block, 0), row * columns), dy = at(address(block, 1), row * columns);
    const dx = at(address(block, 2), row * columns);
    let sum = splat(0);
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      sum = madd(load4(at(y, c), left, 0), load4(at(dy, c), left, 0), sum);
    }
    const product = splat(sum4(sum));
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      const d = f32x4.sub(load4(at(dy, c), left, 0), product);
      store4(at(dx, c), f32x4.mul(f32x4.mul(load4(at(y, c), left, 0), d), scale), left);
    }
  }
}
