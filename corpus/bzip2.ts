import { type Bzip2Output, decodeBzip2Block } from "./bzip2_block.ts";
import { combineCrc, crcAfterMark } from "./bzip2_crc.ts";
import { Bzip2Decoders } from "./bzip2_decoders.ts";
import { bitsAt, MARK_BITS } from "./bzip2_marks.ts";
import { type Bzip2Piece, bzip2Pieces, joinPieces } from "./bzip2_pieces.ts";
import { damaged, truncated } from "./input_errors.ts";
import type { UserError } from "./user_error.ts";

/** Options of {@link decompressBzip2}. */
export interface Bzip2Options {
  /** The name that error messages give to the source; `bzip2 data` by default. */
  name?: string;
  /** Blocks to decode at once, each on a thread of its own; the number of processors by default. With 1 the calling thread decodes. */
  workers?: number;
}

/**
 * Decompresses bzip2 data, one stream or many concatenated ones (`multistream` dumps). Blocks are found by their marks, at any bit,
 * and decoded independently on several threads, those of a single stream too; they come out in order, one at a time, with the
 * checksums of blocks and streams verified. At most `2 × workers + 2` blocks are held, whatever the size of the source, and of those
 * that come to more than 4 MB (repeated bytes: up to 47 MB) one.
 *
 * @throws {TruncatedInputError} after all blocks that are whole, when the data end inside a stream.
 * @throws {UserError} where the data are damaged, after the blocks before; the message names the byte where the damaged block begins.
 */
export async function* decompressBzip2(
  source: AsyncIterable<Uint8Array>,
  options: Bzip2Options = {},
): AsyncGenerator<Uint8Array, void, void> {
  const { name = "bzip2 data", workers = navigator.hardwareConcurrency } = options;
  const decoders = new Bzip2Decoders(workers);
  const pieces = bzip2Pieces(source);
  try {
    yield* new StreamReader(pieces, decoders, name).blocks();
  } finally {
    await pieces.return();
    decoders.close();
  }
}

/** A piece, and what its block is decoded to. */
interface Task {
  readonly piece: Bzip2Piece;
  readonly output: Promise<Bzip2Output>;
}

/** A block deflates to little more than its 900,000 bytes. */
const MAX_COMPRESSED_BLOCK = 1_300_000;
/** What is given out at once at most. */
const OUTPUT_BYTES = 1 << 20;
const HEADER_BITS = 32;
const FOOTER_BITS = MARK_BITS + 32;

/** Puts decoded blocks in order and checks what stands around them. */
class StreamReader {
  readonly #pieces: AsyncGenerator<Bzip2Piece, void, void>;
  readonly #decoders: Bzip2Decoders;
  readonly #name: string;
  readonly #tasks: Task[] = [];
  #ended = false;
  #crc = 0;

  constructor(pieces: AsyncGenerator<Bzip2Piece, void, void>, decoders: Bzip2Decoders, name: string) {
    this.#pieces = pieces;
    this.#decoders = decoders;
    this.#name = name;
  }

  async *blocks(): AsyncGenerator<Uint8Array, void, void> {
    for (let task = await this.#next(); task !== undefined; task = await this.#next()) {
      const { piece } = task;
      if (piece.kind === "start") this.#header(piece, piece.from);
      else if (piece.kind === "footer") this.#footer(piece);
      else {
        const output = await this.#block(task);
        for (let at = 0; at < output.length; at += OUTPUT_BYTES) yield output.subarray(at, at + OUTPUT_BYTES);
      }
    }
  }

