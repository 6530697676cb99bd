// One workgroup a run: a table row and the rows of dy that looked it up.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let run = flat_group(group, groups);
  if (run >= runs()) { return; }
  let place = u32(run_ids[run]) - first_row();
  if (place >= table_rows()) { return; }
  let base = place * columns;
  for (var c = lane; c < columns; c += 64u) {
    var sum = dtable[base + c];
    for (var i = run_starts[run]; i < run_starts[run + 1u]; i++) {
      let row = u32(run_rows[i]) - first_dy_row();
      if (row < rows()) { sum += dy[row * columns + c] * weights[row]; }
    }
    dtable[base + c] = sum;
  }
}
