import { address, at, integer, madd, real, splat, TILE } from "./simd";

/** partials, state; blocks, max_norm, growth_interval */
export function clip_gradients(block: usize, tile: i32): void {
  const partials = address(block, 0), state = address(block, 1);
  let sum: f32 = 0;
  for (let i = 0; i < integer(block, 2); i++) sum += load<f32>(at(partials, i));
  const interval = integer(block, 4);
  const scale: f32 = interval > 0 ? load<f32>(state, 24) : 1;
  const norm = sqrt<f32>(sum) / scale, maxNorm = real(block, 3);
  const finite = norm - norm == 0;
  store<f32>(state, norm, 12);
  store<f32>(state, !finite ? 0 : (maxNorm > 0 ? min<f32>(1, maxNorm / (norm + <f32>1e-6)) : 1) / scale, 16);
  if (!finite) store<f32>(state, load<f32>(state, 20) + 1, 20);
  if (interval == 0) return;
  const updates: f32 = finite ? load<f32>(state, 28) + 1 : 0;
  const grows = updates == <f32>interval;
  store<f32>(state, !finite ? max<f32>(scale / 2, 1) : grows ? min<f32>(scale * 2, 16777216) : scale, 24);
  store<f32>(state, grows ? 0 : updates, 28);
}

/** p, g, m, v, state; count, beta1, beta2, rest1, rest2, eps, weight_decay */
export function adamw(block: usize, tile: i32): void {
  const p = address(block, 0), g = address(block, 1), m = address(block, 2), v = address(block, 3);
  const state = address(block, 4);
  const clip = load<f32>(state, 16);
  const norm = load<f32>(state, 12);
  if (norm - norm != 0) return;
  const rate = splat(load<f32>(state));
  const correction1 = splat(<f32>1 / load<f32>(state, 4)), correction2 = splat(<f32>1 / load<f32>(state, 8));
  const beta1 = splat(real(block, 6)), beta2 = splat(real(block, 7));
  const rest1 = splat(real(block, 8)), rest2 = splat(real(block, 9));
  const eps = splat(real(block, 10)), decay = splat(real(block, 11));
  const end = min(integer(block, 5), (tile + 1) * TILE);
  for (let i = tile * TILE; i < end; i += 4) {
    const gradient = f32x4.mul(v128.load(at(g, i)), splat(clip));
    const m1 = madd(beta1, v128.load(at(m, i)), f32x4.mul(rest1, gradient));
    const v1 = madd(beta2, v128.load(at(v, i)), f32x4.mul(rest2, f32x4.mul(gradient, gradient)));
    v128.store(at(m, i), m1);
    v128.store(at(v, i), v1);
    const value = v128.load(at(p, i));
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(v1, correction2)), eps);
    const update = madd(decay, value, f32x4.div(f32x4.mul(m1, correction1), root));
    v128.store(at(p, i), f32x4.sub(value, f32x4.mul(rate, update)));
  }
}
