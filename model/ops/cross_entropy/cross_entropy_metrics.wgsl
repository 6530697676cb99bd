// One workgroup in all.
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var loss_sum = 0.0;
  var correct_sum = 0.0;
  for (var row = lane; row < rows(); row += 64u) {
    let label = labels[row];
    if (label >= 0) {
      let at = row * 4u;
      loss_sum += log(state[at + 1u]) + (state[at] - state[at + 3u]);
      if (state[at + 2u] == f32(label)) { correct_sum += 1.0; }
    }
  }
  let loss_total = workgroup_sum(loss_sum, lane);
  let correct_total = workgroup_sum(correct_sum, lane);
  if (lane != 0u) { return; }
  metrics[slot()] = metrics[slot()] + loss_total;
  metrics[slot() + 1u] = metrics[slot() + 1u] + correct_total;
  metrics[slot() + 2u] = metrics[slot() + 2u] + f32(rows());
  metrics[slot() + 3u] = metrics[slot() + 3u] + loss_total / max(f32(rows()), 1.0);
}
