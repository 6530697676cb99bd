import { address, at, gelu4, geluSlope4, integer, TILE } from "./simd";

/** x, y; count */
export function gelu_forward(block: usize, tile: i32): void {
  const x = address(block, 0), y = address(block, 1);
  const end = min(integer(block, 2), (tile + 1) * TILE);
  for (let i = tile * TILE; i < end; i += 4) v128.store(at(y, i), gelu4(v128.load(at(x, i))));
}

/** x, dy, dx; count */
export function gelu_backward(block: usize, tile: i32): void {
  const x = address(block, 0), dy = address(block, 1), dx = address(block, 2);
  const end = min(integer(block, 3), (tile + 1) * TILE);
  for (let i = tile * TILE; i < end; i += 4) {
    v128.store(at(dx, i), f32x4.mul(v128.load(at(dy, i)), geluSlope4(v128.load(at(x, i)))));
  }
}
