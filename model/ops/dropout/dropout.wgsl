fn mix_bits(bits: u32) -> u32 {
  var h = (bits ^ (bits >> 16u)) * 0x7feb352du;
  h = (h ^ (h >> 15u)) * 0x846ca68bu;
  return h ^ (h >> 16u);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 256u + lane;
  if (i >= count()) { return; }
  let place = mix_bits(key() + site * 0x9e3779b9u);
  let bits = mix_bits(mix_bits(i ^ place) + place);
  y[i] = select(x[i] * scale, 0.0, bits < threshold);
}
