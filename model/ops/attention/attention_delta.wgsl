// One thread a position and head.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 64u + lane;
  if (i >= items() * length * heads) { return; }
  let position = i / heads;
  let head = i % heads;
  let base = i * head_size;
  var sum = 0.0;
  for (var d = 0u; d < head_size; d += 1u) { sum += context[base + d] * dcontext[base + d]; }
  stats[((position / length * heads + head) * length + position % length) * 4u + 2u] = sum;
}
