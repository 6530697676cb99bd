import { writeSync } from "node:fs";
import { crc32 } from "node:zlib";

/** What ends a ZIP64 field is read from the extra field. */
const FULL32 = 0xffffffff;
const FULL16 = 0xffff;
/** 1 January 1980, the first day that zip knows: the same bytes every time. */
const DATE = 0x21;
const UTF8_FLAG = 0x0800;
/** PyTorch's mark of the bytes that move an entry's data to a multiple of the alignment. */
const PADDING_ID = 0x4246;

/** Bounds of the zip format, above which a file needs ZIP64; smaller ones are for tests. */
export interface ZipLimits {
  /** Largest size or offset of 32 bits. */
  readonly bytes: number;
  /** Largest number of entries of 16 bits. */
  readonly entries: number;
}

/** Writes a zip file of entries that are not compressed, one after the other, to an open file. ZIP64 where it must be. */
export class ZipWriter {
  readonly #handle: number;
  readonly #limits: ZipLimits;
  readonly #directory: Uint8Array[] = [];
  #position = 0;

  /** Starts a zip file at the beginning of an open, empty file. */
  constructor(handle: number, limits: ZipLimits = { bytes: FULL32 - 1, entries: FULL16 - 1 }) {
    this.#handle = handle;
    this.#limits = limits;
  }

  /**
   * Writes an entry.
   *
   * @param size its bytes, all pieces together.
   * @param alignment its data begin at a multiple of this.
   * @throws {RangeError} when the pieces are not of that size.
   */
  add(name: string, size: number, pieces: Iterable<Uint8Array>, alignment: number): void {
    const header = this.#position;
    const nameBytes = new TextEncoder().encode(name);
    const is64 = size > this.#limits.bytes;
    const sizes = is64 ? extraField(1, [size, size]) : new Uint8Array(0);
    const unpadded = header + 30 + nameBytes.length + sizes.length + 4;
    const padding = new Uint8Array(4 + (alignment - unpadded % alignment) % alignment).fill(0x5a);
    new DataView(padding.buffer).setUint16(0, PADDING_ID, true);
    new DataView(padding.buffer).setUint16(2, padding.length - 4, true);
    const fields = { size: is64 ? FULL32 : size, version: is64 ? 45 : 20 };
    this.#write(localHeader(fields, nameBytes, sizes.length + padding.length), nameBytes, sizes, padding);
    let [written, sum] = [0, 0];
    for (const piece of pieces) {
      sum = crc32(piece, sum);
      written += piece.length;
      this.#write(piece);
    }
    if (written !== size) throw new RangeError(`entry ${name}: ${written} bytes, ${size} were announced`);
    const sumBytes = new DataView(new ArrayBuffer(4));
    sumBytes.setUint32(0, sum, true);
    writeSync(this.#handle, new Uint8Array(sumBytes.buffer), 0, 4, header + 14);
    this.#list(nameBytes, size, sum, header);
  }

  /** Writes the directory, with which the file ends. */
  finish(): void {
    const begin = this.#position;
    this.#write(...this.#directory);
    const size = this.#position - begin;
    const count = this.#directory.length;
    const { bytes, entries } = this.#limits;
    const is64 = begin > bytes || size > bytes || count > entries;
    if (is64) {
      const record = new DataView(new ArrayBuffer(56 + 20));
      record.setUint32(0, 0x06064b50, true);
      record.setBigUint64(4, 44n, true);
      record.setUint16(12, 45, true);
      record.setUint16(14, 45, true);
      for (const [at, value] of [[24, count], [32, count], [40, size], [48, begin]] as const) {
        record.setBigUint64(at, BigInt(value), true);
      }
      record.setUint32(56, 0x07064b50, true);
      record.setBigUint64(64, BigInt(begin + size), true);
      record.setUint32(72, 1, true);
      this.#write(new Uint8Array(record.buffer));
    }
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, is64 ? FULL16 : count, true);
    end.setUint16(10, is64 ? FULL16 : count, true);
    end.setUint32(12, is64 ? FULL32 : size, true);
    end.setUint32(16, is64 ? FULL32 : begin, true);
    this.#write(new Uint8Array(end.buffer));
  }

  #list(name: Uint8Array, size: number, sum: number, header: number): void {
    const { bytes } = this.#limits;
    const wide = [...(size > bytes ? [size, size] : []), ...(header > bytes ? [header] : [])];
    const extra = wide.length > 0 ? extraField(1, wide) : new Uint8Array(0);
    const entry = new Uint8Array(46 + name.length + extra.length);
    const view = new DataView(entry.buffer);
    view.setUint32(0, 0x02014b50, true);
    view.setUint16(4, 45, true);
    view.setUint16(6, wide.length > 0 ? 45 : 20, true);
    view.setUint16(8, UTF8_FLAG, true);
    view.setUint16(14, DATE, true);
    view.setUint32(16, sum, true);
    view.setUint32(20, size > bytes ? FULL32 : size, true);
    view.setUint32(24, size > bytes ? FULL32 : size, true);
    view.setUint16(28, name.length, true);
    view.setUint16(30, extra.length, true);
    view.setUint32(42, header > bytes ? FULL32 : header, true);
    entry.set(name, 46);
    entry.set(extra, 46 + name.length);
    this.#directory.push(entry);
  }

  #write(...parts: Uint8Array[]): void {
    for (const part of parts) {
      for (let at = 0; at < part.length;) {
        // One write moves at most 2 GiB.
        const length = Math.min(part.length - at, 1 << 28);
        at += writeSync(this.#handle, part, at, length, this.#position + at);
      }
      this.#position += part.length;
    }
  }
}

function localHeader(
  { size, version }: { size: number; version: number },
  name: Uint8Array,
  extraBytes: number,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(30));
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(4, version, true);
  view.setUint16(6, UTF8_FLAG, true);
  view.setUint16(12, DATE, true);
  view.setUint32(18, size, true);
  view.setUint32(22, size, true);
  view.setUint16(26, name.length, true);
  view.setUint16(28, extraBytes, true);
  return new Uint8Array(view.buffer);
}

/** An extra field of 64-bit numbers. */
function extraField(id: number, values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 + 8 * values.length));
  view.setUint16(0, id, true);
  view.setUint16(2, 8 * values.length, true);
  values.forEach((value, i) => view.setBigUint64(4 + 8 * i, BigInt(value), true));
  return new Uint8Array(view.buffer);
}
