// One workgroup a row.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = flat_group(group, groups);
  if (row >= rows()) { return; }
  let base = row * columns;
  var sum = 0.0;
  for (var c = lane; c < columns; c += 64u) { sum += x[base + c]; }
  let mean = workgroup_sum(sum, lane) / f32(columns);
  var squares = 0.0;
  for (var c = lane; c < columns; c += 64u) {
    let d = x[base + c] - mean;
    squares += d * d;
  }
  let scale = 1.0 / sqrt(workgroup_sum(squares, lane) / f32(columns) + eps);
  if (lane == 0u) {
    stats[row * 2u] = mean;
    stats[row * 2u + 1u] = scale;
  }
  for (var c = lane; c < columns; c += 64u) {
    y[base + c] = (x[base + c] - mean) * scale * gain[c] + bias[c];
  }
}
