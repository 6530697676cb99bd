import { address, at, integer, madd, splat, sum4, TILE } from "./simd";

/** x, y; count, iterations, chains (12: as many registers as multiply-adds need to be under way at once) */
export function multiply_add_chains(block: usize, tile: i32): void {
  const x = address(block, 0);
  const a = v128.load32_splat(x), b = v128.load32_splat(x, 4);
  let c0 = splat(0), c1 = splat(1), c2 = splat(2), c3 = splat(3), c4 = splat(4), c5 = splat(5);
  let c6 = splat(6), c7 = splat(7), c8 = splat(8), c9 = splat(9), c10 = splat(10), c11 = splat(11);
  for (let i = integer(block, 3); i > 0; i--) {
    c0 = madd(c0, a, b);
    c1 = madd(c1, a, b);
    c2 = madd(c2, a, b);
    c3 = madd(c3, a, b);
    c4 = madd(c4, a, b);
    c5 = madd(c5, a, b);
    c6 = madd(c6, a, b);
    c7 = madd(c7, a, b);
    c8 = madd(c8, a, b);
    c9 = madd(c9, a, b);
    c10 = madd(c10, a, b);
    c11 = madd(c11, a, b);
  }
  const low = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(c4, c5));
  const high = f32x4.add(f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)), f32x4.add(c10, c11));
  store<f32>(at(address(block, 1), tile), sum4(f32x4.add(low, high)));
}

/** x, y; count */
export function copy_stream(block: usize, tile: i32): void {
  const x = address(block, 0), y = address(block, 1);
  const end = min(integer(block, 2), (tile + 1) * TILE);
  for (let i = tile * TILE; i < end; i += 8) {
    v128.store(at(y, i), v128.load(at(x, i)));
    v128.store(at(y, i), v128.load(at(x, i), 16), 16);
  }
}
