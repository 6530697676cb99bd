// What the cpu kernels share. A kernel is `name(block, tile)`: `block` points at 32-bit words, first the addresses of its
// bindings, then its sizes in the order in which the kernel's TypeScript declares them; `tile` is the part of the work to do.

/** Elements of one tile of an elementwise kernel. */
export const TILE: i32 = 4096;

@inline
export function address(block: usize, i: i32): usize {
  return <usize>load<u32>(block + (<usize>i << 2));
}

@inline
export function integer(block: usize, i: i32): i32 {
  return load<i32>(block + (<usize>i << 2));
}

@inline
export function real(block: usize, i: i32): f32 {
  return load<f32>(block + (<usize>i << 2));
}

@inline
export function at(base: usize, element: i32): usize {
  return base + (<usize>element << 2);
}

@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.relaxed_madd(a, b, c);
}

@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** Four elements from `p` on; those past the `left` ones of the row are `fill`. */
@inline
export function load4(p: usize, left: i32, fill: f32): v128 {
  const x = v128.load(p);
  if (left >= 4) return x;
  return v128.bitselect(x, f32x4.splat(fill), i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left)));
}

/** Stores the first `left` of four elements. */
@inline
export function store4(p: usize, x: v128, left: i32): void {
  if (left >= 4) {
    v128.store(p, x);
    return;
  }
  v128.store_lane<f32>(p, x, 0);
  if (left > 1) v128.store_lane<f32>(p, x, 1, 4);
  if (left > 2) v128.store_lane<f32>(p, x, 2, 8);
}

@inline
export function sum4(x: v128): f32 {
  return (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1)) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

@inline
export function max4(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

// V8 builds a splatted constant anew in three instructions at every use, in loops too; from memory at a fixed address it is one.
const CONSTANTS: usize = memory.data<f32>([
  1, 0.5, -87.3, 88.7, 12583039, // 1.5 · 2²³ + 127: added to a number, it rounds it, and an exponent stands in the low bits
  1.44269504088896, -0.693359375, 2.12194440e-4, // log₂ e; ln 2 in two parts
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, // e^x
  0.3275911, 1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592, // erf
  0.7071067811865476, 0.3989422804014327, // √½; the normal density at 0
]);
const ONE: i32 = 0, HALF: i32 = 1, LOWEST: i32 = 2, HIGHEST: i32 = 3, ROUNDER: i32 = 4, LOG2_E: i32 = 5;
const EXP: i32 = 8, ERF: i32 = 14, ROOT_HALF: i32 = 20, DENSITY: i32 = 21;

@inline
function constant(i: i32): v128 {
  return v128.load_splat<f32>(CONSTANTS + (i << 2));
}

/** e^x to about one unit in the last place; 0 below −87.3, and NaN stays NaN. */
@inline
export function exp4(x: v128): v128 {
  const low = f32x4.lt(x, constant(LOWEST));
  x = f32x4.pmin(f32x4.pmax(x, constant(LOWEST)), constant(HIGHEST)); // one instruction each, unlike min and max
  const rounded = madd(x, constant(LOG2_E), constant(ROUNDER));
  const n = f32x4.sub(rounded, constant(ROUNDER));
  let r = madd(n, constant(LOG2_E + 1), x);
  r = madd(n, constant(LOG2_E + 2), r);
  let y = constant(EXP);
  y = madd(y, r, constant(EXP + 1));
  y = madd(y, r, constant(EXP + 2));
  y = madd(y, r, constant(EXP + 3));
  y = madd(y, r, constant(EXP + 4));
  y = madd(y, r, constant(EXP + 5));
  y = f32x4.add(madd(y, f32x4.mul(r, r), r), constant(ONE));
  return v128.andnot(f32x4.mul(y, i32x4.shl(rounded, 23)), low);
}

/** erf(x), absolute error under 1.5e-7 (Abramowitz and Stegun 7.1.26). `decay` is e^(−x²). */
@inline
export function erf4(x: v128, decay: v128): v128 {
  const t = f32x4.div(constant(ONE), madd(f32x4.abs(x), constant(ERF), constant(ONE)));
  let y = constant(ERF + 1);
  y = madd(y, t, constant(ERF + 2));
  y = madd(y, t, constant(ERF + 3));
  y = madd(y, t, constant(ERF + 4));
  y = madd(y, t, constant(ERF + 5));
  y = f32x4.sub(constant(ONE), f32x4.mul(f32x4.mul(y, t), decay));
  return v128.bitselect(x, y, f32x4.splat(-0.0)); // the sign of x on |erf|
}

/** f32 of f16 bits in the lower halves of the lanes; the upper halves are zero. Subnormals, infinities and NaN keep their meaning. */
@inline
export function halves4(bits: v128): v128 {
  const magnitude = i32x4.shl(v128.and(bits, i32x4.splat(0x7fff)), 13);
  const special = i32x4.ge_s(magnitude, i32x4.splat(0x0f800000));
  const value = f32x4.mul(magnitude, f32x4.splat(5.192296858534828e33)); // 2^112: the exponents' biases differ by that
  const sign = i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16);
  return v128.or(v128.or(value, sign), v128.and(special, i32x4.splat(0x7f800000)));
}

/** x · Φ(x). */
@inline
export function gelu4(x: v128): v128 {
  const u = f32x4.mul(x, constant(ROOT_HALF));
  const erf = erf4(u, exp4(f32x4.neg(f32x4.mul(u, u))));
  return f32x4.mul(f32x4.mul(x, constant(HALF)), f32x4.add(constant(ONE), erf));
}

/** The derivative of {@linkcode gelu4}. */
@inline
export function geluSlope4(x: v128): v128 {
  const u = f32x4.mul(x, constant(ROOT_HALF));
  const decay = exp4(f32x4.neg(f32x4.mul(u, u)));
  const cdf = f32x4.mul(f32x4.add(constant(ONE), erf4(u, decay)), constant(HALF));
  return madd(x, f32x4.mul(decay, constant(DENSITY)), cdf);
}
