// Rounds to nearest, ties to even, in integers: `pack2x16float` leaves the rounding and what overflows to the driver.
fn half_bits(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  let sign = (bits >> 16u) & 0x8000u;
  let magnitude = bits & 0x7fffffffu;
  if (format == 2u) {
    if (magnitude > 0x7f800000u) { return (bits >> 16u) | 0x40u; }
    return (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
  }
  if (magnitude > 0x7f800000u) { return sign | 0x7e00u; }
  if (magnitude >= 0x47800000u) { return sign | 0x7c00u; }
  // Under 2^-14 the halves are 2^-24 apart, as are the floats from 0.5 on: adding 0.5 rounds.
  if (magnitude < 0x38800000u) { return sign | (bitcast<u32>(bitcast<f32>(magnitude) + 0.5) - 0x3f000000u); }
  return sign | ((magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13u) & 1u)) >> 13u);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let word = flat_group(group, groups) * 256u + lane;
  let i = word * 2u;
  if (i >= count()) { return; }
  var high = 0u;
  if (i + 1u < count()) { high = half_bits(x[i + 1u]); }
  y[word] = half_bits(x[i]) | (high << 16u);
}
