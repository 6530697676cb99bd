// One workgroup a row.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = flat_group(group, groups);
  if (row >= rows()) { return; }
  let base = row * columns;
  let mean = stats[row * 2u];
  let scale = stats[row * 2u + 1u];
  var sum = 0.0;
  var product = 0.0;
  for (var c = lane; c < columns; c += 64u) {
    let g = dy[base + c] * gain[c];
    sum += g;
    product += g * (x[base + c] - mean) * scale;
  }
  let mean_gradient = workgroup_sum(sum, lane) / f32(columns);
  let mean_product = workgroup_sum(product, lane) / f32(columns);
  for (var c = lane; c < columns; c += 64u) {
    let g = dy[base + c] * gain[c];
    let normal = (x[base + c] - mean) * scale;
    dx[base + c] = (g - mean_gradient - normal * mean_product) * scale;
  }
}
