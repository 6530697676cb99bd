/**
 * The index of the first value that is NaN or infinite; −1 where all are finite. A loop: a callback for each of hundreds of millions
 * of weights takes ten times as long.
 */
export function indexOfNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value - value !== 0) return i;
  }
  return -1;
}
