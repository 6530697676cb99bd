import { dropout_keeps, dropout_place } from "./dropout";
import { address, at, integer, load4, madd, real, splat, store4, sum4 } from "./simd";

/** Rows of one tile, about 8,192 elements: `tileRows` of layer_norm.ts. */
@inline
function tileRows(columns: i32): i32 {
  return max(1, 8192 / columns);
}

/** Keeps the first `n` lanes of four and zeroes the others. */
@inline
function first(x: v128, n: i32): v128 {
  return v128.and(x, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n)));
}

/** The sum of a row. Four sums at once, as one addition waits for the other. */
@inline
function rowSum(x: usize, columns: i32): f32 {
  let a = splat(0), b = splat(0), c = splat(0), d = splat(0);
  let i = 0;
  for (; i + 16 <= columns; i += 16) {
    const p = at(x, i);
    a = f32x4.add(a, v128.load(p));
    b = f32x4.add(b, v128.load(p, 16));
    c = f32x4.add(c, v128.load(p, 32));
    d = f32x4.add(d, v128.load(p, 48));
  }
  for (; i < columns; i += 4) a = f32x4.add(a, first(v128.load(at(x, i)), columns - i));
  return sum4(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

@inline
function normalize4(x: usize, gain: usize, bias: usize, y: usize, mean: v128, inverse: v128, left: i32): void {
  const normal = f32x4.mul(f32x4.sub(v128.load(x), mean), inverse);
  store4(y, madd(normal, v128.load(gain), v128.load(bias)), left);
}

/**
 * The layer norm of a row with the given sum. The deviations from the rounded mean tell what the mean lacks: without that
 * correction a constant row far from 0 would get a variance.
 */
@inline
function normalizeRow(
  x: usize,
  sum: f32,
  gain: usize,
  bias: usize,
  y: usize,
  stats: usize,
  columns: i32,
  eps: f32,
): void {
  const n = <f32>columns, rounded = splat(sum / n);
  let sum0 = splat(0), sum1 = splat(0), squares0 = splat(0), squares1 = splat(0);
  let c = 0;
  for (; c + 8 <= columns; c += 8) {
    const d0 = f32x4.sub(v128.load(at(x, c)), rounded), d1 = f32x4.sub(v128.load(at(x, c), 16), rounded);
    sum0 = f32x4.add(sum0, d0);
    sum1 = f32x4.add(sum1, d1);
    squares0 = madd(d0, d0, squares0);
    squares1 = madd(d1, d1, squares1);
  }
  for (; c < columns; c += 4) {
    const d = first(f32x4.sub(v128.load(at(x, c)), rounded), columns - c);
    sum0 = f32x4.add(sum0, d);
    squares0 = madd(d, d, squares0);
  }
  const lacking = sum4(f32x4.add(sum0, sum1)) / n;
  const mean = sum / n + lacking;
  const variance = sum4(f32x4.add(squares0, squares1)) / n - lacking * lacking;
  const inverse = <f32>1 / sqrt<f32>(max<f32>(variance, 0) + eps);
  store<f32>(stats, mean);
  store<f32>(stats, inverse, 4);
  const m = splat(mean), s = splat(inverse);
  for (c = 0; c + 4 <= columns; c += 4) normalize4(at(x, c), at(gain, c), at(bias, c), at(y, c), m, s, 4);
  if (c < columns) normalize4(at(x, c), at(gain, c), at(bias, c), at(y, c), m, s, columns - c);
}

/** x, gain, bias, y, stats; rows, columns, eps */
export function layer_norm_forward(block: usize, tile: i32): void {
  const gain = address(block, 1), bias = address(block, 2);
  const columns = integer(block, 6), eps = real(block, 7);
  const end = min(integer(block, 5), (tile + 1) * tileRows(columns));
  for (let row = tile * tileRows(columns); row < end; row++) {
    const x = at(address(block, 0), row * columns), y = at(address(block, 3), row * columns);
    normalizeRow(x, rowSum(x, columns), gain, bias, y, at(address(block, 4), row * 2), columns, eps);
  }
}

/** Dropout of the elements `element` to `element` + 3. */
@inline
function dropped4(x: v128, drops: bool, element: i32, place: v128, threshold: v128, scale: v128): v128 {
  return drops ? v128.and(dropout_keeps(element, place, threshold), f32x4.mul(x, scale)) : x;
}

/** Stores and returns x + residual. */
@inline
function add4(x: v128, residual: usize, sum: usize, left: i32): v128 {
  const v = f32x4.add(x, v128.load(residual));
  store4(sum, v, left);
  return v;
}

/** x, residual, gain, bias, sum, y, stats; rows, columns, eps, site, key, threshold, scale, first */
export function residual_layer_norm_forward(block: usize, tile: i32): void {
  const gain = address(block, 2), bias = address(block, 3);
  const columns = integer(block, 8), eps = real(block, 9);
  const place = dropout_place(integer(block, 11), integer(block, 10));
  const drops = integer(block, 12) !== 0;
  const threshold = i32x4.splat(integer(block, 12)), scale = splat(real(block, 13));
  const firstElement = integer(block, 14);
  const end = min(integer(block, 7), (tile + 1) * tileRows(columns));
  for (let row = tile * tileRows(columns); row < end; row++) {
    const begin = row * columns;
    const x = at(address(block, 0), begin), residual = at(address(block, 1), begin);
    const sum = at(address(block, 4), begin), y = at(address(block, 5), begin);
    let total = splat(0);
    let c = 0;
    for (; c + 4 <= columns; c += 4) {
      const v = dropped4(v128.load(at(x, c)), drops, firstElement + begin + c, place, threshold, scale);
      total = f32x4.add(total, add4(v, at(residual, c), at(sum, c), 4));
    }
    if (c < columns) {
      const v = dropped4(v128.load(at(x, c)), drops, firstElement + begin + c, place, threshold, scale);
      total = f32x4.add(total, first(add4(v, at(residual, c), at(sum, c), columns - c), columns - c));
    }
    normalizeRow(sum, sum4(total), gain, bias, y, at(address(block, 6), row * 2), columns, eps);
  }
}

/** What both passes over a row of the backward need. */
@inline
function normal4(x: usize, mean: v128, inverse: v128): v128 {
  return f32x4.mul(f32x4.sub(v128.load(x), mean), inverse);
}

/** Σ dy · gain of a row in lane 0, Σ dy · gain · normal in lane 1, both divided by the number of columns. */
@inline
function meanGradients(x: usize, gain: usize, dy: usize, columns: i32, mean: v128, inverse: v128): v128 {
  let sum0 = splat(0), sum1 = splat(0), product0 = splat(0), product1 = splat(0);
  let c = 0;
  for (; c + 8 <= columns; c += 8) {
    const g0 = f32x4.mul(v128.load(at(dy, c)), v128.load(at(gain, c)));
    const g1 = f32x4.mul(v128.load(at(dy, c), 16), v128.load(at(gain, c), 16));
    sum0 = f32x4.add(sum0, g0);
    sum1 = f32x4.add(sum1, g1);
    product0 = madd(g0, normal4(at(x, c), mean, inverse), product0);
    product1 = madd(g1, normal4(at(x, c) + 16, mean, inverse), product1);
  }
  for (; c < columns; c += 4) {
    const left = columns - c;
    const g = first(f32x4.mul(v128.load(at(dy, c)), v128.load(at(gain, c))), left);
    sum0 = f32x4.add(sum0, g);
    product0 = madd(g, first(normal4(at(x, c), mean, inverse), left), product0);
  }
  const n = <f32>columns;
  return f32x4.replace_lane(splat(sum4(f32x4.add(sum0, sum1)) / n), 1, sum4(f32x4.add(product0, product1)) / n);
}

/** The gradient of four elements: (dy · gain − mean of it − normal · mean of it times normal) / deviation. */
@inline
function gradient4(x: usize, gain: usize, dy: usize, mean: v128, inverse: v128, sum: v128, product: v128): v128 {
  const g = f32x4.sub(f32x4.mul(v128.load(dy), v128.load(gain)), sum);
  return f32x4.mul(f32x4.sub(g, f32x4.mul(normal4(x, mean, inverse), product)), inverse);
}

/** Stores d, or adds it to what is there. */
@inline
function accumulate4(target: usize, d: v128, adds: bool, left: i32): void {
  store4(target, adds ? f32x4.add(v128.load(target), d) : d, left);
}

/** x, gain, stats, dy, dx; rows, columns, accumulate */
export function layer_norm_backward(block: usize, tile: i32): void {
  const gain = address(block, 1);
  const columns = integer(block, 6);
  const adds = integer(block, 7) !== 0;
  const end = min(integer(block, 5), (tile + 1) * tileRows(columns));
  for (let row = tile * tileRows(columns); row < end; row++) {
    const x = at(address(block, 0), row * columns), dy = at(address(block, 3), row * columns);
    const dx = at(address(block, 4), row * columns), stats = at(address(block, 2), row * 2);
    const mean = v128.load32_splat(stats), inverse = v128.load32_splat(stats, 4);
    const means = meanGradients(x, gain, dy, columns, mean, inverse);
    const sum = splat(f32x4.extract_lane(means, 0)), product = splat(f32x4.extract_lane(means, 1));
    let c = 0;
    for (; c + 4 <= columns; c += 4) {
      const d = gradient4(at(x, c), at(gain, c), at(dy, c), mean, inverse, sum, product);
      accumulate4(at(dx, c), d, adds, 4);
    }
    if (c < columns) {
      const d = gradient4(at(x, c), at(gain, c), at(dy, c), mean, inverse, sum, product);
      accumulate4(at(dx, c), d, adds, columns - c);
    }
  }
}

/** sum, gain, stats, dy, dresidual, dx; rows, columns, site, key, threshold, scale, accumulate_residual, accumulate, first */
export function residual_layer_norm_backward(block: usize, tile: i32): void {
  const gain = address(block, 1);
  const columns = integer(block, 7);
  const place = dropout_place(integer(block, 9), integer(block, 8));
  const drops = integer(block, 10) !== 0;
  const threshold = i32x4.splat(integer(block, 10)), scale = splat(real(block, 11));
  const addsResidual = integer(block, 12) !== 0;
  const adds = integer(block, 13) !== 0;
  const firstElement = integer(block, 14);
  const end = min(integer(block, 6), (tile + 1) * tileRows(columns));
  for (let row = tile * tileRows(columns); row < end; row++) {
    const begin = row * columns;
    const x = at(address(block, 0), begin), dy = at(address(block, 3), begin);
    const dresidual = at(address(block, 4), begin), dx = at(address(block, 5), begin);
    const stats = at(address(block, 2), row * 2);
    const mean = v128.load32_splat(stats), inverse = v128.load32_splat(stats, 4);
    const means = meanGradients(x, gain, dy, columns, mean, inverse);
    const sum = splat(f32x4.extract_lane(means, 0)), product = splat(f32x4.extract_lane(means, 1));
    let c = 0;
    for (; c + 4 <= columns; c += 4) {
      const d = gradient4(at(x, c), at(gain, c), at(dy, c), mean, inverse, sum, product);
      accumulate4(at(dresidual, c), d, addsResidual, 4);
      accumulate4(at(dx, c), dropped4(d, drops, firstElement + begin + c, place, threshold, scale), adds, 4);
    }
    if (c < columns) {
      const d = gradient4(at(x, c), at(gain, c), at(dy, c), mean, inverse, sum, product);
      accumulate4(at(dresidual, c), d, addsResidual, columns - c);
      accumulate4(at(dx, c), dropped4(d, drops, firstElement + begin + c, place, threshold, scale), adds, columns - c);
    }
  }
}

/** x, stats, dy, partials; rows, columns, blocks, block_rows */
export function layer_norm_parameter_partials(block: usize, tile: i32): void {
  const columns = integer(block, 5), blockRows = integer(block, 7);
  const gain = at(address(block, 3), tile * columns * 2), bias = at(gain, columns);
  const begin = tile * blockRows, end = min(integer(block, 4), begin + blockRows);
  const stats = address(block, 1);
  let c = 0;
  // A cache line of every row at a time.
  for (; c + 16 <= columns; c += 16) {
    let x = at(address(block, 0), begin * columns + c), dy = at(address(block, 2), begin * columns + c);
    let gain0 = splat(0), gain1 = splat(0), gain2 = splat(0), gain3 = splat(0);
    let bias0 = splat(0), bias1 = splat(0), bias2 = splat(0), bias3 = splat(0);
    for (let row = begin; row < end; row++) {
      const mean = v128.load32_splat(at(stats, row * 2)), inverse = v128.load32_splat(at(stats, row * 2), 4);
      const g0 = v128.load(dy), g1 = v128.load(dy, 16), g2 = v128.load(dy, 32), g3 = v128.load(dy, 48);
      gain0 = madd(g0, normal4(x, mean, inverse), gain0);
      gain1 = madd(g1, normal4(x + 16, mean, inverse), gain1);
      gain2 = madd(g2, normal4(x + 32, mean, inverse), gain2);
      gain3 = madd(g3, normal4(x + 48, mean, inverse), gain3);
      bias0 = f32x4.add(bias0, g0);
      bias1 = f32x4.add(bias1, g1);
      bias2 = f32x4.add(bias2, g2);
      bias3 = f32x4.add(bias3, g3);
      x = at(x, columns);
      dy = at(dy, columns);
    }
    const toGain = at(gain, c), toBias = at(bias, c);
    v128.store(toGain, gain0);
    v128.store(toGain, gain1, 16);
    v128.store(toGain, gain2, 32);
    v128.store(toGain, gain3, 48);
    v128.store(toBias, bias0);
    v128.store(toBias, bias1, 16);
    v128.store(toBias, bias2, 32);
    v128.store(toBias, bias3, 48);
  }
  for (; c < columns; c += 4) {
    const left = columns - c;
    let gainSum = splat(0), biasSum = splat(0);
    for (let row = begin; row < end; row++) {
      const mean = v128.load32_splat(at(stats, row * 2)), inverse = v128.load32_splat(at(stats, row * 2), 4);
      const g = load4(at(address(block, 2), row * columns + c), left, 0);
      gainSum = madd(g, normal4(at(address(block, 0), row * columns + c), mean, inverse), gainSum);
      biasSum = f32x4.add(biasSum, g);
    }
    store4(at(gain, c), gainSum, left);
    store4(at(bias, c), biasSum, left);
  }
}
