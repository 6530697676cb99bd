import { address, at, exp4, integer, load4, max4, real, splat, store4, sum4 } from "./simd";

/** Columns that are read twice in a row, for their maximum and their sum, so that the second time finds them in the cache. */
const BLOCK: i32 = 4096;

/** Columns of a tile of the backward kernel (`BACKWARD_TILE` in cross_entropy.ts). */
const BACKWARD_TILE: i32 = 16384;

/** The greatest of x[begin, end), NaN left out. */
@inline
function greatestOf(x: usize, begin: i32, end: i32): f32 {
  let m0 = splat(-Infinity), m1 = splat(-Infinity);
  let c = begin;
  for (; c + 8 <= end; c += 8) {
    m0 = f32x4.pmax(m0, v128.load(at(x, c)));
    m1 = f32x4.pmax(m1, v128.load(at(x, c), 16));
  }
  for (; c < end; c += 4) m0 = f32x4.pmax(m0, load4(at(x, c), end - c, -Infinity));
  return max4(f32x4.pmax(m0, m1));
}

/** Σ exp(x − top) over x[begin, end). */
@inline
function sumOfExps(x: usize, begin: i32, end: i32, top: v128): f32 {
  let s0 = splat(0), s1 = splat(0);
  let c = begin;
  for (; c + 8 <= end; c += 8) {
    s0 = f32x4.add(s0, exp4(f32x4.sub(v128.load(at(x, c)), top)));
    s1 = f32x4.add(s1, exp4(f32x4.sub(v128.load(at(x, c), 16), top)));
  }
  for (; c < end; c += 4) s0 = f32x4.add(s0, exp4(f32x4.sub(load4(at(x, c), end - c, -Infinity), top)));
  return sum4(f32x4.add(s0, s1));
}

/** logits, labels, state; rows, columns, first */
export function cross_entropy_forward(block: usize, row: i32): void {
  const columns = integer(block, 4), first = integer(block, 5);
  const logits = at(address(block, 0), row * columns);
  const label = load<i32>(at(address(block, 1), row)) - first;
  const state = at(address(block, 2), row * 4);
  let top: f32 = -3.4e38, sum: f32 = 0, place: f32 = 0; // from −∞, a logit of −∞ would have no distance
  if (first > 0) {
    top = load<f32>(state);
    sum = load<f32>(state, 4);
    place = load<f32>(state, 8);
  }
  for (let begin = 0; begin < columns; begin += BLOCK) {
    const end = min(columns, begin + BLOCK);
    const highest = greatestOf(logits, begin, end);
    if (highest > top) {
      sum *= f32x4.extract_lane(exp4(splat(top - highest)), 0);
      top = highest;
      let c = begin;
      while (!v128.any_true(f32x4.eq(v128.load(at(logits, c)), splat(highest)))) c += 4;
      while (load<f32>(at(logits, c)) != highest) c++;
      place = <f32>(first + c);
    }
    sum += sumOfExps(logits, begin, end, splat(top));
  }
  store<f32>(state, top);
  store<f32>(state, sum, 4);
  store<f32>(state, place, 8);
  if (label >= 0 && label < columns) store<f32>(state, load<f32>(at(logits, label)), 12);
}

/** labels, state, metrics; rows, slot */
export function cross_entropy_metrics(block: usize, tile: i32): void {
  const labels = address(block, 0);
  const rows = integer(block, 3);
  const metrics = at(address(block, 2), integer(block, 4));
  let loss: f32 = 0, correct: f32 = 0;
  for (let row = 0; row < rows; row++) {
    const label = load<i32>(at(labels, row));
    if (label < 0) continue;
    const state = at(address(block, 1), row * 4);
    loss += <f32>Math.log(<f64>load<f32>(state, 4)) + (load<f32>(state) - load<f32>(state, 12));
    if (load<f32>(state, 8) == <f32>label) correct += 1;
  }
  store<f32>(metrics, load<f32>(metrics) + loss);
  store<f32>(metrics, load<f32>(metrics, 4) + correct, 4);
  store<f32>(metrics, load<f32>(metrics, 8) + <f32>rows, 8);
  store<f32>(metrics, load<f32>(metrics, 12) + (rows > 0 ? loss / <f32>rows : 0), 12);
}

/** labels, state, optimizer, logits; rows, columns, first, scale, scaled, batch_rows */
export function cross_entropy_backward(block: usize, tile: i32): void {
  const columns = integer(block, 5);
  const tiles = (columns + BACKWARD_TILE - 1) / BACKWARD_TILE;
  const row = tile / tiles, begin = (tile % tiles) * BACKWARD_TILE, end = min(columns, begin + BACKWARD_TILE);
  const logits = at(address(block, 3), row * columns);
  const label = load<i32>(at(address(block, 0), row)) - integer(block, 6);
  if (label + integer(block, 6) < 0) {
    memory.fill(at(logits, begin), 0, <usize>(end - begin) << 2);
    return;
  }
  const state = at(address(block, 1), row * 4);
  const top = splat(load<f32>(state));
  let factor = real(block, 7) / <f32>integer(block, 9);
  if (integer(block, 8) != 0) factor *= load<f32>(address(block, 2), 24);
  const scale = splat(factor / load<f32>(state, 4));
  for (let c = begin; c < end; c += 4) {
    const left = end - c;
    store4(at(logits, c), f32x4.mul(exp4(f32x4.sub(load4(at(logits, c), left, 0), top)), scale), left);
  }
  if (label >= begin && label < end) {
    store<f32>(at(logits, label), load<f32>(at(logits, label)) - factor);
  }
}
