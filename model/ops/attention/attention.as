import { dropout_keeps, dropout_place } from "./dropout";
import { scratch_memory } from "./matmul";
import { address, at, exp4, integer, load4, madd, max4, real, splat, store4, sum4 } from "./simd";

// Scores live in blocks of at most 64 queries × 64 keys in the worker's scratch memory and are used up there. The forward pass takes a
// block of queries over all keys; the backward pass takes a whole head, so that one recomputation of its blocks gives all three
// gradients and no two tiles add to one place. Blocks of keys that are all padding are passed over. Queries, keys, values and
// gradients are packed into panels of 8 columns, as in matmul.as. Everything is padded with zeros to multiples of 8, so that the
// products, which keep 6 × 8 sums in registers, have no tails.

const PANEL: i32 = 8;
const TILE_ROWS: i32 = 6;

/** Floats between rows of scores, and the most rows of a block. */
const BLOCK: i32 = 64;
const SCORE_ROW: usize = 256;

/** Most floats of a packed block; attention_kernel.ts has the same numbers. */
const BLOCK_FLOATS: i32 = 4096;

/** The scratch memory: two blocks of scores, five packed blocks, what is known of keys and rows, one tile of sums. */
let scores: usize = 0, slopes: usize = 0, packed: usize = 0, bias: usize = 0, greatest: usize = 0, sums: usize = 0;
let tileSums: usize = 0;

// The call, read from its parameter block.
let heads: i32 = 0, length: i32 = 0, words: i32 = 0, depth: i32 = 0, queries: i32 = 0, hidden: i32 = 0, firstItem: i32 = 0;
let size: i32 = 0, packedBlock: i32 = 0;
let scale: f32 = 0, dropoutScale: f32 = 0;
let place: v128 = i32x4.splat(0), threshold: v128 = i32x4.splat(0);
let drops: bool = false;

@inline
function pad(count: i32): i32 {
  return (count + PANEL - 1) & ~(PANEL - 1);
}

/** Sizes from word `s` on: items, heads, length, words, head_size, queries, scale, first_item, site, key, threshold, dropout_scale */
function begin(block: usize, s: i32): void {
  heads = integer(block, s + 1);
  length = integer(block, s + 2);
  words = integer(block, s + 3);
  depth = integer(block, s + 4);
  queries = integer(block, s + 5);
  scale = real(block, s + 6);
  firstItem = integer(block, s + 7);
  place = dropout_place(integer(block, s + 9), integer(block, s + 8));
  drops = integer(block, s + 10) !== 0;
  threshold = i32x4.splat(integer(block, s + 10));
  dropoutScale = real(block, s + 11);
  hidden = heads * depth;
  size = min(BLOCK, (BLOCK_FLOATS / pad(depth)) & ~(PANEL - 1));
  packedBlock = size * pad(depth);
  scores = scratch_memory();
  slopes = at(scores, BLOCK * BLOCK);
  packed = at(slopes, BLOCK * BLOCK);
  bias = at(packed, 5 * packedBlock);
  greatest = at(bias, BLOCK);
  sums = at(greatest, BLOCK);
  tileSums = at(sums, BLOCK);
}

/** Where the i-th of five packed blocks lies. */
@inline
function panels(i: i32): usize {
  return at(packed, i * packedBlock);
}

/** Packs `count` rows, transposed: panels of 8 rows, of which one column of the head is contiguous. */
function pack_transposed(x: usize, count: i32, to: usize): void {
  const padded = pad(depth);
  for (let w = 0; w < count; w += PANEL) {
    const panel = at(to, w * padded), rows = at(x, w * hidden);
    let d = 0;
    if (count - w >= PANEL) {
      for (; d + 4 <= depth; d += 4) {
        for (let half = 0; half < 2; half++) {
          const from = at(rows, half * 4 * hidden + d), p = at(panel, d * PANEL + half * 4);
          const r0 = v128.load(from), r1 = v128.load(at(from, hidden));
          const r2 = v128.load(at(from, 2 * hidden)), r3 = v128.load(at(from, 3 * hidden));
          const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
          const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), e = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
          v128.store(p, v128.shuffle<f32>(a, b, 0, 1, 4, 5));
          v128.store(p, v128.shuffle<f32>(a, b, 2, 3, 6, 7), 32);
          v128.store(p, v128.shuffle<f32>(c, e, 0, 1, 4, 5), 64);
          v128.store(p, v128.shuffle<f32>(c, e, 2, 3, 6, 7), 96);
        }
      }
    }
    const present = min(PANEL, count - w);
    for (; d < padded; d++) {
      for (let i = 0; i < PANEL; i++) {
        store<f32>(at(panel, d * PANEL + i), i < present && d < depth ? load<f32>(at(rows, i * hidden + d)) : 0);
      }
    }
  }
}

