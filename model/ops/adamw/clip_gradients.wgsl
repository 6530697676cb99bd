// One workgroup in all.
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < blocks; i += 64u) { sum += partials[i]; }
  let total = workgroup_sum(sum, lane);
  if (lane != 0u) { return; }
  var scale = 1.0;
  if (growth_interval > 0u) { scale = state[6]; }
  let norm = sqrt(total) / scale;
  // Written on the bits: a compiler may assume that floats are finite.
  let finite = (bitcast<u32>(norm) & 0x7f800000u) != 0x7f800000u;
  state[3] = norm;
  var clip = 1.0;
  if (max_norm > 0.0) { clip = min(1.0, max_norm / (norm + 1e-6)); }
  state[4] = select(0.0, clip / scale, finite);
  if (!finite) { state[5] = state[5] + 1.0; }
  if (growth_interval == 0u) { return; }
  if (!finite) {
    state[6] = max(scale / 2.0, 1.0);
    state[7] = 0.0;
  } else if (state[7] + 1.0 == f32(growth_interval)) {
    state[6] = min(scale * 2.0, 16777216.0);
    state[7] = 0.0;
  } else {
    state[7] = state[7] + 1.0;
  }
}
