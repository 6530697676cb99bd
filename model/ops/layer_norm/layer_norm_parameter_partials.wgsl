// One thread a column of a block of rows.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let strips = (columns + 63u) / 64u;
  let block = flat_group(group, groups) / strips;
  let c = flat_group(group, groups) % strips * 64u + lane;
  if (c >= columns || block >= blocks()) { return; }
  let begin = block * block_rows;
  let end = min(rows(), begin + block_rows);
  var gain_sum = 0.0;
  var bias_sum = 0.0;
  for (var row = begin; row < end; row++) {
    let g = dy[row * columns + c];
    gain_sum += g * (x[row * columns + c] - stats[row * 2u]) * stats[row * 2u + 1u];
    bias_sum += g;
  }
  partials[block * 2u * columns + c] = gain_sum;
  partials[(block * 2u + 1u) * columns + c] = bias_sum;
}