/** Packs `count` rows: panels of 8 columns of the head. */
function pack_rows(x: usize, count: i32, to: usize): void {
  const padded = pad(count);
  for (let d = 0; d < depth; d += PANEL) {
    const left = depth - d;
    let from = at(x, d), p = at(to, d * padded);
    for (let r = 0; r < count; r++) {
      v128.store(p, load4(from, left, 0));
      v128.store(p, left > 4 ? load4(from + 16, left - 4, 0) : splat(0), 16);
      from = at(from, hidden);
      p += 32;
    }
    memory.fill(p, 0, <usize>(padded - count) << 5);
  }
}

/** Adds or replaces `left` (at most 8) columns. */
@inline
function put(c: usize, low: v128, high: v128, left: i32, adds: bool): void {
  if (left >= PANEL) {
    v128.store(c, adds ? f32x4.add(low, v128.load(c)) : low);
    v128.store(c, adds ? f32x4.add(high, v128.load(c, 16)) : high, 16);
    return;
  }
  store4(c, adds ? f32x4.add(low, load4(c, left, 0)) : low, left);
  if (left > 4) store4(c + 16, adds ? f32x4.add(high, load4(c + 16, left - 4, 0)) : high, left - 4);
}

// How the left factor of a product lies: packed rows, a block of scores, or such a block transposed.
type Packed = v128;
type Block = f64;
type Transposed = f32;

/**
 * C (+)= factor · A B + offset, C with `height` rows `cRow` bytes apart and `width` columns. A lies as L says, `jump` bytes more after
 * every 8 of its columns; B is packed, 8 · `groups` deep. `offset` is a row, or 0 for none.
 */
