import { address, at, integer, real, TILE } from "./simd";

/** In memory at a fixed address, since V8 builds other vector constants anew at every use. */
const CONSTANTS: usize = memory.data<i32>([0, 1, 2, 3, 0x7feb352d, <i32>0x846ca68b]);

@inline
function mix(h: v128): v128 {
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), v128.load_splat<i32>(CONSTANTS, 16));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), v128.load_splat<i32>(CONSTANTS, 20));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/** Where in the bits of a step a dropout begins. */
@inline
export function dropout_place(key: i32, site: i32): v128 {
  return mix(i32x4.splat(key + site * <i32>0x9e3779b9));
}

/** All ones in the lanes whose element is kept. */
@inline
export function dropout_keeps_each(elements: v128, place: v128, threshold: v128): v128 {
  return v128.not(i32x4.lt_u(mix(i32x4.add(mix(v128.xor(elements, place)), place)), threshold));
}

/** All ones in the lanes whose element is kept: the elements `first`, `first` + 1, … */
@inline
export function dropout_keeps(first: i32, place: v128, threshold: v128): v128 {
  return dropout_keeps_each(i32x4.add(i32x4.splat(first), v128.load(CONSTANTS)), place, threshold);
}

/** x, y; count, site, key, threshold, scale, first */
export function dropout(block: usize, tile: i32): void {
  const x = address(block, 0), y = address(block, 1);
  const end = min(integer(block, 2), (tile + 1) * TILE);
  const place = dropout_place(integer(block, 4), integer(block, 3));
  const threshold = i32x4.splat(integer(block, 5));
  const scale = f32x4.splat(real(block, 6));
  const first = integer(block, 7);
  for (let i = tile * TILE; i < end; i += 4) {
    v128.store(at(y, i), v128.and(dropout_keeps(first + i, place, threshold), f32x4.mul(v128.load(at(x, i)), scale)));
  }
}
