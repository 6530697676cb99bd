var<workgroup> reduced: array<f32, 64>;

// The sum of `value` over the 64 threads of a workgroup, for all of them. Uniform control flow only.
fn workgroup_sum(value: f32, lane: u32) -> f32 {
  reduced[lane] = value;
  workgroupBarrier();
  for (var width = 32u; width > 0u; width = width / 2u) {
    if (lane < width) { reduced[lane] = reduced[lane] + reduced[lane + width]; }
    workgroupBarrier();
  }
  let total = reduced[0];
  workgroupBarrier();
  return total;
}
