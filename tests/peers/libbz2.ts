/** The system's libbz2 through FFI, for scripts that compare with it. */
import { crcAfterMark } from "../../corpus/bzip2_crc.ts";
import type { Bzip2Block } from "../../corpus/bzip2_block.ts";
import { bitsAt, FOOTER_MARK, MARK_BITS } from "../../corpus/bzip2_marks.ts";

const buffers = ["buffer", "buffer", "buffer", "u32", "i32", "i32"] as const;
const { BZ2_bzBuffToBuffCompress, BZ2_bzBuffToBuffDecompress } = Deno.dlopen(
  Deno.build.os === "darwin" ? "libbz2.1.0.dylib" : "libbz2.so.1.0",
  {
    BZ2_bzBuffToBuffCompress: { parameters: [...buffers, "i32"], result: "i32" },
    BZ2_bzBuffToBuffDecompress: { parameters: buffers, result: "i32" },
  },
).symbols;

const HEADER_BITS = 32;
const CRC_BITS = 32;
/** More than any block decodes to. */
const output = new Uint8Array(48_000_000);
const length = new Uint32Array(1);

/** `data` (not empty) as a bzip2 stream with blocks of `level` × 100,000 bytes. */
export function compressWithLibbz2(data: Uint8Array<ArrayBuffer>, level: number): Uint8Array<ArrayBuffer> {
  const stream = new Uint8Array(Math.ceil(data.length * 1.01) + 600);
  length[0] = stream.length;
  const code = BZ2_bzBuffToBuffCompress(stream, length, data, data.length, level, 0, 0);
  if (code !== 0) throw new Error(`libbz2 does not compress: ${code}`);
  return stream.slice(0, length[0]);
}

/** What libbz2 makes of a stream; undefined when it is damaged. The bytes are good until the next call. */
export function decompressWithLibbz2(stream: Uint8Array<ArrayBuffer>): Uint8Array | undefined {
  length[0] = output.length;
  const code = BZ2_bzBuffToBuffDecompress(output, length, stream, stream.length, 0, 0);
  return code === 0 ? output.subarray(0, length[0]) : undefined;
}

/** A block as a whole bzip2 stream of its own, which any decoder takes. */
export function frameBlock({ bytes, from, to }: Bzip2Block): Uint8Array<ArrayBuffer> {
  const bits = to - from;
  const framed = new Uint8Array(Math.ceil((HEADER_BITS + bits + MARK_BITS + CRC_BITS) / 8));
  framed.set([0x42, 0x5a, 0x68, 0x39]); // BZh9
  for (let i = 0; i < bits; i += 8) {
    const count = Math.min(8, bits - i);
    framed[(HEADER_BITS + i) / 8] = bitsAt(bytes, from + i, count) << (8 - count);
  }
  setBits(framed, HEADER_BITS + bits, FOOTER_MARK, MARK_BITS);
  setBits(framed, HEADER_BITS + bits + MARK_BITS, crcAfterMark(bytes, from), CRC_BITS);
  return framed;
}

/** Writes the low `count` bits of `value` from bit `bit` on. */
export function setBits(bytes: Uint8Array, bit: number, value: number, count: number): void {
  for (let i = count - 1, at = bit; i >= 0; i--, at++) {
    const mask = 0x80 >>> (at & 7);
    const byte = bytes[at >>> 3] ?? 0;
    bytes[at >>> 3] = Math.floor(value / 2 ** i) % 2 === 1 ? byte | mask : byte & ~mask;
  }
}