  /** The next piece; reads ahead so that all decoders have work. */
  async #next(): Promise<Task | undefined> {
    await this.#fill(2 * this.#decoders.count + 2);
    return this.#tasks.shift();
  }

  /** Reads pieces until `count` wait. */
  async #fill(count: number): Promise<void> {
    while (!this.#ended && this.#tasks.length < count) {
      const { done, value: piece } = await this.#pieces.next();
      if (done) this.#ended = true;
      else this.#tasks.push({ piece, output: this.#decode(piece) });
    }
  }

  #decode(piece: Bzip2Piece): Promise<Bzip2Output> {
    const { kind, from, to, isLast } = piece;
    const bits = to - from;
    if (kind !== "block" || isLast || bits < FOOTER_BITS || bits > MAX_COMPRESSED_BLOCK * 8) {
      return Promise.resolve(undefined);
    }
    const output = this.#decoders.decode(piece);
    output.catch(() => {}); // reported when the block's turn comes
    return output;
  }

  async #block(task: Task): Promise<Uint8Array> {
    let { piece } = task;
    let output = await task.output;
    while (output === undefined) {
      if (piece.isLast) {
        if (piece.bytes.length > MAX_COMPRESSED_BLOCK) {
          throw this.#damaged(piece, piece.from, "a block without end");
        }
        const footer = await this.#footerWithoutMark(piece);
        if (footer !== undefined) throw this.#damaged(piece, footer, "no footer after the last block");
        throw this.#truncated(piece);
      }
      // Compressed bits may look like a mark by chance: then the block ends at a later one.
      await this.#fill(1);
      const next = this.#tasks.shift();
      if (next === undefined || next.piece.isLast || await this.#isSound(next)) {
        throw this.#damaged(piece, piece.from, "undecodable block");
      }
      piece = joinPieces(piece, next.piece);
      if (piece.bytes.length > MAX_COMPRESSED_BLOCK) {
        throw this.#damaged(piece, piece.from, "undecodable block");
      }
      output = await this.#decode(piece);
    }
    if (output === "long") output = decodeBzip2Block(piece); // one at a time: it may be 47 MB
    if (output === undefined) throw this.#damaged(piece, piece.from, "undecodable block");
    this.#crc = combineCrc(this.#crc, crcAfterMark(piece.bytes, piece.from));
    return output;
  }

  /** The bit at which the last block is whole, where a footer that has lost its mark, and padding, are all that follows. */
  async #footerWithoutMark(piece: Bzip2Piece): Promise<number | undefined> {
    for (let padding = 0; padding < 8; padding++) {
      const to = piece.to - FOOTER_BITS - padding;
      if (to > piece.from && await this.#decoders.decode({ ...piece, to }) !== undefined) return to;
    }
    return undefined;
  }

  /** Whether what follows a piece that does not decode begins at a true mark, so that the damage is in the piece. */
  async #isSound({ piece, output }: Task): Promise<boolean> {
    if (piece.kind === "block") return await output !== undefined;
    const end = Math.ceil((piece.from + FOOTER_BITS) / 8) * 8;
    return piece.to - end === HEADER_BITS && bitsAt(piece.bytes, end, 24) === 0x425a68;
  }

  #footer(piece: Bzip2Piece): void {
    const { bytes, from, to } = piece;
    if (to - from < FOOTER_BITS) {
      throw piece.isLast ? this.#truncated(piece) : this.#damaged(piece, from, "two marks in one place");
    }
    if (crcAfterMark(bytes, from) !== this.#crc) {
      throw this.#damaged(piece, from, "wrong checksum of a stream");
    }
    this.#crc = 0;
    const end = Math.ceil((from + FOOTER_BITS) / 8) * 8;
    if (!piece.isLast || end < to) this.#header(piece, end);
  }

  /** Checks that a stream begins at bit `from` of `piece` and the piece ends with its header. */
  #header(piece: Bzip2Piece, from: number): void {
    const { bytes, to, isLast } = piece;
    const header = bytes.subarray(from / 8, from / 8 + 4);
    const expected = [0x42, 0x5a, 0x68];
    const isHeader = header.every((byte, i) => i < 3 ? byte === expected[i] : byte >= 0x31 && byte <= 0x39);
    if (!isHeader) throw this.#damaged(piece, from, "no bzip2 header");
    if (isLast && to - from < HEADER_BITS + FOOTER_BITS) throw this.#truncated(piece);
    if (to - from !== HEADER_BITS) throw this.#damaged(piece, from + HEADER_BITS, "no block here");
  }

  #truncated({ offset, bytes }: Bzip2Piece): UserError {
    return truncated(this.#name, `byte ${offset + bytes.length}`);
  }

  #damaged({ offset }: Bzip2Piece, bit: number, reason: string): UserError {
    return damaged(this.#name, offset + Math.floor(bit / 8), reason);
  }
}
