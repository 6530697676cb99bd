// One workgroup a row.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = flat_group(group, groups);
  if (row >= rows()) { return; }
  let base = row * columns;
  var sum = 0.0;
  for (var c = lane; c < columns; c += 64u) { sum += y[base + c] * dy[base + c]; }
  let product = workgroup_sum(sum, lane);
  for (var c = lane; c < columns; c += 64u) {
    dx[base + c] = scale * y[base + c] * (dy[base + c] - product);
  }
}
