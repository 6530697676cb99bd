import type { EventEmitter } from "node:events";
import process from "node:process";
import Bzip2 from "@foxglove/wasm-bz2";
import { damaged, truncated } from "./input_errors.ts";
import type { UserError } from "./user_error.ts";

const BLOCK = 0x314159265359;
const FOOTER = 0x177245385090;
/** A block holds at most 900,000 bytes after its run-length stage and deflates to little more than that. */
const MAX_COMPRESSED_BLOCK = 1_300_000;
/** Five bytes of the run-length stage can stand for 259. */
const MAX_BLOCK_OUTPUT = 47_000_000;

/** Marks the byte pairs that lie wholly inside one of the two 48-bit marks, one byte after its first bit, at any bit shift. */
const insideMark = new Uint8Array(1 << 16);
for (const mark of [BLOCK, FOOTER]) {
  for (let shift = 0; shift < 8; shift++) {
    insideMark[Number((BigInt(mark) >> BigInt(24 + shift)) & 0xffffn)] = 1;
  }
}

/** The `count` <= 48 bits of `bytes` that start at bit `bit`; bits beyond the end count as zero. */
function bitsAt(bytes: Uint8Array, bit: number, count: number): number {
  let value = 0;
  for (let left = count, at = bit; left > 0;) {
    const take = Math.min(left, 8 - (at & 7));
    const byte = bytes[at >>> 3] ?? 0;
    value = value * 2 ** take + ((byte >>> (8 - (at & 7) - take)) & ((1 << take) - 1));
    at += take;
    left -= take;
  }
  return value;
}

/** The bit where the next block or footer mark at or after bit `from` starts; -1 when none lies wholly in `bytes`. */
function nextMark(bytes: Uint8Array, from: number): number {
  const last = bytes.length * 8 - 48;
  for (let byte = (from >>> 3) + 1; byte + 1 < bytes.length; byte++) {
    if (insideMark[((bytes[byte] ?? 0) << 8) | (bytes[byte + 1] ?? 0)] === 0) continue;
    for (let bit = Math.max(from, byte * 8 - 8); bit < byte * 8 && bit <= last; bit++) {
      const value = bitsAt(bytes, bit, 48);
      if (value === BLOCK || value === FOOTER) return bit;
    }
  }
  return -1;
}

/** Makes bits [from, to) of `bytes`, one block, a whole bzip2 stream of its own. */
function wrapBlock(bytes: Uint8Array, from: number, to: number, level: number): Uint8Array {
  const length = to - from;
  const wrapped = new Uint8Array(4 + ((length + 48 + 32 + 7) >>> 3));
  wrapped.set([0x42, 0x5a, 0x68, level]);
  const first = from >>> 3;
  const shift = from & 7;
  for (let i = 0; i < (length + 7) >>> 3; i++) {
    wrapped[4 + i] = (((bytes[first + i] ?? 0) << 8 | (bytes[first + i + 1] ?? 0)) >>> (8 - shift)) & 0xff;
  }
  const rest = length & 7;
  const end = 4 + (length >>> 3);
  if (rest > 0) wrapped[end] = (wrapped[end] ?? 0) & (0xff << (8 - rest));
  // The CRC of a stream with one block is that of the block, which follows the block's mark.
  let bit = (4 * 8) + length;
  for (const [value, count] of [[FOOTER, 48], [bitsAt(bytes, from + 48, 32), 32]] as const) {
    for (let i = count - 1; i >= 0; i--, bit++) {
      if (Math.floor(value / 2 ** i) % 2 === 1) {
        wrapped[bit >>> 3] = (wrapped[bit >>> 3] ?? 0) | (0x80 >>> (bit & 7));
      }
    }
  }
  return wrapped;
}

let instance: Promise<Bzip2> | undefined;

/** Starts the decoder, and takes back the handlers of errors that it sets up for the whole process. */
async function start(): Promise<Bzip2> {
  const events = ["uncaughtException", "unhandledRejection"];
  const host: EventEmitter = process;
  const before = events.map((event) => host.listeners(event));
  const decoder = await Bzip2.init();
  events.forEach((event, i) => {
    for (const listener of host.listeners(event)) {
      if (!before[i]?.includes(listener)) host.removeListener(event, listener as () => void);
    }
  });
  return decoder;
}

/**
 * Decodes concatenated bzip2 streams with the WebAssembly decoder, which only takes whole buffers: each block (found by its
 * 48-bit mark, at any bit) is handed over as a stream of its own, so that memory stays bounded by a block.
 */
