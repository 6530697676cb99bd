// erf(u), absolute error under 1.5e-7 (Abramowitz and Stegun 7.1.26); decay is e^(-u*u).
fn erf(u: f32, decay: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.3275911 * abs(u));
  let y = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return sign(u) * (1.0 - y * decay);
}
