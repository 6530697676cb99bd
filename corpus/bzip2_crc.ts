import { bitsAt, MARK_BITS } from "./bzip2_marks.ts";

const CRC_BITS = 32;

/** The checksum after the mark at bit `bit` of `bytes`: a block's, or after the mark of a footer a stream's. */
export function crcAfterMark(bytes: Uint8Array, bit: number): number {
  return bitsAt(bytes, bit + MARK_BITS, CRC_BITS);
}

/** The checksum of a stream after one more block. */
export function combineCrc(stream: number, block: number): number {
  return (((stream << 1) | (stream >>> 31)) ^ block) >>> 0;
}
