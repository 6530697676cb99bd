// Four elements a thread, 1,024 neighbouring columns of a row a workgroup.
const blocks = (columns + 1023u) / 1024u;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups);
  let row = i / blocks;
  if (row >= rows()) { return; }
  let label = labels[row];
  let top = state[row * 4u];
  let total = state[row * 4u + 1u];
  var factor = scale / f32(batch_rows());
  if (scaled != 0u) { factor = factor * optimizer[6]; }
  let begin = (i % blocks) * 1024u + lane;
  for (var c = begin; c < min(columns, begin + 1024u); c += 256u) {
    let place = row * columns + c;
    let probability = exp(logits[place] - top) / total;
    let wish = select(0.0, 1.0, label == i32(first() + c));
    logits[place] = select((probability - wish) * factor, 0.0, label < 0);
  }
}
