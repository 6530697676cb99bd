import { bitsAt, FOOTER_MARK, MARK_BITS } from "./bzip2_marks.ts";

const HEADER_BYTES = 4;
const CRC_BITS = 32;

/** The checksum in the header of the block that starts at bit `bit` of `bytes`. */
export function blockCrc(bytes: Uint8Array, bit: number): number {
  return bitsAt(bytes, bit + MARK_BITS, CRC_BITS);
}

/** The checksum of a stream after one more block. */
export function combineCrc(stream: number, block: number): number {
  return (((stream << 1) | (stream >>> 31)) ^ block) >>> 0;
}

/**
 * Bits [from, to) of `bytes`, one block, as a whole bzip2 stream of its own, which any decoder takes. Its header allows the largest
 * blocks, whatever the level of the stream that the block comes from.
 */
export function frameBlock(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const length = to - from;
  const framed = new Uint8Array(HEADER_BYTES + Math.ceil((length + MARK_BITS + CRC_BITS) / 8));
  framed.set([0x42, 0x5a, 0x68, 0x39]); // BZh9
  const first = Math.floor(from / 8);
  const shift = from % 8;
  const whole = Math.ceil(length / 8);
  if (shift === 0) framed.set(bytes.subarray(first, first + whole), HEADER_BYTES);
  else {
    const left = 8 - shift;
    let previous = bytes[first] ?? 0;
    for (let i = 0; i < whole; i++) {
      const next = bytes[first + i + 1] ?? 0;
      framed[HEADER_BYTES + i] = (previous << shift) | (next >>> left);
      previous = next;
    }
  }
  const rest = length % 8;
  const end = HEADER_BYTES + Math.floor(length / 8);
  if (rest > 0) framed[end] = (framed[end] ?? 0) & (0xff << (8 - rest));
  // The checksum of a stream of one block is the block's.
  const bit = HEADER_BYTES * 8 + length;
  setBits(framed, bit, FOOTER_MARK, MARK_BITS);
  setBits(framed, bit + MARK_BITS, blockCrc(bytes, from), CRC_BITS);
  return framed;
}

/** Writes the low `count` bits of `value` from bit `bit` on into zeros. */
function setBits(bytes: Uint8Array, bit: number, value: number, count: number): void {
  for (let i = count - 1, at = bit; i >= 0; i--, at++) {
    if (Math.floor(value / 2 ** i) % 2 === 1) bytes[at >>> 3] = (bytes[at >>> 3] ?? 0) | (0x80 >>> (at & 7));
  }
}
