// One workgroup a row.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = flat_group(group, groups);
  if (row >= rows()) { return; }
  let base = row * columns;
  let mask_base = row / rows_per_mask * columns;
  var greatest = -3.4e38;
  for (var c = lane; c < columns; c += 64u) {
    let v = scores[base + c] * scale + f32(1 - mask[mask_base + c]) * -10000.0;
    y[base + c] = v;
    greatest = max(greatest, v);
  }
  let top = workgroup_max(greatest, lane);
  var sum = 0.0;
  for (var c = lane; c < columns; c += 64u) {
    let e = exp(y[base + c] - top);
    y[base + c] = e;
    sum += e;
  }
  let inverse = 1.0 / workgroup_sum(sum, lane);
  for (var c = lane; c < columns; c += 64u) { y[base + c] = y[base + c] * inverse; }
}
