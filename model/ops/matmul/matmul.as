import { address, at, integer, madd, real, splat, store4, load4 } from "./simd";

// A tile of C is 64 × 64. For each slice of 256 along k, the 64 columns of B are packed into panels of 8 columns,
// k-major and padded with zeros, so that the inner loop reads them in order whatever the transposition.
const TILE_ROWS: i32 = 64;
const TILE_COLUMNS: i32 = 64;
const SLICE: i32 = 256;
const PANEL: i32 = 8;

/** Where this worker packs B: TILE_COLUMNS · SLICE floats. */
let scratch: usize = 0;

/** Bytes of scratch memory that a worker needs. */
export const SCRATCH_BYTES: i32 = TILE_COLUMNS * SLICE * 4;

export function set_scratch(p: usize): void {
  scratch = p;
}

/** Packs B[k0 … k0+depth, j0 … j0+width] with element (x, j) at b + (x·rowStride + j·columnStride) floats. */
function pack(b: usize, rowStride: i32, columnStride: i32, depth: i32, width: i32): void {
  for (let j = 0; j < width; j += PANEL) {
    const panel = at(scratch, j * depth);
    const count = min(PANEL, width - j);
    if (columnStride == 1) {
      for (let x = 0; x < depth; x++) {
        const from = at(b, x * rowStride + j), to = at(panel, x * PANEL);
        v128.store(to, load4(from, count, 0));
        v128.store(to, count > 4 ? load4(from + 16, count - 4, 0) : splat(0), 16);
      }
      continue;
    }
    let x = 0;
    if (rowStride == 1 && count == PANEL) {
      // Transposes 4 × 4 blocks: four columns of B, four steps of k.
      for (; x + 4 <= depth; x += 4) {
        for (let half = 0; half < 2; half++) {
          const from = at(b, (j + half * 4) * columnStride + x);
          const to = at(panel, x * PANEL + half * 4);
          const r0 = v128.load(from), r1 = v128.load(at(from, columnStride));
          const r2 = v128.load(at(from, 2 * columnStride)), r3 = v128.load(at(from, 3 * columnStride));
          const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
          const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
          v128.store(to, v128.shuffle<f32>(a, b2, 0, 1, 4, 5));
          v128.store(to, v128.shuffle<f32>(a, b2, 2, 3, 6, 7), 32);
          v128.store(to, v128.shuffle<f32>(c, d, 0, 1, 4, 5), 64);
          v128.store(to, v128.shuffle<f32>(c, d, 2, 3, 6, 7), 96);
        }
      }
    }
    for (; x < depth; x++) {
      const from = at(b, x * rowStride + j * columnStride), to = at(panel, x * PANEL);
      v128.store(to, splat(0));
      v128.store(to, splat(0), 16);
      for (let i = 0; i < count; i++) store<f32>(at(to, i), load<f32>(at(from, i * columnStride)));
    }
  }
}

/** C row: adds or replaces `left` (at most 8) columns. */
@inline
function put(c: usize, low: v128, high: v128, left: i32, adds: bool): void {
  if (left >= 8) {
    if (adds) {
      low = f32x4.add(low, v128.load(c));
      high = f32x4.add(high, v128.load(c, 16));
    }
    v128.store(c, low);
    v128.store(c, high, 16);
    return;
  }
  store4(c, adds ? f32x4.add(low, load4(c, left, 0)) : low, left);
  if (left > 4) store4(c + 16, adds ? f32x4.add(high, load4(c + 16, left - 4, 0)) : high, left - 4);
}

/** Four rows of A times a panel. Strides of A in bytes. */
function four(
  a: usize, aRow: usize, aStep: usize, panel: usize, depth: i32, c: usize, cRow: usize, left: i32, alpha: v128,
  biasLow: v128, biasHigh: v128, adds: bool,
): void {
  let c00 = splat(0), c01 = splat(0), c10 = splat(0), c11 = splat(0);
  let c20 = splat(0), c21 = splat(0), c30 = splat(0), c31 = splat(0);
  let a0 = a, a1 = a + aRow, a2 = a + 2 * aRow, a3 = a + 3 * aRow;
  for (let x = 0; x < depth; x++) {
    const b0 = v128.load(panel), b1 = v128.load(panel, 16);
    panel += 32;
    let s = v128.load_splat<f32>(a0);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load_splat<f32>(a1);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load_splat<f32>(a2);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load_splat<f32>(a3);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    a0 += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
  }
  put(c, madd(c00, alpha, biasLow), madd(c01, alpha, biasHigh), left, adds);
  put(c + cRow, madd(c10, alpha, biasLow), madd(c11, alpha, biasHigh), left, adds);
  put(c + 2 * cRow, madd(c20, alpha, biasLow), madd(c21, alpha, biasHigh), left, adds);
  put(c + 3 * cRow, madd(c30, alpha, biasLow), madd(c31, alpha, biasHigh), left, adds);
}

