import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";

/** Bytes that are read or written at a time. */
const BLOCK_BYTES = 1 << 20;

/** A file that is written from front to back; its SHA-256 is known at the end. */
export class HashedFile implements Disposable {
  readonly #hash: Hash = createHash("sha256");
  #handle: number | undefined;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  /** Creates the file, or empties one that is there. */
  constructor(path: string) {
    this.#handle = openSync(path, "w");
  }

  /** Appends bytes, which must not change before {@linkcode HashedFile.finish}. */
  write(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= BLOCK_BYTES) this.#flush();
  }

  /** Flushes everything to the disk and closes the file; returns the SHA-256, hexadecimal. */
  finish(): string {
    this.#flush();
    if (this.#handle !== undefined) fsyncSync(this.#handle);
    this[Symbol.dispose]();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    let bytes: Uint8Array = Buffer.concat(this.#pending);
    this.#hash.update(bytes);
    while (bytes.length > 0 && this.#handle !== undefined) {
      bytes = bytes.subarray(writeSync(this.#handle, bytes));
    }
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }
}

/** SHA-256 of a file, hexadecimal. @param progress takes the bytes read so far. */
export function sha256OfFile(path: string, progress?: (bytes: number) => void): string {
  const hash = createHash("sha256");
  const block = new Uint8Array(BLOCK_BYTES);
  const handle = openSync(path, "r");
  try {
    for (let done = 0;;) {
      const read = readSync(handle, block, 0, block.length, null);
      if (read === 0) return hash.digest("hex");
      hash.update(block.subarray(0, read));
      progress?.(done += read);
    }
  } finally {
    closeSync(handle);
  }
}
