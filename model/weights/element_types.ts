import type { StoredDType } from "./stored_tensor.ts";

/** Bytes of one element of each type. */
export const BYTES_PER_ELEMENT: Readonly<Record<StoredDType, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** The element types, for looking up names found in files. */
export const STORED_DTYPES: ReadonlySet<string> = new Set(Object.keys(BYTES_PER_ELEMENT));

/** Whether a name found in a file is an element type. */
export function isStoredDType(name: unknown): name is StoredDType {
  return typeof name === "string" && STORED_DTYPES.has(name);
}

/** Number of elements of a shape; 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Little-endian elements as f32: f16 and bf16 exactly, f64 and integers rounded. The array is a view of `bytes` where their type
 * is f32 and they are aligned, else a copy.
 */
export function decodeFloats(dtype: StoredDType, bytes: Uint8Array): Float32Array {
  const size = BYTES_PER_ELEMENT[dtype];
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const length = bytes.length / size;
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer, byteOffset, length);
    case "BF16":
      return widened(new Uint16Array(buffer, byteOffset, length), (half) => half << 16);
    case "F16":
      return widened(new Uint16Array(buffer, byteOffset, length), halfBits);
    case "F64":
      return new Float32Array(new Float64Array(buffer, byteOffset, length));
    case "BOOL":
      return Float32Array.from(bytes, (byte) => byte === 0 ? 0 : 1);
    case "U8":
      return new Float32Array(bytes);
    case "I8":
      return new Float32Array(new Int8Array(buffer, byteOffset, length));
    case "U16":
      return new Float32Array(new Uint16Array(buffer, byteOffset, length));
    case "I16":
      return new Float32Array(new Int16Array(buffer, byteOffset, length));
    case "U32":
      return new Float32Array(new Uint32Array(buffer, byteOffset, length));
    case "I32":
      return new Float32Array(new Int32Array(buffer, byteOffset, length));
    case "U64":
      return Float32Array.from(new BigUint64Array(buffer, byteOffset, length), Number);
    case "I64":
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, length), Number);
  }
}

/** The bits of the f32 of the same value as each half. */
function widened(halves: Uint16Array, bitsOf: (half: number) => number): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = bitsOf(halves[i] ?? 0);
  return floats;
}

function halfBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const magnitude = half & 0x7fff;
  if (magnitude >= 0x7c00) return sign | 0x7f800000 | ((magnitude & 0x3ff) << 13);
  if (magnitude >= 0x400) return sign | ((magnitude << 13) + 0x38000000);
  if (magnitude === 0) return sign;
  // A subnormal half is a normal f32: its leading one moves to bit 10.
  const shift = Math.clz32(magnitude) - 21;
  return sign | ((113 - shift) << 23) | (((magnitude << shift) & 0x3ff) << 13);
}

/** Floats rounded to the nearest f16 or bf16, ties to even; a view of the same memory for f32. */
export function encodeFloats(dtype: "F32" | "F16" | "BF16", floats: Float32Array): Uint8Array {
  if (dtype === "F32") return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
  if (dtype === "F16") return new Uint8Array(new Float16Array(floats).buffer);
  const halves = new Uint16Array(floats.length);
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < halves.length; i++) {
    const word = bits[i] ?? 0;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    halves[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return new Uint8Array(halves.buffer);
}

/** Whether a value found in a file is a size or an offset: 0 or a positive integer that a number holds exactly. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
