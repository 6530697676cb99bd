import { address, at, gelu4, geluSlope4, halves4, integer, load4, madd, real, splat, store4 } from "./simd";

// C is cut into tiles of at most 128 × 264 (matmul_tiles.ts has the same rule). For each slice of 256 along k, a tile packs its rows
// of A into panels of 4 and its columns of B into panels of 12 (or 8, so that 64 columns need no padding), k-major and padded with
// zeros: whatever the layout and the format, the inner loop reads two streams of f32 in order. Slices, not tiles, decide the
// order of additions: the bits of a product don't depend on the tiling.
//
// The inner loop is shaped by V8, which checks the bounds of every load (three instructions each), reloads what it takes for a constant,
// and has 15 vector registers: 4 × 12 sums take 12 of them, and four vectors loaded for 12 multiply-adds are combined by
// rotations instead of loads that spread one element. It is not unrolled, since the optimiser then mixes the steps and spills.
const ROWS: i32 = 4;
const COLUMNS: i32 = 12;
const NARROW: i32 = 8;
const SLICE: i32 = 256;
const MAX_TILE_ROWS: i32 = 128;
const MAX_TILE_COLUMNS: i32 = 264;
const ENOUGH_TILES: i32 = 12;

const NONE: i32 = 0, GELU: i32 = 1, GELU_BACKWARD: i32 = 2, RESIDUAL: i32 = 3;
const F16: i32 = 1;

/** Where this worker packs A, B and keeps the sums of one block. */
let packedA: usize = 0, packedB: usize = 0, sums: usize = 0;

/** Bytes of scratch memory that a worker needs. */
export const SCRATCH_BYTES: i32 = (MAX_TILE_ROWS + MAX_TILE_COLUMNS) * SLICE * 4 + ROWS * COLUMNS * 4;

export function set_scratch(p: usize): void {
  packedA = p;
  packedB = at(packedA, MAX_TILE_ROWS * SLICE);
  sums = at(packedB, MAX_TILE_COLUMNS * SLICE);
}

/** The scratch memory, for kernels that are no products: SCRATCH_BYTES that nothing keeps between two calls. */
export function scratch_memory(): usize {
  return packedA;
}

/** Where multiply12() and multiply8() leave 4 rows of sums, 12 floats apart. */
export function product_sums(): usize {
  return sums;
}

/** Four neighbours as f32: T is f32, u16 for f16, i16 for bf16. */
@inline
function four<T>(p: usize): v128 {
  if (isFloat<T>()) return v128.load(p);
  const bits = v128.load16x4_u(p);
  return isSigned<T>() ? i32x4.shl(bits, 16) : halves4(bits);
}

@inline
function single<T>(p: usize): f32 {
  if (isFloat<T>()) return load<f32>(p);
  const bits = i32x4.splat(<i32>load<u16>(p));
  return f32x4.extract_lane(isSigned<T>() ? i32x4.shl(bits, 16) : halves4(bits), 0);
}

/** Transposes 4 steps along k of 4 rows `stride` bytes apart, and stores them `panel` floats apart. */
@inline
function transpose<T>(from: usize, stride: usize, to: usize, panel: usize): void {
  const r0 = four<T>(from), r1 = four<T>(from + stride);
  const r2 = four<T>(from + 2 * stride), r3 = four<T>(from + 3 * stride);
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(a, b, 0, 1, 4, 5));
  v128.store(to + (panel << 2), v128.shuffle<f32>(a, b, 2, 3, 6, 7));
  v128.store(to + (panel << 3), v128.shuffle<f32>(c, d, 0, 1, 4, 5));
  v128.store(to + (panel << 2) * 3, v128.shuffle<f32>(c, d, 2, 3, 6, 7));
}

/**
 * Packs `width` vectors of `depth` elements along k into panels of `panel`, the last one padded with zeros. Strides in elements: `step`
 * along k, `stride` from vector to vector.
 */
