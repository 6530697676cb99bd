@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 256u + lane;
  if (i >= count()) { return; }
  if ((bitcast<u32>(state[3]) & 0x7f800000u) == 0x7f800000u) { return; }
  let gradient = g[i] * state[4];
  let m1 = beta1 * m[i] + rest1 * gradient;
  let v1 = beta2 * v[i] + rest2 * gradient * gradient;
  m[i] = m1;
  v[i] = v1;
  let update = m1 / state[1] / (sqrt(v1 / state[2]) + eps) + weight_decay * p[i];
  p[i] = p[i] - state[0] * update;
}
