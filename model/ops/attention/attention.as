import { dropout_keeps, dropout_keeps_each, dropout_place } from "./dropout";
import { divideUp, multiply12, multiply8, pack, product_sums, scratch_memory } from "./matmul";
import { address, at, exp4, integer, load4, madd, real, splat, store4, sum4 } from "./simd";

// Scores live in blocks of at most 72 queries × 72 keys in the worker's scratch memory and are used up there. The forward pass takes a
// block of queries over all keys; the backward pass takes a whole head, so that one recomputation of its blocks gives all three
// gradients and no two tiles add to one place. Pairs of blocks without a group in common are passed over. The products are those of
// matmul.as: a left factor in panels of 4 rows, a right one in panels of 12 (or 8) columns. A block of scores is stored the way
// in which it is a left factor next: by queries (panels of 4 queries, key after key) or by keys.

const ROWS: i32 = 4;
const COLUMNS: i32 = 12;
const NARROW: i32 = 8;

/** Most queries and keys of a block, and most floats of a packed block but for padding; attention_kernel.ts has the same numbers. */
const BLOCK: i32 = 72;
const BLOCK_FLOATS: i32 = 4608;

/** A panel of 4 rows of scores takes this many floats times 4: no power of two, whose panels would share few sets of a cache. */
const PANEL: i32 = 76;

/** Below every score. */
const LOWEST_SCORE: f32 = -3.4e38;

/** Positions of a tile of attention_delta(). */
const DELTA_POSITIONS: i32 = 64;

/** The scratch memory: three blocks of scores, seven packed blocks, what is known of keys and rows. */
let scores: usize = 0, slopes: usize = 0, turned: usize = 0, packed: usize = 0;
let keyGroups: usize = 0, rowGroups: usize = 0, greatest: usize = 0, sums: usize = 0;

// The call, read from its parameter block.
let heads: i32 = 0, length: i32 = 0, words: i32 = 0, depth: i32 = 0, queries: i32 = 0, hidden: i32 = 0, firstItem: i32 = 0;
let size: i32 = 0, packedBlock: i32 = 0;
let scale: f32 = 0, dropoutScale: f32 = 0;
let place: v128 = i32x4.splat(0), threshold: v128 = i32x4.splat(0);
let drops: bool = false;

/** What fill_groups() leaves. */
let leastGroup: f32 = 0, greatestGroup: f32 = 0;

@inline
function pad(count: i32, unit: i32): i32 {
  return divideUp(count, unit) * unit;
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
  // Blocks as even as panels allow.
  const most = min(BLOCK, BLOCK_FLOATS / pad(depth, NARROW) / COLUMNS * COLUMNS);
  size = pad(divideUp(length, divideUp(length, most)), COLUMNS);
  packedBlock = size * pad(depth, COLUMNS);
  scores = scratch_memory();
  slopes = at(scores, PANEL * BLOCK);
  turned = at(slopes, PANEL * BLOCK);
  packed = at(turned, PANEL * BLOCK);
  keyGroups = at(packed, 7 * packedBlock);
  rowGroups = at(keyGroups, BLOCK);
  greatest = at(rowGroups, BLOCK);
  sums = at(greatest, BLOCK);
}

/** Where the i-th of seven packed blocks lies. */
@inline
function panels(i: i32): usize {
  return at(packed, i * packedBlock);
}

/** Columns of a right factor that lie in panels of 12; the rest lies in panels of 8. */
@inline
function wide(width: i32): i32 {
  const rest = width % COLUMNS;
  return width - rest - (rest > 0 && rest <= 4 && width > COLUMNS ? COLUMNS : rest > NARROW ? -COLUMNS : 0);
}

/** Packs a right factor of `steps` × `width`; strides in floats. */
function pack_right(x: usize, step: i32, stride: i32, steps: i32, width: i32, to: usize): void {
  const edge = wide(width);
  pack<f32>(x, step, stride, steps, min(edge, width), COLUMNS, to);
  if (edge < width) pack<f32>(at(x, edge * stride), step, stride, steps, width - edge, NARROW, at(to, edge * steps));
}

