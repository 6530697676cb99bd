fn mix_bits(bits: u32) -> u32 {
  var h = (bits ^ (bits >> 16u)) * 0x7feb352du;
  h = (h ^ (h >> 15u)) * 0x846ca68bu;
  return h ^ (h >> 16u);
}

// Where in the bits of a step a dropout begins; `key` and `site` are live sizes of the kernel, so that all dropouts of a plan share a shader.
fn dropout_place() -> u32 { return mix_bits(key() + site() * 0x9e3779b9u); }

// Whether an element is kept: a pure function, so that any kernel may draw it again. `threshold` is a size of the kernel.
fn dropout_keeps(element: u32, place: u32) -> bool {
  return mix_bits(mix_bits(element ^ place) + place) >= threshold;
}