function product<L>(
  a: usize, jump: usize, height: i32, b: usize, groups: i32, width: i32, c: usize, cRow: usize,
  factor: f32, offset: usize, adds: bool,
): void {
  // Bytes between rows and columns of A.
  const row: usize = isVector<L>() ? 32 : sizeof<L>() == 8 ? SCORE_ROW : 4;
  const step: usize = sizeof<L>() == 4 ? SCORE_ROW : 4;
  const alpha = splat(factor);
  for (let j = 0; j < width; j += PANEL) {
    const left = width - j, start = at(b, j * groups * PANEL);
    const low = offset ? v128.load(at(offset, j)) : splat(0), high = offset ? v128.load(at(offset, j), 16) : splat(0);
    let to = at(c, j), rows = a;
    for (let r = 0; r < height; r += TILE_ROWS) {
      let c00 = splat(0), c01 = splat(0), c10 = splat(0), c11 = splat(0), c20 = splat(0), c21 = splat(0);
      let c30 = splat(0), c31 = splat(0), c40 = splat(0), c41 = splat(0), c50 = splat(0), c51 = splat(0);
      let p = rows, panel = start;
      for (let group = groups; group > 0; group--) {
        for (let pair = 4; pair > 0; pair--) {
          let b0 = v128.load(panel), b1 = v128.load(panel, 16);
          let s = v128.load_splat<f32>(p);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load_splat<f32>(p, row);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load_splat<f32>(p, 2 * row);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load_splat<f32>(p, 3 * row);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          s = v128.load_splat<f32>(p, 4 * row);
          c40 = madd(s, b0, c40);
          c41 = madd(s, b1, c41);
          s = v128.load_splat<f32>(p, 5 * row);
          c50 = madd(s, b0, c50);
          c51 = madd(s, b1, c51);
          b0 = v128.load(panel, 32);
          b1 = v128.load(panel, 48);
          s = v128.load_splat<f32>(p, step);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load_splat<f32>(p, row + step);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load_splat<f32>(p, 2 * row + step);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load_splat<f32>(p, 3 * row + step);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          s = v128.load_splat<f32>(p, 4 * row + step);
          c40 = madd(s, b0, c40);
          c41 = madd(s, b1, c41);
          s = v128.load_splat<f32>(p, 5 * row + step);
          c50 = madd(s, b0, c50);
          c51 = madd(s, b1, c51);
          p += 2 * step;
          panel += 64;
        }
        p += jump;
      }
      if (left >= PANEL && r + TILE_ROWS <= height) {
        put(to, madd(c00, alpha, low), madd(c01, alpha, high), PANEL, adds);
        put(to + cRow, madd(c10, alpha, low), madd(c11, alpha, high), PANEL, adds);
        put(to + 2 * cRow, madd(c20, alpha, low), madd(c21, alpha, high), PANEL, adds);
        put(to + 3 * cRow, madd(c30, alpha, low), madd(c31, alpha, high), PANEL, adds);
        put(to + 4 * cRow, madd(c40, alpha, low), madd(c41, alpha, high), PANEL, adds);
        put(to + 5 * cRow, madd(c50, alpha, low), madd(c51, alpha, high), PANEL, adds);
      } else {
        v128.store(tileSums, c00);
        v128.store(tileSums, c01, 16);
        v128.store(tileSums, c10, 32);
        v128.store(tileSums, c11, 48);
        v128.store(tileSums, c20, 64);
        v128.store(tileSums, c21, 80);
        v128.store(tileSums, c30, 96);
        v128.store(tileSums, c31, 112);
        v128.store(tileSums, c40, 128);
        v128.store(tileSums, c41, 144);
        v128.store(tileSums, c50, 160);
        v128.store(tileSums, c51, 176);
        const end = min(TILE_ROWS, height - r);
        for (let i = 0; i < end; i++) {
          const from = tileSums + (<usize>i << 5), place = to + <usize>i * cRow;
          put(place, madd(v128.load(from), alpha, low), madd(v128.load(from, 16), alpha, high), left, adds);
        }
      }
      to += <usize>TILE_ROWS * cRow;
      rows += <usize>TILE_ROWS * row;
    }
  }
}

/** A block of `rows` × `count` products of packed rows and packed transposed rows, whole panels wide. */
function head_product(x: usize, rows: i32, y: usize, count: i32, to: usize, factor: f32, offset: usize): void {
  const jump = <usize>(pad(rows) - 1) << 5; // to the same row of the next panel
  product<Packed>(x, jump, rows, y, pad(depth) / PANEL, pad(count), to, SCORE_ROW, factor, offset, false);
}

/** C (+)= factor · block · packed rows. */
function block_product(block: usize, rows: i32, y: usize, count: i32, c: usize, factor: f32, adds: bool): void {
  product<Block>(block, 0, rows, y, pad(count) / PANEL, depth, c, <usize>hidden << 2, factor, 0, adds);
}

/** C (+)= factor · blockᵀ · packed rows. */
function transposed_product(block: usize, count: i32, y: usize, rows: i32, c: usize, factor: f32, adds: bool): void {
  memory.fill(block + <usize>rows * SCORE_ROW, 0, <usize>(pad(rows) - rows) * SCORE_ROW);
  product<Transposed>(block, 0, count, y, pad(rows) / PANEL, depth, c, <usize>hidden << 2, factor, 0, adds);
}

/** The row of scores that a dropout counts elements from. */
@inline
function dropout_row(item: i32, head: i32, row: i32): i32 {
  return (((firstItem + item) * heads + head) * length + row) * length;
}

/** Whether a mask sees any position. */
function any_seen(mask: usize): bool {
  for (let j = 0; j < length; j++) if (load<i32>(at(mask, j)) != 0) return true;
  return false;
}

/** Fills `bias` for `count` keys from whether each is seen: an i32 mask, or the f32s of `stats` four apart. */
function fill_bias(seen: usize, step: i32, count: i32, all: bool): bool {
  let any = false;
  const width = pad(count);
  for (let j = 0; j < width; j++) {
    const sees = j < count && (all || load<i32>(at(seen, j * step)) != 0);
    store<f32>(at(bias, j), sees ? 0 : -Infinity);
    any = any || sees;
  }
  return any;
}