export function pack<T>(from: usize, step: i32, stride: i32, depth: i32, width: i32, panel: i32, to: usize): void {
  const bytes = <usize>sizeof<T>();
  for (let w = 0; w < width; w += panel) {
    const count = min(panel, width - w);
    const vectors = from + <usize>(w * stride) * bytes;
    let x = 0;
    if (count == panel && stride == 1) {
      for (; x < depth; x++) {
        const source = vectors + <usize>(x * step) * bytes, place = at(to, x * panel);
        for (let i = 0; i < panel; i += 4) v128.store(at(place, i), four<T>(source + <usize>i * bytes));
      }
    } else if (count == panel && step == 1) {
      const apart = <usize>stride * bytes;
      for (; x + 4 <= depth; x += 4) {
        const source = vectors + <usize>x * bytes, place = at(to, x * panel);
        for (let i = 0; i < panel; i += 4) transpose<T>(source + <usize>i * apart, apart, at(place, i), panel);
      }
    }
    for (; x < depth; x++) {
      const source = vectors + <usize>(x * step) * bytes, place = at(to, x * panel);
      for (let i = 0; i < panel; i++) {
        store<f32>(at(place, i), i < count ? single<T>(source + <usize>(i * stride) * bytes) : 0);
      }
    }
    to = at(to, depth * panel);
  }
}

function packAs(
  format: i32, base: usize, offset: i32, step: i32, stride: i32, depth: i32, width: i32, panel: i32, to: usize,
): void {
  if (format == 0) pack<f32>(at(base, offset), step, stride, depth, width, panel, to);
  else if (format == F16) pack<u16>(base + (<usize>offset << 1), step, stride, depth, width, panel, to);
  else pack<i16>(base + (<usize>offset << 1), step, stride, depth, width, panel, to);
}

@inline
function swapHalves(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 2, 3, 0, 1);
}

@inline
function rotate(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 1, 2, 3, 0);
}

/**
 * Stores four rows, 12 floats apart, of the sums of products of A's elements (0 1 2 3), (2 3 0 1), (0 1 2 3), (2 3 0 1) with B's
 * (0 1 2 3), the same, (1 2 3 0), the same.
 */
@inline
function storeRows(to: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  const low = v128.shuffle<f32>(s0, s2, 0, 4, 1, 5), high = v128.shuffle<f32>(s0, s2, 2, 6, 3, 7);
  const crossLow = v128.shuffle<f32>(s1, s3, 0, 4, 1, 5), crossHigh = v128.shuffle<f32>(s1, s3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low, crossHigh, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(crossHigh, low, 3, 6, 7, 2), 48);
  v128.store(to, v128.shuffle<f32>(crossLow, high, 0, 1, 4, 5), 96);
  v128.store(to, v128.shuffle<f32>(high, crossLow, 3, 6, 7, 2), 144);
}

/** 4 rows of A times 12 columns of B, both packed. */
export function multiply12(a: usize, b: usize, depth: i32): void {
  let c0 = splat(0), c1 = splat(0), c2 = splat(0), c3 = splat(0), c4 = splat(0), c5 = splat(0);
  let c6 = splat(0), c7 = splat(0), c8 = splat(0), c9 = splat(0), c10 = splat(0), c11 = splat(0);
  for (; depth > 0; depth--) {
    const x = v128.load(a), y = swapHalves(x);
    let z = v128.load(b);
    c0 = madd(x, z, c0);
    c1 = madd(y, z, c1);
    z = rotate(z);
    c2 = madd(x, z, c2);
    c3 = madd(y, z, c3);
    z = v128.load(b, 16);
    c4 = madd(x, z, c4);
    c5 = madd(y, z, c5);
    z = rotate(z);
    c6 = madd(x, z, c6);
    c7 = madd(y, z, c7);
    z = v128.load(b, 32);
    c8 = madd(x, z, c8);
    c9 = madd(y, z, c9);
    z = rotate(z);
    c10 = madd(x, z, c10);
    c11 = madd(y, z, c11);
    a += 16;
    b += 48;
  }
  storeRows(sums, c0, c1, c2, c3);
  storeRows(sums + 16, c4, c5, c6, c7);
  storeRows(sums + 32, c8, c9, c10, c11);
}

/** 4 rows of A times 8 columns of B, both packed. */
export function multiply8(a: usize, b: usize, depth: i32): void {
  let c0 = splat(0), c1 = splat(0), c2 = splat(0), c3 = splat(0);
  let c4 = splat(0), c5 = splat(0), c6 = splat(0), c7 = splat(0);
  for (; depth > 0; depth--) {
    const x = v128.load(a), y = swapHalves(x);
    let z = v128.load(b);
    c0 = madd(x, z, c0);
    c1 = madd(y, z, c1);
    z = rotate(z);
    c2 = madd(x, z, c2);
    c3 = madd(y, z, c3);
    z = v128.load(b, 16);
    c4 = madd(x, z, c4);
    c5 = madd(y, z, c5);
    z = rotate(z);
    c6 = madd(x, z, c6);
    c7 = madd(y, z, c7);
    a += 16;
    b += 32;
  }
  storeRows(sums, c0, c1, c2, c3);
  storeRows(sums + 16, c4, c5, c6, c7);
}

