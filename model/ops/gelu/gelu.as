import { address, at, erf4, exp4, integer, madd, TILE } from "./simd";

/** x, y; count */
export function gelu_forward(block: usize, tile: i32): void {
  const x = address(block, 0), y = address(block, 1);
  const end = min(integer(block, 2), (tile + 1) * TILE);
  for (let i = tile * TILE; i < end; i += 4) {
    const v = v128.load(at(x, i));
    const u = f32x4.mul(v, f32x4.splat(0.7071067811865476));
    const erf = erf4(u, exp4(f32x4.neg(f32x4.mul(u, u))));
    v128.store(at(y, i), f32x4.mul(f32x4.mul(v, f32x4.splat(0.5)), f32x4.add(f32x4.splat(1), erf)));
  }
}

/** x, dy, dx; count */
export function gelu_backward(block: usize, tile: i32): void {
  const x = address(block, 0), dy = address(block, 1), dx = address(block, 2);
  const end = min(integer(block, 3), (tile + 1) * TILE);
  for (let i = tile * TILE; i < end; i += 4) {
    const v = v128.load(at(x, i));
    const u = f32x4.mul(v, f32x4.splat(0.7071067811865476));
    const decay = exp4(f32x4.neg(f32x4.mul(u, u)));
    const cdf = f32x4.mul(f32x4.add(f32x4.splat(1), erf4(u, decay)), f32x4.splat(0.5));
    const slope = madd(v, f32x4.mul(decay, f32x4.splat(0.3989422804014327)), cdf);
    v128.store(at(dx, i), f32x4.mul(v128.load(at(dy, i)), slope));
  }
}