/** Packs `count` rows of a head as the left factor of a product over the head. */
function pack_left(x: usize, count: i32, to: usize): void {
  pack<f32>(x, 1, hidden, depth, count, ROWS, to);
}

/** Packs `count` rows of a head as the right factor of a product over the head. */
function pack_across(x: usize, count: i32, to: usize): void {
  pack_right(x, 1, hidden, depth, count, to);
}

/** Packs `count` rows of a head as the right factor of a product over the rows. */
function pack_rows(x: usize, count: i32, to: usize): void {
  pack_right(x, hidden, 1, count, depth, to);
}

/** The block of products of `height` and `width` rows of a head, stored in panels of 4 of the latter. */
function head_product(a: usize, height: i32, b: usize, width: i32, to: usize): void {
  const edge = wide(width), from = product_sums();
  for (let j = 0; j < width; j += j < edge ? COLUMNS : NARROW) {
    const panel = at(b, j * depth), columns = min(j < edge ? COLUMNS : NARROW, pad(width, ROWS) - j);
    for (let r = 0; r < height; r += ROWS) {
      if (j < edge) multiply12(at(a, r * depth), panel, depth);
      else multiply8(at(a, r * depth), panel, depth);
      for (let c = 0; c < columns; c += ROWS) {
        const source = at(from, c), target = at(to, (j + c) * PANEL + r * ROWS);
        v128.store(target, v128.load(source));
        v128.store(target, v128.load(source, 48), 16);
        v128.store(target, v128.load(source, 96), 32);
        v128.store(target, v128.load(source, 144), 48);
      }
    }
  }
}

/** C (+)= factor · A B, C with `height` rows of a head; A is a block of scores, B has its `steps` rows. */
function block_product(a: usize, height: i32, b: usize, steps: i32, c: usize, factor: f32, adds: bool): void {
  const edge = wide(depth), from = product_sums(), alpha = splat(factor);
  for (let j = 0; j < depth; j += j < edge ? COLUMNS : NARROW) {
    const panel = at(b, j * steps), columns = min(j < edge ? COLUMNS : NARROW, depth - j);
    for (let r = 0; r < height; r += ROWS) {
      if (j < edge) multiply12(at(a, r * PANEL), panel, steps);
      else multiply8(at(a, r * PANEL), panel, steps);
      const end = min(ROWS, height - r);
      for (let i = 0; i < end; i++) {
        const source = at(from, i * COLUMNS), target = at(c, (r + i) * hidden + j);
        for (let x = 0; x < columns; x += 4) {
          const left = columns - x, p = f32x4.mul(v128.load(at(source, x)), alpha), to = at(target, x);
          store4(to, adds ? f32x4.add(p, load4(to, left, 0)) : p, left);
        }
      }
    }
  }
}

/** A block by keys, stored by queries. */
function turn(block: usize, rows: i32, count: i32): void {
  for (let r = 0; r < rows; r += 4) {
    for (let j = 0; j < count; j += 4) {
      const from = at(block, j * PANEL + r * 4), to = at(turned, r * PANEL + j * 4);
      const r0 = v128.load(from), r1 = v128.load(from, 16), r2 = v128.load(from, 32), r3 = v128.load(from, 48);
      const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(a, b, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(a, b, 2, 3, 6, 7), 16);
      v128.store(to, v128.shuffle<f32>(c, d, 0, 1, 4, 5), 32);
      v128.store(to, v128.shuffle<f32>(c, d, 2, 3, 6, 7), 48);
    }
  }
}

/** The row of scores that a dropout counts elements from. */
@inline
function dropout_row(item: i32, head: i32, row: i32): i32 {
  return (((firstItem + item) * heads + head) * length + row) * length;
}

/** The greatest number of a mask. */
function greatest_number(mask: usize): i32 {
  let most = 0;
  for (let j = 0; j < length; j++) most = max(most, load<i32>(at(mask, j)));
  return most;
}

/** A position's group: its number in the mask, or for padding the greatest number negated. */
@inline
function group_of(mask: usize, j: i32, padding: i32): f32 {
  const number = load<i32>(at(mask, j));
  return <f32>(number == 0 ? -padding : number);
}

/** Group of the rest of four when there are fewer: no query and no key has it. */
const NO_GROUP: f32 = -Infinity;