// What becomes of the sums of one slice of a tile.
let alpha: f32 = 1;
let epilogue: i32 = 0;
let accumulates: bool = false;
/** Whether the slice is the first or the last along k. */
let first: bool = false, last: bool = false;

/** Adds `left` (at most 4) elements of a slice's products, `sum` · alpha (+ bias in the first slice), to C and D. */
@inline
function finish(sum: v128, bias: usize, c: usize, d: usize, left: i32): void {
  let p = f32x4.mul(sum, splat(alpha));
  if (bias != 0 && first) p = f32x4.add(p, load4(bias, left, 0));
  if (epilogue == GELU) {
    // D holds the sum of the slices so far, since C may hold what is added at the end.
    if (!first) p = f32x4.add(p, load4(d, left, 0));
    store4(d, last ? gelu4(p) : p, left);
    if (!last) return;
    if (accumulates) p = f32x4.add(p, load4(c, left, 0));
  } else if (epilogue == GELU_BACKWARD && !accumulates) {
    if (!first) p = f32x4.add(p, load4(c, left, 0));
    if (last) p = f32x4.mul(p, geluSlope4(load4(d, left, 0)));
  } else {
    if (epilogue == GELU_BACKWARD) p = f32x4.mul(p, geluSlope4(load4(d, left, 0)));
    else if (epilogue == RESIDUAL && first) p = f32x4.add(p, load4(d, left, 0));
    if (accumulates || !first) p = f32x4.add(p, load4(c, left, 0));
  }
  store4(c, p, left);
}

/** A vector of sums times `scale` (+ bias, where that address is not 0). */
@inline
function scaled(from: usize, scale: v128, bias: usize): v128 {
  const p = f32x4.mul(v128.load(from), scale);
  return bias == 0 ? p : f32x4.add(p, v128.load(bias));
}

/** {@linkcode finish} for a block of `rows` × `columns` of the sums; whole vectors without rare combinations have loops of their own. */
function finishBlock(bias: usize, c: usize, d: usize, rowBytes: usize, rows: i32, columns: i32): void {
  const scale = splat(alpha), adds = accumulates || !first;
  const whole = (columns & 3) == 0, ends = whole && last && !accumulates;
  const added = first ? bias : 0;
  let from = sums;
  for (let r = 0; r < rows; r++) {
    if (whole && epilogue == NONE) {
      for (let j = 0; j < columns; j += 4) {
        const p = scaled(at(from, j), scale, added == 0 ? 0 : at(added, j));
        v128.store(at(c, j), adds ? f32x4.add(p, v128.load(at(c, j))) : p);
      }
    } else if (ends && epilogue == GELU) {
      for (let j = 0; j < columns; j += 4) {
        let p = scaled(at(from, j), scale, added == 0 ? 0 : at(added, j));
        if (adds) p = f32x4.add(p, v128.load(at(d, j)));
        v128.store(at(c, j), p);
        v128.store(at(d, j), gelu4(p));
      }
    } else if (ends && epilogue == GELU_BACKWARD) {
      for (let j = 0; j < columns; j += 4) {
        let p = scaled(at(from, j), scale, added == 0 ? 0 : at(added, j));
        if (adds) p = f32x4.add(p, v128.load(at(c, j)));
        v128.store(at(c, j), f32x4.mul(p, geluSlope4(v128.load(at(d, j)))));
      }
    } else {
      for (let j = 0; j < columns; j += 4) {
        finish(v128.load(at(from, j)), bias == 0 ? 0 : at(bias, j), at(c, j), at(d, j), columns - j);
      }
    }
    from += COLUMNS << 2;
    c += rowBytes;
    d += rowBytes;
  }
}