/** Exponentiates the scores of one block and returns the factor that earlier blocks of the row shrink by. */
@inline
function soften(r: i32, width: i32, element: i32, first: bool): f32 {
  const row = at(scores, r * BLOCK);
  let top = splat(-Infinity);
  for (let c = 0; c < width; c += 4) top = f32x4.max(top, v128.load(at(row, c)));
  const before = first ? <f32>-Infinity : load<f32>(at(greatest, r));
  const most = max(before, max4(top));
  const shift = splat(most);
  let sum = splat(0);
  if (drops) {
    const kept = splat(dropoutScale);
    for (let c = 0; c < width; c += 4) {
      const e = exp4(f32x4.sub(v128.load(at(row, c)), shift));
      sum = f32x4.add(sum, e);
      v128.store(at(row, c), v128.and(dropout_keeps(element + c, place, threshold), f32x4.mul(e, kept)));
    }
  } else {
    for (let c = 0; c < width; c += 4) {
      const e = exp4(f32x4.sub(v128.load(at(row, c)), shift));
      sum = f32x4.add(sum, e);
      v128.store(at(row, c), e);
    }
  }
  store<f32>(at(greatest, r), most);
  if (first) {
    store<f32>(at(sums, r), sum4(sum));
    return 1;
  }
  const shrink = before == most ? <f32>1 : f32x4.extract_lane(exp4(splat(before - most)), 0);
  store<f32>(at(sums, r), load<f32>(at(sums, r)) * shrink + sum4(sum));
  return shrink;
}

/** Multiplies one head's part of a row. */
@inline
function scale_row(row: usize, factor: f32): void {
  const f = splat(factor);
  for (let d = 0; d < depth; d += 4) {
    const left = depth - d;
    store4(at(row, d), f32x4.mul(load4(at(row, d), left, 0), f), left);
  }
}

/** q, k, v, mask, context, stats; sizes as begin() reads them */
export function attention_forward(block: usize, tile: i32): void {
  begin(block, 6);
  const blocks = (length + size - 1) / size;
  const r0 = (tile % blocks) * size, rows = min(size, length - r0);
  tile /= blocks;
  const head = tile % heads, item = tile / heads, offset = head * depth;
  const mask = at(address(block, 3), item * length);
  const context = at(address(block, 4), (item * length + r0) * hidden + offset);
  const all = !any_seen(mask);
  let first = true;
  for (let which = 0; which < queries; which++) {
    pack_rows(at(address(block, 0), ((item * queries + which) * length + r0) * hidden + offset), rows, panels(0));
    const end = which + 1 == queries ? length : words;
    for (let j0 = which == 0 ? 0 : words; j0 < end; j0 += size) {
      const count = min(size, end - j0);
      if (!fill_bias(at(mask, j0), 1, count, all)) continue;
      const from = (item * length + j0) * hidden + offset;
      pack_transposed(at(address(block, 1), from), count, panels(1));
      pack_rows(at(address(block, 2), from), count, panels(2));
      head_product(panels(0), rows, panels(1), count, scores, scale, bias);
      for (let r = 0; r < rows; r++) {
        const shrink = soften(r, pad(count), dropout_row(item, head, r0 + r) + j0, first);
        if (shrink != 1) scale_row(at(context, r * hidden), shrink);
      }
      block_product(scores, rows, panels(2), count, context, 1, !first);
      first = false;
    }
  }
  const stats = at(address(block, 5), ((item * heads + head) * length + r0) * 4);
  for (let r = 0; r < rows; r++) {
    const sum = load<f32>(at(sums, r));
    scale_row(at(context, r * hidden), <f32>1 / sum);
    const to = at(stats, r * 4);
    store<f32>(to, load<f32>(at(greatest, r)));
    store<f32>(to, Mathf.log(sum), 4);
    store<f32>(to, 0, 8);
    store<f32>(to, all || load<i32>(at(mask, r0 + r)) != 0 ? 1 : 0, 12);
  }
}

