// One workgroup a block.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let block = flat_group(group, groups);
  if (block >= blocks()) { return; }
  let end = min(count(), (block + 1u) * block_length);
  var sum = 0.0;
  for (var i = block * block_length + lane; i < end; i += 64u) { sum += x[i] * x[i]; }
  let total = workgroup_sum(sum, lane);
  if (lane == 0u) { partials[offset() + block] = total; }
}