@inline
export function divideUp(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

/** The side of equal tiles, a multiple of `unit`, when `size` is cut into pieces of at most `most`. */
@inline
function side(size: i32, most: i32, unit: i32): i32 {
  const pieces = max(1, divideUp(size, most));
  return divideUp(divideUp(size, pieces), unit) * unit;
}

/**
 * a, b, bias, d, c; m, n, k, a_row, a_column, b_row, b_column, c_row, outer, inner, a_outer, a_inner, b_outer, b_inner, c_outer,
 * c_inner, splits, k_split, c_split, accumulate, has_bias, alpha, a_format, b_format,
 * epilogue
 */
export function matmul(block: usize, tile: i32): void {
  const m = integer(block, 5), n = integer(block, 6), k = integer(block, 7);
  const aRow = integer(block, 8), aColumn = integer(block, 9), bRow = integer(block, 10), bColumn = integer(block, 11);
  const cRow = integer(block, 12), outer = integer(block, 13), inner = integer(block, 14);
  const splits = integer(block, 21), kSplit = integer(block, 22);
  const hasBias = integer(block, 25) !== 0;
  const aFormat = integer(block, 27), bFormat = integer(block, 28);
  accumulates = integer(block, 24) !== 0;
  alpha = real(block, 26);
  epilogue = integer(block, 29);

  const batches = outer * inner * splits;
  let mostRows = MAX_TILE_ROWS, mostColumns = MAX_TILE_COLUMNS;
  if (batches * divideUp(m, mostRows) * divideUp(n, mostColumns) < ENOUGH_TILES) mostColumns /= 2;
  if (batches * divideUp(m, mostRows) * divideUp(n, mostColumns) < ENOUGH_TILES) mostRows /= 2;
  if (batches * divideUp(m, mostRows) * divideUp(n, mostColumns) < ENOUGH_TILES) mostColumns /= 2;
  const tileRows = side(m, mostRows, ROWS), tileColumns = side(n, mostColumns, COLUMNS);

  const across = divideUp(n, tileColumns), down = divideUp(m, tileRows);
  const j0 = (tile % across) * tileColumns;
  tile /= across;
  const r0 = (tile % down) * tileRows;
  tile /= down;
  const split = tile % splits;
  tile /= splits;
  const i = tile % inner, o = tile / inner;

  const width = min(tileColumns, n - j0), height = min(tileRows, m - r0);
  const a = o * integer(block, 15) + i * integer(block, 16) + r0 * aRow;
  const b = o * integer(block, 17) + i * integer(block, 18) + j0 * bColumn;
  const place = o * integer(block, 19) + i * integer(block, 20) + split * integer(block, 23) + r0 * cRow + j0;
  const c = at(address(block, 4), place), d = at(address(block, 3), place), bias = at(address(block, 2), j0);
  const rowBytes = <usize>cRow << 2;

  const kBegin = split * kSplit, kEnd = min(k, kBegin + kSplit);
  // Columns from `wide` on are packed in panels of 8.
  const rest = width % COLUMNS;
  const wide = width - rest - (rest > 0 && rest <= 4 && width > COLUMNS ? COLUMNS : rest > NARROW ? -COLUMNS : 0);

  let k0 = kBegin;
  do {
    const depth = max(0, min(SLICE, kEnd - k0));
    first = k0 == kBegin;
    last = k0 + SLICE >= kEnd;
    packAs(aFormat, address(block, 0), a + k0 * aColumn, aColumn, aRow, depth, height, ROWS, packedA);
    const from = b + k0 * bRow, base = address(block, 1);
    packAs(bFormat, base, from, bRow, bColumn, depth, min(wide, width), COLUMNS, packedB);
    if (wide < width) {
      packAs(bFormat, base, from + wide * bColumn, bRow, bColumn, depth, width - wide, NARROW, at(packedB, wide * depth));
    }
    for (let j = 0; j < width; j += j < wide ? COLUMNS : NARROW) {
      const panel = at(packedB, j * depth), columns = min(j < wide ? COLUMNS : NARROW, width - j);
      for (let r = 0; r < height; r += ROWS) {
        if (j < wide) multiply12(at(packedA, r * depth), panel, depth);
        else multiply8(at(packedA, r * depth), panel, depth);
        finishBlock(
          hasBias ? at(bias, j) : 0,
          at(c, r * cRow + j),
          at(d, r * cRow + j),
          rowBytes,
          min(ROWS, height - r),
          columns,
        );
      }
    }
    k0 += SLICE;
  } while (k0 < kEnd);
}

/**
 * Adds the bias to `rows` × `columns` of a product that stands in C from element `place` on, and applies the epilogue; `column` is the first
 * column's number.
 */
export function finish_tile(block: usize, place: i32, column: i32, rows: i32, columns: i32): void {
  const rowBytes = <usize>integer(block, 12) << 2;
  const bias = integer(block, 25) !== 0 ? at(address(block, 2), column) : 0;
  let c = at(address(block, 4), place), d = at(address(block, 3), place);
  alpha = 1;
  accumulates = false;
  first = true;
  last = true;
  epilogue = integer(block, 29);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < columns; j += 4) {
      finish(v128.load(at(c, j)), bias == 0 ? 0 : at(bias, j), at(c, j), at(d, j), columns - j);
    }
    c += rowBytes;
    d += rowBytes;
  }
}
