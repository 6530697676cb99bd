@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 256u + lane;
  if (i >= count()) { return; }
  let u = x[i] * 0.7071067811865476;
  y[i] = 0.5 * x[i] * (1.0 + erf(u, exp(-u * u)));
}
