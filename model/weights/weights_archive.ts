import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { Gunzip } from "fflate";
import { partOf, type StoredBytes } from "./stored_bytes.ts";
import { isTarHeader, readTarDirectory } from "./tar_directory.ts";
import { WeightsError } from "./weights_error.ts";
import { WeightsFile } from "./weights_file.ts";

const PIECE_BYTES = 1 << 20;
/** Weights shrink by a tenth; what grows by more than this is refused. */
const MAX_EXPANSION = 100;
/** Longest file that is read as text: `metadata.json`, an entity vocabulary of millions. */
const MAX_TEXT_BYTES = 1 << 29;
/** The first bytes of what is not read here, and what to do with it. */
const UNREADABLE: readonly (readonly [magic: string, what: string, remedy: string])[] = [
  ["BZh", "a bzip2 archive", "unpack it with tar -xjf and name the directory"],
  ["\xfd7zXZ\0", "an xz archive", "unpack it with tar -xJf and name the directory"],
];

/**
 * An archive of a model, as LUKE's `create-model-archive` writes it: a tar, whole or gzipped, of `pytorch_model.bin`, `metadata.json`
 * and the entity vocabulary. A tar is read in place; a gzipped one is unpacked, piece by piece, to a file in the system's temporary
 * directory, which is removed with the object.
 */
export class WeightsArchive implements Disposable {
  /** The archive. */
  readonly path: string;
  /** The files in it by name; directories in front of their names are left away where names stay different. */
  readonly files: ReadonlyMap<string, StoredBytes>;
  readonly #tar: WeightsFile;
  readonly #unpacked: string | undefined;

  /** Opens an archive. @throws {WeightsError} when it is not one, is damaged, or is compressed by what is not known here. */
  constructor(path: string) {
    this.path = path;
    const kind = archiveKind(path);
    if (kind === undefined) throw new WeightsError(`${path}: is not a tar archive`);
    this.#unpacked = kind === "gzip" ? gunzip(path) : undefined;
    try {
      this.#tar = new WeightsFile(this.#unpacked ?? path);
    } catch (error) {
      this.#removeUnpacked();
      throw error;
    }
    try {
      const tar: StoredBytes = {
        path,
        size: this.#tar.size,
        read: (at, length) => this.#tar.read(at, length),
      };
      const entries = [...readTarDirectory(tar)];
      const isShort = new Set(entries.map(([name]) => basename(name))).size === entries.length;
      this.files = new Map(entries.map(([name, { position, size }]) => {
        const shown = isShort ? basename(name) : name;
        return [shown, partOf(tar, `${path}: ${shown}`, position, size)];
      }));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** A file of the archive as text; undefined when there is none. @throws {WeightsError} when it is too long for that. */
  text(name: string): string | undefined {
    const file = this.files.get(name);
    if (file === undefined) return undefined;
    if (file.size > MAX_TEXT_BYTES) {
      throw new WeightsError(`${file.path}: ${file.size} bytes are too many for a text`);
    }
    return new TextDecoder().decode(file.read(0, file.size));
  }

  /** Closes the archive and removes what was unpacked. */
  [Symbol.dispose](): void {
    this.#tar[Symbol.dispose]();
    this.#removeUnpacked();
  }

  #removeUnpacked(): void {
    if (this.#unpacked !== undefined) rmSync(join(this.#unpacked, ".."), { recursive: true, force: true });
  }
}

/**
 * Whether a file is an archive that {@linkcode WeightsArchive} opens.
 *
 * @throws {WeightsError} when it cannot be read, or is an archive of a kind that has to be unpacked first.
 */
export function isArchive(path: string): boolean {
  return archiveKind(path) !== undefined;
}

function archiveKind(path: string): "tar" | "gzip" | undefined {
  using file = new WeightsFile(path);
  const head = file.read(0, Math.min(512, file.size));
  const text = String.fromCharCode(...head.subarray(0, 9));
  // The length of a safetensors header may begin with any bytes.
  if (text.endsWith("\0\0\0\0{")) return undefined;
  for (const [magic, what, remedy] of UNREADABLE) {
    if (text.startsWith(magic)) throw new WeightsError(`${path}: ${what}: ${remedy}`);
  }
  if (text.startsWith("\x1f\x8b")) return "gzip";
  return isTarHeader(head) ? "tar" : undefined;
}

/** Unpacks a gzip file to one in a directory of its own, whose path it returns. */
function gunzip(path: string): string {
  const directory = mkdtempSync(join(tmpdir(), "lukeforge-archive-"));
  const target = join(directory, "archive.tar");
  try {
    using packed = new WeightsFile(path);
    const handle = openSync(target, "w");
    try {
      expand(packed, (piece) => writeAll(handle, piece));
    } finally {
      closeSync(handle);
    }
    return target;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function expand(packed: StoredBytes, write: (piece: Uint8Array) => void): void {
  let [size, sum, isDone] = [0, 0, false];
  const gunzip = new Gunzip((piece, isLast) => {
    size += piece.length;
    if (size > MAX_EXPANSION * (packed.size + PIECE_BYTES)) {
      throw new WeightsError(
        `${packed.path}: unpacks to more than ${MAX_EXPANSION} times its size; this is no model`,
      );
    }
    sum = crc32(piece, sum);
    write(piece);
    isDone ||= isLast;
  });
  for (let at = 0; at < packed.size; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, packed.size - at);
    try {
      gunzip.push(packed.read(at, length), at + length === packed.size);
    } catch (error) {
      if (error instanceof WeightsError || error instanceof Error && "syscall" in error) throw error;
      throw new WeightsError(
        `${packed.path}: damaged gzip file (${error instanceof Error ? error.message : error})`,
      );
    }
  }
  const end = new DataView(packed.read(Math.max(packed.size - 8, 0), Math.min(8, packed.size)).buffer);
  if (
    !isDone || end.byteLength < 8 || end.getUint32(0, true) !== sum ||
    end.getUint32(4, true) !== size % 2 ** 32
  ) {
    throw new WeightsError(
      `${packed.path}: damaged gzip file: what it holds does not have the sum at its end`,
    );
  }
}

function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
}
