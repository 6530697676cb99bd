// One thread an element of y.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 256u + lane;
  if (i >= rows() * columns) { return; }
  let row = i / columns;
  let c = i % columns;
  var sum = 0.0;
  for (var j = 0u; j < width; j++) {
    let place = u32(ids[row * width + j]) - first_row(); // wraps for ids that are skipped
    if (place < table_rows()) { sum += table[place * columns + c]; }
  }
  sum *= weights[row];
  if (accumulate() != 0u) { sum += y[i]; }
  y[i] = sum;
}