/** One row of A times a panel. */
function one(
  a: usize, aStep: usize, panel: usize, depth: i32, c: usize, left: i32, alpha: v128, biasLow: v128, biasHigh: v128,
  adds: bool,
): void {
  let c0 = splat(0), c1 = splat(0);
  for (let x = 0; x < depth; x++) {
    const s = v128.load_splat<f32>(a);
    c0 = madd(s, v128.load(panel), c0);
    c1 = madd(s, v128.load(panel, 16), c1);
    panel += 32;
    a += aStep;
  }
  put(c, madd(c0, alpha, biasLow), madd(c1, alpha, biasHigh), left, adds);
}

/**
 * a, b, bias, d, c; m, n, k, a_row, a_column, b_row, b_column, c_row, outer, inner, a_outer, a_inner, b_outer, b_inner, c_outer,
 * c_inner, splits, k_split, c_split, accumulate, has_bias, alpha, a_format, b_format,
 * epilogue
 */
export function matmul(block: usize, tile: i32): void {
  const m = integer(block, 5), n = integer(block, 6), k = integer(block, 7);
  const aRow = integer(block, 8), aColumn = integer(block, 9), bRow = integer(block, 10), bColumn = integer(block, 11);
  const cRow = integer(block, 12), inner = integer(block, 14);
  const splits = integer(block, 21), kSplit = integer(block, 22);
  const accumulates = integer(block, 24) !== 0, hasBias = integer(block, 25) !== 0;
  const alpha = splat(real(block, 26));

  const tileColumns = (n + TILE_COLUMNS - 1) / TILE_COLUMNS, tileRows = (m + TILE_ROWS - 1) / TILE_ROWS;
  const j0 = (tile % tileColumns) * TILE_COLUMNS;
  tile /= tileColumns;
  const r0 = (tile % tileRows) * TILE_ROWS;
  tile /= tileRows;
  const split = tile % splits;
  tile /= splits;
  const i = tile % inner, o = tile / inner;

  const kBegin = split * kSplit, kEnd = min(k, kBegin + kSplit);
  const width = min(TILE_COLUMNS, n - j0), height = min(TILE_ROWS, m - r0);
  const a = at(address(block, 0), o * integer(block, 15) + i * integer(block, 16) + r0 * aRow);
  const b = at(address(block, 1), o * integer(block, 17) + i * integer(block, 18) + j0 * bColumn);
  const c = at(address(block, 4), o * integer(block, 19) + i * integer(block, 20) + split * integer(block, 23) + r0 * cRow + j0);
  const bias = at(address(block, 2), j0);
  const aRowBytes = <usize>aRow << 2, aStep = <usize>aColumn << 2, cRowBytes = <usize>cRow << 2;

  let k0 = kBegin;
  do {
    const depth = max(0, min(SLICE, kEnd - k0));
    const first = k0 == kBegin;
    const adds = accumulates || !first;
    pack(at(b, k0 * bRow), bRow, bColumn, depth, width);
    const aSlice = at(a, k0 * aColumn);
    for (let j = 0; j < width; j += PANEL) {
      const left = width - j;
      const panel = at(scratch, j * depth);
      let low = splat(0), high = splat(0);
      if (hasBias && first) {
        low = load4(at(bias, j), left, 0);
        if (left > 4) high = load4(at(bias, j + 4), left - 4, 0);
      }
      let r = 0;
      for (; r + 4 <= height; r += 4) {
        four(at(aSlice, r * aRow), aRowBytes, aStep, panel, depth, at(c, r * cRow + j), cRowBytes, left, alpha, low, high, adds);
      }
      for (; r < height; r++) {
        one(at(aSlice, r * aRow), aStep, panel, depth, at(c, r * cRow + j), left, alpha, low, high, adds);
      }
    }
    k0 += SLICE;
  } while (k0 < kEnd);
}
