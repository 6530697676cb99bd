import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import {
  decodeSafetensorsData,
  encodeSafetensors,
  type LazySafetensorsTensor,
  parseSafetensorsHeader,
  type SafetensorsEntry,
  SafetensorsError,
  safetensorsHeaderLength,
  type SafetensorsTensor,
} from "./safetensors.ts";

/** One read or write moves at most this many bytes: system calls take no more than 2 GiB. */
const PIECE_BYTES = 1 << 28;

/** An open safetensors file: its header is read at once, tensors when they are asked for. */
export class SafetensorsFile implements Disposable {
  /** The file, named in errors. */
  readonly path: string;
  /** The tensors by name, in the order of their data. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** The strings under `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly #handle: number;
  readonly #dataStart: number;

  private constructor(path: string, handle: number) {
    this.path = path;
    this.#handle = handle;
    const { size } = fstatSync(handle);
    const length = safetensorsHeaderLength(readBytes(handle, 0, Math.min(8, size)), size);
    const header = parseSafetensorsHeader(readBytes(handle, 8, length), size);
    this.entries = header.entries;
    this.metadata = header.metadata;
    this.#dataStart = header.dataStart;
  }

  /** Opens a file. @throws {SafetensorsError} naming the file and the place when it is missing or not valid. */
  static open(path: string): SafetensorsFile {
    let handle: number;
    try {
      handle = openSync(path, "r");
    } catch (error) {
      throw new SafetensorsError(
        `${path}: cannot be opened (${(error as NodeJS.ErrnoException).code ?? error})`,
      );
    }
    try {
      return new SafetensorsFile(path, handle);
    } catch (error) {
      closeSync(handle);
      throw inFile(path, error);
    }
  }

  /** Reads a tensor. @throws {SafetensorsError} when the file does not have it. */
  read(name: string): SafetensorsTensor {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new SafetensorsError(`${this.path}: holds no tensor ${name}`);
    try {
      const bytes = readBytes(this.#handle, this.#dataStart + entry.begin, entry.end - entry.begin);
      return decodeSafetensorsData(entry, bytes);
    } catch (error) {
      throw inFile(this.path, error);
    }
  }

  /** Reads a tensor of float32. @throws {SafetensorsError} when the file does not have it or its elements are integers. */
  readFloat32(name: string): Float32Array {
    const { data } = this.read(name);
    if (data instanceof Float32Array) return data;
    throw new SafetensorsError(`${this.path}: tensor ${name} holds integers where float32 is expected`);
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.#handle);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Reads every tensor of a file. @throws {SafetensorsError} naming the file and the place when it is missing or not valid. */
export function readSafetensors(path: string): Map<string, SafetensorsTensor> {
  using file = SafetensorsFile.open(path);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const name of file.entries.keys()) tensors.set(name, file.read(name));
  return tensors;
}

/**
 * Writes a file through `path.partial`: flushed, then renamed, so that a kill leaves the previous file or the new one. Tensors
 * go to the disk one after the other.
 *
 * @param metadata strings under `__metadata__`, `{format: "pt"}` when not given.
 * @throws {SafetensorsError} when a tensor's data do not fit its shape.
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, SafetensorsTensor | LazySafetensorsTensor>,
  metadata?: Readonly<Record<string, string>>,
): void {
  const partial = `${path}.partial`;
  const handle = openSync(partial, "w");
  try {
    for (const piece of encodeSafetensors(tensors, metadata)) {
      for (let at = 0; at < piece.length;) at += writeSync(handle, piece.subarray(at, at + PIECE_BYTES));
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(partial, path);
  syncDirectoryOf(path);
}

function syncDirectoryOf(path: string): void {
  let handle: number;
  try {
    handle = openSync(dirname(path), "r");
  } catch {
    return; // a directory cannot be opened for this on Windows
  }
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function readBytes(handle: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = readSync(handle, bytes, at, Math.min(PIECE_BYTES, length - at), position + at);
    if (read === 0) throw new SafetensorsError(`truncated: nothing to read at byte ${position + at}`);
    at += read;
  }
  return bytes;
}

function inFile(path: string, error: unknown): unknown {
  return error instanceof SafetensorsError ? new SafetensorsError(`${path}: ${error.message}`) : error;
}
