@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 256u + lane;
  if (i >= count()) { return; }
  var sum = 0.0;
  if (accumulate() != 0u) { sum = y[i]; }
  for (var b = 0u; b < blocks(); b++) { sum += partials[b * stride() + offset() + i]; }
  y[i] = sum;
}
