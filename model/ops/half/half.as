import { address, at, integer, load4, TILE } from "./simd";

/** Four floats to bf16 in the low halves of their lanes, to nearest, ties to even. */
@inline
function bf16(bits: v128): v128 {
  const odd = v128.and(i32x4.shr_u(bits, 16), i32x4.splat(1));
  const rounded = i32x4.shr_u(i32x4.add(bits, i32x4.add(odd, i32x4.splat(0x7fff))), 16);
  const quiet = v128.or(i32x4.shr_u(bits, 16), i32x4.splat(0x40));
  const nan = i32x4.gt_u(v128.and(bits, i32x4.splat(0x7fffffff)), i32x4.splat(0x7f800000));
  return v128.bitselect(quiet, rounded, nan);
}

/** Four floats to f16 in the low halves of their lanes, to nearest, ties to even. */
@inline
function f16(bits: v128): v128 {
  const sign = v128.and(i32x4.shr_u(bits, 16), i32x4.splat(0x8000));
  const magnitude = v128.and(bits, i32x4.splat(0x7fffffff));
  const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(magnitude, i32x4.add(odd, i32x4.splat(0xfff - 0x38000000))), 13);
  // Under 2^-14 the halves are 2^-24 apart, as are the floats from 0.5 on: adding 0.5 rounds.
  const small = i32x4.sub(f32x4.add(magnitude, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
  let half = v128.bitselect(small, normal, i32x4.lt_u(magnitude, i32x4.splat(0x38800000)));
  half = v128.bitselect(i32x4.splat(0x7c00), half, i32x4.ge_u(magnitude, i32x4.splat(0x47800000)));
  half = v128.bitselect(i32x4.splat(0x7e00), half, i32x4.gt_u(magnitude, i32x4.splat(0x7f800000)));
  return v128.or(sign, half);
}

/** x, y; count, format */
export function round_to_half(block: usize, tile: i32): void {
  const x = address(block, 0), y = address(block, 1);
  const count = integer(block, 2), end = min(count, (tile + 1) * TILE);
  const brain = integer(block, 3) == 2;
  for (let i = tile * TILE; i < end; i += 8) {
    const low = load4(at(x, i), count - i, 0);
    const high = count - i > 4 ? load4(at(x, i + 4), count - i - 4, 0) : f32x4.splat(0);
    const halves = brain ? i16x8.narrow_i32x4_u(bf16(low), bf16(high)) : i16x8.narrow_i32x4_u(f16(low), f16(high));
    v128.store(at(y, i >> 1), halves);
  }
}
