import type { StoredBytes } from "./stored_bytes.ts";
import { WeightsError } from "./weights_error.ts";

/** How much of the file is fetched at a time. */
const PIECE_BYTES = 1 << 16;
/** A pickle holds no elements of tensors; that of a network of 10,000 tensors has some 3 MB. */
const MAX_PICKLE_BYTES = 1 << 26;
/** Longest name of a module or class. */
const MAX_LINE_BYTES = 1 << 10;

/** Reads a pickle's bytes one after the other. */
export class PickleBytes {
  readonly #source: StoredBytes;
  readonly #begin: number;
  #piece = new Uint8Array(0);
  /** Where `#piece` begins in the source, and the next byte in it. */
  #pieceBegin: number;
  #at = 0;

  /** Starts at byte `begin` of a source. */
  constructor(source: StoredBytes, begin: number) {
    this.#source = source;
    this.#begin = begin;
    this.#pieceBegin = begin;
  }

  /** The next byte's place in the source. */
  get position(): number {
    return this.#pieceBegin + this.#at;
  }

  /** An error at the current place. */
  error(message: string): WeightsError {
    return new WeightsError(`${this.#source.path}: byte ${this.position} of its pickle: ${message}`);
  }

  /** The next `length` bytes: a view that stays valid. @throws {WeightsError} when there are not so many. */
  take(length: number): Uint8Array {
    if (this.#at + length > this.#piece.length) {
      const { position } = this;
      if (!(position + length <= this.#source.size)) {
        throw this.error(`truncated: ${length} bytes are wanted, ${this.#source.size - position} are left`);
      }
      if (position + length - this.#begin > MAX_PICKLE_BYTES) {
        throw this.error(`${length} bytes more are too many for a pickle of weights`);
      }
      const fetched = Math.min(Math.max(length, PIECE_BYTES), this.#source.size - position);
      this.#piece = this.#source.read(position, fetched);
      this.#pieceBegin = position;
      this.#at = 0;
    }
    this.#at += length;
    return this.#piece.subarray(this.#at - length, this.#at);
  }

  /** The next byte. */
  byte(): number {
    if (this.#at >= this.#piece.length) return this.take(1)[0] ?? 0;
    return this.#piece[this.#at++] ?? 0;
  }

  /** A little-endian count of 1, 2, 4 or 8 bytes. @throws {WeightsError} when it does not fit what is left. */
  count(bytes: 1 | 2 | 4 | 8): number {
    const view = this.#view(bytes);
    if (bytes === 1) return view.getUint8(0);
    if (bytes === 2) return view.getUint16(0, true);
    if (bytes === 4) return view.getUint32(0, true);
    const count = view.getBigUint64(0, true);
    if (count > BigInt(this.#source.size)) throw this.error(`a length of ${count} bytes`);
    return Number(count);
  }

  /** A little-endian signed 32-bit integer. */
  int32(): number {
    return this.#view(4).getInt32(0, true);
  }

  /** A big-endian double. */
  float64(): number {
    return this.#view(8).getFloat64(0, false);
  }

  /** `length` bytes of UTF-8. */
  text(length: number): string {
    const bytes = this.take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.error(`${length} bytes are not UTF-8`);
    }
  }

  /** `length` bytes as Python 2 wrote strings: UTF-8, else Latin-1. */
  oldText(length: number): string {
    const bytes = this.take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      let text = "";
      for (const byte of bytes) text += String.fromCharCode(byte);
      return text;
    }
  }

  /** The text up to the next line feed. */
  line(): string {
    let line = "";
    for (let byte = this.byte(); byte !== 0x0a; byte = this.byte()) {
      line += String.fromCharCode(byte);
      if (line.length > MAX_LINE_BYTES) throw this.error(`a line of more than ${MAX_LINE_BYTES} bytes`);
    }
    return line;
  }

  #view(length: number): DataView {
    const { buffer, byteOffset } = this.take(length);
    return new DataView(buffer, byteOffset, length);
  }
}
