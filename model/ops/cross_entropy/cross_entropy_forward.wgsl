// One workgroup a row. A thread keeps the greatest logit it has seen, where that was first, and Σ exp(logit − greatest).
var<workgroup> tops: array<f32, 256>;
var<workgroup> sums: array<f32, 256>;
var<workgroup> places: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = flat_group(group, groups);
  if (row >= rows()) { return; }
  let base = row * columns;
  var top = -3.4e38;
  var sum = 0.0;
  var place = columns;
  var c = lane;
  for (; c + 768u < columns; c += 1024u) {
    let v0 = logits[base + c];
    let v1 = logits[base + c + 256u];
    let v2 = logits[base + c + 512u];
    let v3 = logits[base + c + 768u];
    let highest = max(max(v0, v1), max(v2, v3));
    if (highest > top) {
      place = select(select(select(c + 768u, c + 512u, v2 == highest), c + 256u, v1 == highest), c, v0 == highest);
      sum *= exp(top - highest);
      top = highest;
    }
    sum += (exp(v0 - top) + exp(v1 - top)) + (exp(v2 - top) + exp(v3 - top));
  }
  for (; c < columns; c += 256u) {
    let v = logits[base + c];
    if (v > top) {
      place = c;
      sum *= exp(top - v);
      top = v;
    }
    sum += exp(v - top);
  }
  tops[lane] = top;
  sums[lane] = sum;
  places[lane] = place;
  workgroupBarrier();
  for (var width = 128u; width > 0u; width = width / 2u) {
    if (lane < width) {
      let a = tops[lane];
      let b = tops[lane + width];
      let place_a = places[lane];
      let place_b = places[lane + width];
      let both = max(a, b);
      sums[lane] = sums[lane] * exp(a - both) + sums[lane + width] * exp(b - both);
      tops[lane] = both;
      places[lane] = select(select(min(place_a, place_b), place_b, b > a), place_a, a > b);
    }
    workgroupBarrier();
  }
  if (lane != 0u) { return; }
  let at = row * 4u;
  let label = labels[row];
  if (label >= i32(first()) && label < i32(first() + columns)) {
    state[at + 3u] = logits[base + u32(label) - first()];
  }
  top = tops[0];
  sum = sums[0];
  place = first() + places[0];
  if (first() != 0u) {
    let before = state[at];
    let both = max(before, top);
    sum = state[at + 1u] * exp(before - both) + sum * exp(top - both);
    if (before >= top) { place = u32(state[at + 2u]); }
    top = both;
  }
  state[at] = top;
  state[at + 1u] = sum;
  state[at + 2u] = f32(place);
}
