import type { Numbers } from "../../kernel.ts";

/**
 * How the elements of a matrix lie in memory: `f32` one a word; `f16` (IEEE half) and `bf16` (the upper half of an f32) two a
 * u32 word, the element of even index in the lower half. WGSL reads the words with `unpack2x16float` or a shift, so that no
 * feature of the adapter is needed.
 */
export type Format = "f32" | "f16" | "bf16";

/** The formats; a kernel's size that holds a format is an index in this list. */
export const FORMATS: readonly Format[] = ["f32", "f16", "bf16"];

/** A reader of single elements of a tensor in the given format: the oracle's. */
export function elementReader(array: Numbers, format: Format): (index: number) => number {
  if (format === "f32") return (index) => array[index] ?? NaN;
  if (format === "f16") {
    const halves = new Float16Array(array.buffer, array.byteOffset, array.byteLength / 2);
    return (index) => halves[index] ?? NaN;
  }
  const halves = new Uint16Array(array.buffer, array.byteOffset, array.byteLength / 2);
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  return (index) => {
    bits[0] = (halves[index] ?? 0) << 16;
    return value[0] ?? NaN;
  };
}