/**
 * Reads the groups of `count` queries or keys into `to` from an i32 mask, or without `isMask` from `stats`, and pads them to fours. A
 * query is of the group that its padding stands for. Leaves the least and the greatest group that can see or be seen.
 */
function fill_groups(from: usize, count: i32, isMask: bool, padding: i32, ofQueries: bool, to: usize): void {
  const width = pad(count, 4);
  leastGroup = Infinity;
  greatestGroup = -1;
  for (let j = 0; j < width; j++) {
    let group = NO_GROUP;
    if (j < count) {
      group = isMask ? group_of(from, j, padding) : load<f32>(at(from, j * 4));
      if (ofQueries) group = abs(group);
      if (group >= 0) {
        leastGroup = min(leastGroup, group);
        greatestGroup = max(greatestGroup, group);
      }
    }
    store<f32>(at(to, j), group);
  }
}

/** Exponentiates the scores of four queries, a block by queries, and returns the factors that earlier blocks shrink by. */
function soften(r: i32, count: i32, elements: v128, first: bool): v128 {
  const row = at(scores, r * PANEL), factor = splat(scale), end = at(row, count * 4);
  const own = v128.load(at(rowGroups, r)), unseen = splat(-Infinity);
  // Not −∞, from which that of a query that sees none of these keys would be no number.
  let top = first ? splat(LOWEST_SCORE) : v128.load(at(greatest, r));
  const before = top;
  for (let p = row, b = keyGroups; p < end; p += 16, b += 4) {
    const seen = f32x4.eq(v128.load_splat<f32>(b), own);
    const s = v128.bitselect(f32x4.mul(v128.load(p), factor), unseen, seen);
    v128.store(p, s);
    top = f32x4.max(top, s);
  }
  let sum = splat(0);
  if (drops) {
    const kept = splat(dropoutScale);
    for (let p = row; p < end; p += 16) {
      const e = exp4(f32x4.sub(v128.load(p), top));
      sum = f32x4.add(sum, e);
      v128.store(p, v128.and(dropout_keeps_each(elements, place, threshold), f32x4.mul(e, kept)));
      elements = i32x4.add(elements, i32x4.splat(1));
    }
  } else {
    for (let p = row; p < end; p += 16) {
      const e = exp4(f32x4.sub(v128.load(p), top));
      sum = f32x4.add(sum, e);
      v128.store(p, e);
    }
  }
  v128.store(at(greatest, r), top);
  if (first) {
    v128.store(at(sums, r), sum);
    return splat(1);
  }
  const shrink = v128.bitselect(splat(1), exp4(f32x4.sub(before, top)), f32x4.eq(before, top));
  v128.store(at(sums, r), madd(v128.load(at(sums, r)), shrink, sum));
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
  const blocks = divideUp(length, size);
  const r0 = (tile % blocks) * size, rows = min(size, length - r0);
  tile /= blocks;
  const head = tile % heads, item = tile / heads, offset = head * depth;
  const mask = at(address(block, 3), item * length);
  const context = at(address(block, 4), (item * length + r0) * hidden + offset);
  const padding = greatest_number(mask);
  fill_groups(at(mask, r0), rows, true, padding, true, rowGroups);
  const least = leastGroup, most = greatestGroup;
  let first = true;
  for (let which = 0; which < queries; which++) {
    pack_across(at(address(block, 0), ((item * queries + which) * length + r0) * hidden + offset), rows, panels(0));
    const end = which + 1 == queries ? length : words;
    for (let j0 = which == 0 ? 0 : words; j0 < end; j0 += size) {
      const count = min(size, end - j0);
      fill_groups(at(mask, j0), count, true, padding, false, keyGroups);
      if (leastGroup > most || greatestGroup < least) continue;
      const from = (item * length + j0) * hidden + offset;
      pack_left(at(address(block, 1), from), count, panels(1));
      pack_rows(at(address(block, 2), from), count, panels(2));
      head_product(panels(1), count, panels(0), rows, scores);
      for (let r = 0; r < rows; r += ROWS) {
        const step = i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(length));
        const elements = i32x4.add(i32x4.splat(dropout_row(item, head, r0 + r) + j0), step);
        const shrink = soften(r, count, elements, first);
        if (first || i32x4.all_true(f32x4.eq(shrink, splat(1)))) continue;
        for (let i = 0; i < min(ROWS, rows - r); i++) {
          v128.store(product_sums(), shrink);
          scale_row(at(context, (r + i) * hidden), load<f32>(at(product_sums(), i)));
        }
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
    store<f32>(to, group_of(mask, r0 + r, padding), 12);
  }
}

/** context, dcontext, stats; items, heads, length, head_size */
export function attention_delta(block: usize, tile: i32): void {
  const items = integer(block, 3), count = integer(block, 4), positions = integer(block, 5), width = integer(block, 6);
  const end = min(items * positions, (tile + 1) * DELTA_POSITIONS);
  for (let position = tile * DELTA_POSITIONS; position < end; position++) {
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

/** Turns a query's scores into dropped probabilities and its dP into dS; blocks by keys. */
function differentiate(r: i32, count: i32, stats: usize, element: i32): void {
  const most = splat(load<f32>(stats)), logSum = splat(load<f32>(stats, 4)), delta = splat(load<f32>(stats, 8));
  const kept = splat(dropoutScale), factor = splat(scale), unseen = splat(-Infinity);
  const own = f32x4.abs(v128.load_splat<f32>(at(stats, 3)));
  for (let c = 0; c < count; c += 4) {
    const at0 = at(scores, c * PANEL + r * 4), at1 = at(slopes, c * PANEL + r * 4);
    const seen = f32x4.eq(v128.load(at(keyGroups, c)), own);
    const s = v128.bitselect(f32x4.mul(v128.load(at0), factor), unseen, seen);
    const p = exp4(f32x4.sub(f32x4.sub(s, most), logSum));
    let dp = v128.load(at1), dropped = p;
    if (drops) {
      const keeps = v128.and(dropout_keeps(element + c, place, threshold), kept);
      dropped = f32x4.mul(p, keeps);
      dp = f32x4.mul(dp, keeps);
    }
    v128.store(at0, dropped);
    v128.store(at1, f32x4.mul(p, f32x4.sub(dp, delta)));
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
    // Which pairs of blocks meet depends on the groups: dQ adds up from nothing.
    if (!addsQ) clear(at(address(block, 5), own), length);
    for (let j0 = which == 0 ? 0 : words; j0 < end; j0 += size) {
      const count = min(size, end - j0), from = base + j0 * hidden;
      const dk = at(address(block, 6), from), dv = at(address(block, 7), from);
      fill_groups(at(stats, j0 * 4 + 3), count, false, 0, false, keyGroups);
      const least = leastGroup, most = greatestGroup;
      let met = false;
      const k = at(address(block, 1), from);
      for (let r0 = 0; r0 < length; r0 += size) {
        const rows = min(size, length - r0);
        fill_groups(at(stats, r0 * 4 + 3), rows, false, 0, true, rowGroups);
        if (leastGroup > most || greatestGroup < least) continue;
        if (!met) {
          pack_across(k, count, panels(0));
          pack_across(at(address(block, 2), from), count, panels(1));
          pack_rows(k, count, panels(2));
        }
        const q = at(address(block, 0), own + r0 * hidden), dcontext = at(address(block, 4), base + r0 * hidden);
        pack_left(q, rows, panels(3));
        pack_left(dcontext, rows, panels(4));
        pack_rows(q, rows, panels(5));
        pack_rows(dcontext, rows, panels(6));
        head_product(panels(3), rows, panels(0), count, scores);
        head_product(panels(4), rows, panels(1), count, slopes);
        for (let r = 0; r < rows; r++) {
          differentiate(r, count, at(stats, (r0 + r) * 4), dropout_row(item, head, r0 + r) + j0);
        }
        block_product(scores, count, panels(6), rows, dv, 1, addsV || met);
        block_product(slopes, count, panels(5), rows, dk, scale, addsK || met);
        turn(slopes, rows, count);
        block_product(turned, rows, panels(2), count, at(address(block, 5), own + r0 * hidden), scale, true);
        met = true;
      }
      if (met) continue;
      if (!addsK) clear(dk, count);
      if (!addsV) clear(dv, count);
    }
  }
}
