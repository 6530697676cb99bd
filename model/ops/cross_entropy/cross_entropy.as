import { address, at, exp4, integer, load4, max4, real, splat, store4, sum4 } from "./simd";

/** logits, labels, loss, correct; rows, columns, gradient, scale */
export function cross_entropy(block: usize, row: i32): void {
  const rows = integer(block, 4), columns = integer(block, 5);
  const writes = integer(block, 6) !== 0;
  const logits = at(address(block, 0), row * columns);
  const label = load<i32>(at(address(block, 1), row));
  const loss = at(address(block, 2), row), correct = at(address(block, 3), row);
  if (label < 0) {
    store<f32>(loss, 0);
    store<f32>(correct, 0);
    if (writes) memory.fill(logits, 0, <usize>columns << 2);
    return;
  }
  let greatest = splat(-Infinity);
  for (let c = 0; c < columns; c += 4) {
    greatest = f32x4.max(greatest, load4(at(logits, c), columns - c, -Infinity));
  }
  const top = max4(greatest);
  let sums = splat(0);
  for (let c = 0; c < columns; c += 4) {
    sums = f32x4.add(sums, exp4(f32x4.sub(load4(at(logits, c), columns - c, -Infinity), splat(top))));
  }
  const sum = sum4(sums);
  const wanted = load<f32>(at(logits, label));
  store<f32>(loss, <f32>Math.log(<f64>sum) + (top - wanted));
  let first = 0;
  while (first < columns && load<f32>(at(logits, first)) != top) first++;
  store<f32>(correct, first == label ? 1 : 0);
  if (!writes) return;
  const factor = real(block, 7) / <f32>rows;
  const scale = splat(factor / sum);
  for (let c = 0; c < columns; c += 4) {
    const left = columns - c;
    store4(at(logits, c), f32x4.mul(exp4(f32x4.sub(load4(at(logits, c), left, 0), splat(top))), scale), left);
  }
  store<f32>(at(logits, label), load<f32>(at(logits, label)) - factor);
}

/** loss, correct, metrics; rows, slot */
export function accumulate_metrics(block: usize, tile: i32): void {
  const loss = address(block, 0), correct = address(block, 1);
  const rows = integer(block, 3);
  const metrics = at(address(block, 2), integer(block, 4));
  let lossSum: f32 = 0, correctSum: f32 = 0;
  for (let row = 0; row < rows; row++) {
    lossSum += load<f32>(at(loss, row));
    correctSum += load<f32>(at(correct, row));
  }
  store<f32>(metrics, load<f32>(metrics) + lossSum);
  store<f32>(metrics, load<f32>(metrics, 4) + correctSum, 4);
  store<f32>(metrics, load<f32>(metrics, 8) + <f32>rows, 8);
  store<f32>(metrics, load<f32>(metrics, 12) + (rows > 0 ? lossSum / <f32>rows : 0), 12);
}