/** context, dcontext, stats; items, heads, length, head_size */
export function attention_delta(block: usize, tile: i32): void {
  const items = integer(block, 3), count = integer(block, 4), positions = integer(block, 5), width = integer(block, 6);
  const end = min(items * positions, (tile + 1) * BLOCK);
  for (let position = tile * BLOCK; position < end; position++) {
    const item = position / positions, row = position % positions;
    for (let head = 0; head < count; head++) {
      const from = (position * count + head) * width;
      const a = at(address(block, 0), from), b = at(address(block, 1), from);
      let sum = splat(0);
      for (let d = 0; d < width; d += 4) {
        const left = width - d;
        sum = madd(load4(at(a, d), left, 0), load4(at(b, d), left, 0), sum);
      }
      store<f32>(at(address(block, 2), ((item * count + head) * positions + row) * 4 + 2), sum4(sum));
    }
  }
}

/** Turns a row of scores into dropped probabilities and a row of dP into dS. */
@inline
function differentiate(r: i32, width: i32, stats: usize, element: i32): void {
  const row = at(scores, r * BLOCK), slope = at(slopes, r * BLOCK);
  const most = splat(load<f32>(stats)), logSum = splat(load<f32>(stats, 4)), delta = splat(load<f32>(stats, 8));
  const kept = splat(dropoutScale);
  for (let c = 0; c < width; c += 4) {
    const p = exp4(f32x4.sub(f32x4.sub(v128.load(at(row, c)), most), logSum));
    let dp = v128.load(at(slope, c)), dropped = p;
    if (drops) {
      const keeps = v128.and(dropout_keeps(element + c, place, threshold), kept);
      dropped = f32x4.mul(p, keeps);
      dp = f32x4.mul(dp, keeps);
    }
    v128.store(at(row, c), dropped);
    v128.store(at(slope, c), f32x4.mul(p, f32x4.sub(dp, delta)));
  }
}

/** Zeroes one head's part of `rows` rows. */
function clear(x: usize, rows: i32): void {
  for (let r = 0; r < rows; r++) memory.fill(at(x, r * hidden), 0, <usize>depth << 2);
}

/** q, k, v, stats, dcontext, dq, dk, dv; sizes as begin() reads them, then accumulate_q, accumulate_k, accumulate_v */
export function attention_backward(block: usize, tile: i32): void {
  begin(block, 8);
  const addsQ = integer(block, 20) != 0, addsK = integer(block, 21) != 0, addsV = integer(block, 22) != 0;
  const head = tile % heads, item = tile / heads, offset = head * depth;
  const base = item * length * hidden + offset;
  const stats = at(address(block, 3), (item * heads + head) * length * 4);
  for (let which = 0; which < queries; which++) {
    const own = (item * queries + which) * length * hidden + offset;
    const end = which + 1 == queries ? length : words;
    let started = false;
    for (let j0 = which == 0 ? 0 : words; j0 < end; j0 += size) {
      const count = min(size, end - j0), from = base + j0 * hidden;
      const dk = at(address(block, 6), from), dv = at(address(block, 7), from);
      if (!fill_bias(at(stats, j0 * 4 + 3), 4, count, false)) {
        if (!addsK) clear(dk, count);
        if (!addsV) clear(dv, count);
        continue;
      }
      const k = at(address(block, 1), from);
      pack_transposed(k, count, panels(0));
      pack_transposed(at(address(block, 2), from), count, panels(1));
      pack_rows(k, count, panels(2));
      for (let r0 = 0; r0 < length; r0 += size) {
        const rows = min(size, length - r0);
        pack_rows(at(address(block, 0), own + r0 * hidden), rows, panels(3));
        pack_rows(at(address(block, 4), base + r0 * hidden), rows, panels(4));
        head_product(panels(3), rows, panels(0), count, scores, scale, bias);
        head_product(panels(4), rows, panels(1), count, slopes, 1, 0);
        for (let r = 0; r < rows; r++) {
          differentiate(r, pad(count), at(stats, (r0 + r) * 4), dropout_row(item, head, r0 + r) + j0);
        }
        transposed_product(scores, count, panels(4), rows, dv, 1, addsV || r0 > 0);
        transposed_product(slopes, count, panels(3), rows, dk, scale, addsK || r0 > 0);
        block_product(slopes, rows, panels(2), count, at(address(block, 5), own + r0 * hidden), scale, addsQ || started);
      }
      started = true;
    }
    if (!started && !addsQ) clear(at(address(block, 5), own), length);
  }
}
