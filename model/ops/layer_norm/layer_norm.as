import { address, at, integer, load4, madd, real, splat, store4, sum4 } from "./simd";

const ROWS: i32 = 16;

/** x, gain, bias, y, stats; rows, columns, eps */
export function layer_norm_forward(block: usize, tile: i32): void {
  const gain = address(block, 1), bias = address(block, 2);
  const columns = integer(block, 6);
  const eps = real(block, 7);
  const end = min(integer(block, 5), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const x = at(address(block, 0), row * columns), y = at(address(block, 3), row * columns);
    let sum = splat(0);
    for (let c = 0; c < columns; c += 4) sum = f32x4.add(sum, load4(at(x, c), columns - c, 0));
    const mean = sum4(sum) / <f32>columns;
    let squares = splat(0);
    for (let c = 0; c < columns; c += 4) {
      const d = f32x4.sub(load4(at(x, c), columns - c, mean), splat(mean));
      squares = madd(d, d, squares);
    }
    const scale = <f32>1 / sqrt<f32>(sum4(squares) / <f32>columns + eps);
    const stats = at(address(block, 4), row * 2);
    store<f32>(stats, mean);
    store<f32>(stats, scale, 4);
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      const normal = f32x4.mul(f32x4.sub(load4(at(x, c), left, 0), splat(mean)), splat(scale));
      store4(at(y, c), madd(normal, load4(at(gain, c), left, 0), load4(at(bias, c), left, 0)), left);
    }
  }
}

/** x, gain, stats, dy, dx; rows, columns */
export function layer_norm_backward(block: usize, tile: i32): void {
  const gain = address(block, 1);
  const columns = integer(block, 6);
  const end = min(integer(block, 5), (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const x = at(address(block, 0), row * columns), dy = at(address(block, 3), row * columns);
    const dx = at(address(block, 4), row * columns), stats = at(address(block, 2), row * 2);
    const mean = load<f32>(stats), scale = load<f32>(stats, 4);
    let sum = splat(0), product = splat(0);
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      const g = f32x4.mul(load4(at(dy, c), left, 0), load4(at(gain, c), left, 0));
      const normal = f32x4.mul(f32x4.sub(load4(at(x, c), left, mean), splat(mean)), splat(scale));
      sum = f32x4.add(sum, g);
      product = madd(g, normal, product);
    }
    const meanGradient = splat(sum4(sum) / <f32>columns), meanProduct = splat(sum4(product) / <f32>columns);
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      const g = f32x4.mul(load4(at(dy, c), left, 0), load4(at(gain, c), left, 0));
      const normal = f32x4.mul(f32x4.sub(load4(at(x, c), left, mean), splat(mean)), splat(scale));
      const centred = f32x4.sub(f32x4.sub(g, meanGradient), f32x4.mul(normal, meanProduct));
      store4(at(dx, c), f32x4.mul(centred, splat(scale)), left);
    }
  }
}

/** x, stats, dy, partials; rows, columns, blocks, block_rows */
export function layer_norm_parameter_partials(block: usize, tile: i32): void {
  const x = address(block, 0), stats = address(block, 1), dy = address(block, 2);
  const columns = integer(block, 5), blockRows = integer(block, 7);
  const gain = at(address(block, 3), tile * columns * 2), bias = at(gain, columns);
  const begin = tile * blockRows, end = min(integer(block, 4), begin + blockRows);
  for (let c = 0; c < columns; c += 4) {
    const left = columns - c;
    let gainSum = splat(0), biasSum = splat(0);
    for (let row = begin; row < end; row++) {
      const mean = load<f32>(at(stats, row * 2)), scale = load<f32>(at(stats, row * 2), 4);
      const g = load4(at(dy, row * columns + c), left, 0);
      const normal = f32x4.mul(f32x4.sub(load4(at(x, row * columns + c), left, mean), splat(mean)), splat(scale));
      gainSum = madd(g, normal, gainSum);
      biasSum = f32x4.add(biasSum, g);
    }
    store4(at(gain, c), gainSum, left);
    store4(at(bias, c), biasSum, left);
  }
}