export async function* decompressBlockwise(
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array, void, void> {
  const wasm = await (instance ??= start());
  const splitter = new BlockSplitter(name, (block) => {
    for (let size = 1 << 20;; size *= 8) {
      try {
        return wasm.decompress(block, Math.min(size, MAX_BLOCK_OUTPUT));
      } catch (error) {
        if (size >= MAX_BLOCK_OUTPUT || !String(error).includes("OUTBUFF_FULL")) return undefined;
      }
    }
  });
  for await (const chunk of source) {
    splitter.push(chunk);
    yield* splitter.blocks();
  }
  splitter.finish();
}

class BlockSplitter {
  #buffer: Uint8Array = new Uint8Array(0);
  /** Bytes of the source before the buffer. */
  #base = 0;
  /** The bit that the next read starts from. */
  #bit = 0;
  /** The bit up to which the search for the end of the block at `#bit` has come. */
  #searched = 0;
  /** The `1`…`9` of the stream's header; undefined between streams. */
  #level: number | undefined;
  #crc = 0;
  /** Whether a mark has been found after the present block, which then could not be decoded. */
  #suspect = false;

  constructor(readonly name: string, readonly decode: (block: Uint8Array) => Uint8Array | undefined) {}

  push(chunk: Uint8Array): void {
    const used = this.#bit >>> 3;
    const joined = new Uint8Array(this.#buffer.length - used + chunk.length);
    joined.set(this.#buffer.subarray(used));
    joined.set(chunk, this.#buffer.length - used);
    this.#buffer = joined;
    this.#base += used;
    this.#bit &= 7;
    this.#searched = Math.max(this.#searched - used * 8, 0);
  }

  *blocks(): Generator<Uint8Array> {
    for (;;) {
      if (this.#level === undefined) {
        if (!this.#header()) return;
      }
      if (this.#buffer.length * 8 - this.#bit < 80) return;
      const mark = bitsAt(this.#buffer, this.#bit, 48);
      if (mark === FOOTER) {
        this.#footer();
        continue;
      }
      if (mark !== BLOCK) throw this.#damaged("no block here");
      const block = this.#block();
      if (block === undefined) return;
      yield block;
    }
  }

  finish(): void {
    if (this.#suspect) throw this.#damaged("undecodable block");
    if (this.#level !== undefined || this.#buffer.length > this.#bit >>> 3 || this.#base + this.#bit === 0) {
      throw truncated(this.name, `byte ${this.#base + this.#buffer.length}`);
    }
  }

  #header(): boolean {
    const at = this.#bit >>> 3;
    if (this.#buffer.length - at < 4) return false;
    const [b, z, h, level = 0] = this.#buffer.subarray(at, at + 4);
    if (b !== 0x42 || z !== 0x5a || h !== 0x68 || level < 0x31 || level > 0x39) {
      throw this.#damaged("no bzip2 header");
    }
    this.#level = level;
    this.#crc = 0;
    this.#bit += 32;
    return true;
  }

  #footer(): void {
    if (bitsAt(this.#buffer, this.#bit + 48, 32) !== this.#crc) {
      throw this.#damaged("wrong checksum of a stream");
    }
    this.#level = undefined;
    this.#bit = Math.ceil((this.#bit + 80) / 8) * 8;
  }

  #block(): Uint8Array | undefined {
    for (let end = Math.max(this.#bit + 48, this.#searched);;) {
      end = nextMark(this.#buffer, end);
      if (end < 0) {
        this.#searched = Math.max(this.#bit + 48, this.#buffer.length * 8 - 56);
        if (this.#buffer.length - (this.#bit >>> 3) > MAX_COMPRESSED_BLOCK) {
          throw this.#damaged("a block without end");
        }
        return undefined;
      }
      const block = this.decode(wrapBlock(this.#buffer, this.#bit, end, this.#level ?? 0x39));
      if (block !== undefined) {
        const crc = bitsAt(this.#buffer, this.#bit + 48, 32);
        this.#crc = (((this.#crc << 1) | (this.#crc >>> 31)) ^ crc) >>> 0;
        this.#bit = end;
        this.#suspect = false;
        return block;
      }
      // Compressed bits may look like a mark by chance: then the block ends at a later one.
      this.#suspect = true;
      if (end - this.#bit > MAX_COMPRESSED_BLOCK * 8) throw this.#damaged("undecodable block");
      end++;
    }
  }

  #damaged(reason: string): UserError {
    return damaged(this.name, this.#base + (this.#bit >>> 3), reason);
  }
}
