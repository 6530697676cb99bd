import type { Hash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  writeSync,
} from "node:fs";
import { commitRename } from "@lukeforge/corpus";

/** What has been received of a file, hashed as it grows; a later download goes on where it ends. */
export class PartialFile {
  readonly #path: string;
  readonly #handle: number;
  readonly #newHash: () => Hash;
  #hash: Hash;
  #isOpen = true;
  /** Bytes received. */
  size = 0;

  private constructor(path: string, newHash: () => Hash) {
    this.#path = path;
    this.#handle = openSync(path, "a");
    this.#newHash = newHash;
    this.#hash = newHash();
  }

  /** Opens the file at `path`, or makes it; one that is longer than `most` bytes is begun again. */
  static async open(path: string, most: number, newHash: () => Hash): Promise<PartialFile> {
    const file = new PartialFile(path, newHash);
    const size = fstatSync(file.#handle).size;
    if (size > most) file.restart();
    else if (size > 0) {
      for await (const chunk of createReadStream(path, { end: size - 1 })) file.#hash.update(chunk);
      file.size = size;
    }
    return file;
  }

  /** Writes what has come. */
  append(chunk: Uint8Array): void {
    for (let rest = chunk; rest.length > 0;) {
      const written = writeSync(this.#handle, rest);
      this.#hash.update(rest.subarray(0, written));
      this.size += written;
      rest = rest.subarray(written);
    }
  }

  /** Drops what is there. */
  restart(): void {
    ftruncateSync(this.#handle, 0);
    this.#hash = this.#newHash();
    this.size = 0;
  }

  /** The hash of all, in hexadecimal; nothing may be appended after it. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  /** Flushes the file, closes it and renames it to `path`. */
  finish(path: string): void {
    fsyncSync(this.#handle);
    this.close();
    commitRename(this.#path, path);
  }

  /** Closes the file; what is there stays. */
  close(): void {
    if (this.#isOpen) closeSync(this.#handle);
    this.#isOpen = false;
  }
}

/** Whether `error` says that a disk, or what a user may have of it, is full. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
