import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { checkRange, type StoredBytes } from "./stored_bytes.ts";
import { WeightsError } from "./weights_error.ts";

/** One read moves at most this many bytes: system calls take no more than 2 GiB. */
const PIECE_BYTES = 1 << 28;

/** A file of weights, open for reading at any place. */
export class WeightsFile implements StoredBytes, Disposable {
  /** The file, named in errors. */
  readonly path: string;
  /** Bytes in it when it was opened. */
  readonly size: number;
  #handle: number | undefined;

  /** Opens a file. @throws {WeightsError} when it is missing, a directory, or not readable. */
  constructor(path: string) {
    this.path = path;
    // Asked before, as opening a pipe waits for who writes to it.
    if (!(statSync(path, { throwIfNoEntry: false })?.isFile() ?? true)) {
      throw new WeightsError(`${path}: is not a file`);
    }
    const handle = openFile(path);
    this.size = fstatSync(handle).size;
    this.#handle = handle;
  }

  /** `length` bytes from `position` on, in memory of their own. @throws {WeightsError} when the file ends before or was closed. */
  read(position: number, length: number): Uint8Array<ArrayBuffer> {
    if (this.#handle === undefined) throw new WeightsError(`${this.path}: was closed and is read from again`);
    checkRange(this.path, this.size, position, length);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const read = readSync(this.#handle, bytes, at, Math.min(PIECE_BYTES, length - at), position + at);
      if (read === 0) {
        throw new WeightsError(`${this.path}: truncated: nothing to read at byte ${position + at}`);
      }
      at += read;
    }
    return bytes;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw new WeightsError(`${path}: cannot be opened (${(error as NodeJS.ErrnoException).code ?? error})`);
  }
}
