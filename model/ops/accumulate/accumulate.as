import { address, at, integer, TILE } from "./simd";

/** x, y; count, accumulate */
export function accumulate(block: usize, tile: i32): void {
  const x = address(block, 0), y = address(block, 1);
  const end = min(integer(block, 2), (tile + 1) * TILE);
  const adds = integer(block, 3) !== 0;
  for (let i = tile * TILE; i < end; i += 4) {
    const v = v128.load(at(x, i));
    v128.store(at(y, i), adds ? f32x4.add(v128.load(at(y, i)), v) : v);
  }
}

/** y; count, keep */
export function fill_zero(block: usize, tile: i32): void {
  const y = address(block, 0);
  const end = min(integer(block, 1), (tile + 1) * TILE);
  if (integer(block, 2) !== 0) return;
  for (let i = tile * TILE; i < end; i += 4) v128.store(at(y, i), f32x4.splat(0));
}
