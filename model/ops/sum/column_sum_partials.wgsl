// One thread a column of a block of rows.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let c = group.x * 64u + lane;
  if (c >= columns) { return; }
  let begin = group.y * block_rows;
  let end = min(rows(), begin + block_rows);
  var sum = 0.0;
  for (var row = begin; row < end; row++) { sum += x[row * columns + c]; }
  partials[group.y * columns + c] = sum;
}
