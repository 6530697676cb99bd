/** A xoshiro128** generator seeded by splitmix32: the source of initial weights, the same on every platform. */
export function uniformGenerator(seed: number): () => number {
  let mixed = seed >>> 0;
  const next32 = (): number => {
    mixed = mixed + 0x9e3779b9 >>> 0;
    let h = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    return (h ^ (h >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [next32(), next32(), next32(), next32()];
  return () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return (result + 0.5) / 2 ** 32;
  };
}

/** `length` numbers from N(0, deviation²) by the Box–Muller transform. */
export function normalArray(length: number, deviation: number, seed: number): Float32Array {
  const uniform = uniformGenerator(seed);
  const values = new Float32Array(length);
  for (let i = 0; i < length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < length) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}
