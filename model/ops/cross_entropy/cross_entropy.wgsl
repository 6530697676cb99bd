// One workgroup a row.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = flat_group(group, groups);
  if (row >= rows()) { return; }
  let base = row * columns;
  let label = labels[row];
  let ignored = label < 0;
  let place = base + u32(max(label, 0));
  var greatest = -3.4e38;
  for (var c = lane; c < columns; c += 64u) { greatest = max(greatest, logits[base + c]); }
  let top = workgroup_max(greatest, lane);
  var sum = 0.0;
  var first = f32(columns);
  for (var c = lane; c < columns; c += 64u) {
    sum += exp(logits[base + c] - top);
    if (logits[base + c] == top) { first = min(first, f32(c)); }
  }
  let total = workgroup_sum(sum, lane);
  let answer = -workgroup_max(-first, lane);
  let wanted = logits[place];
  storageBarrier(); // every thread has read its logits before one of them is overwritten
  if (lane == 0u) {
    loss[row] = select(log(total) + (top - wanted), 0.0, ignored);
    correct[row] = select(0.0, 1.0, !ignored && answer == f32(label));
  }
  if (gradient == 0u) { return; }
  let factor = select(scale / f32(rows()), 0.0, ignored);
  for (var c = lane; c < columns; c += 64u) {
    let probability = exp(logits[base + c] - top) / total;
    let wish = select(0.0, 1.0, base + c == place);
    logits[base + c] = (probability - wish) * factor;
  }
}
