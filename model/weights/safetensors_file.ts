import { writeSync } from "node:fs";
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
import { elementCount } from "./element_types.ts";
import type { StoredTensor, StoredWeights } from "./stored_tensor.ts";
import { TensorView } from "./tensor_view.ts";
import { WeightsError } from "./weights_error.ts";
import type { StoredBytes } from "./stored_bytes.ts";
import { WeightsFile } from "./weights_file.ts";
import { writeAtomically } from "./write_atomically.ts";

/** One write moves at most this many bytes: system calls take no more than 2 GiB. */
const PIECE_BYTES = 1 << 28;

/** An open safetensors file: its header is read at once, tensors when they are asked for. */
export class SafetensorsFile implements StoredWeights {
  /** The file, named in errors. */
  readonly path: string;
  /** `safetensors`. */
  readonly format = "safetensors";
  /** The tensors by name, in the order of their data. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** The tensors by name, for reading in pieces. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The strings under `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly #file: StoredBytes & Disposable;
  readonly #dataStart: number;

  private constructor(file: StoredBytes & Disposable) {
    this.path = file.path;
    this.#file = file;
    const length = safetensorsHeaderLength(file.read(0, Math.min(8, file.size)), file.size);
    const header = parseSafetensorsHeader(file.read(8, length), file.size);
    this.entries = header.entries;
    this.metadata = header.metadata;
    this.#dataStart = header.dataStart;
    this.tensors = new Map([...header.entries].map(([name, { dtype, shape, begin }]) => {
      const storage = {
        source: file,
        position: header.dataStart + begin,
        dtype,
        length: elementCount(shape),
      };
      return [name, new TensorView(storage, shape)];
    }));
  }

  /** Opens a file. @throws {SafetensorsError} naming the file and the place when it is missing or not valid. */
  static open(path: string): SafetensorsFile {
    return SafetensorsFile.from(inFile(path, () => new WeightsFile(path)));
  }

  /** Opens what was opened before; it is closed when this is, or throws. @throws {SafetensorsError} when it is not valid. */
  static from(file: StoredBytes & Disposable): SafetensorsFile {
    try {
      return inFile(file.path, () => new SafetensorsFile(file));
    } catch (error) {
      file[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Reads a tensor: floats of any width as f32, integers as 32 or 64 bits.
   *
   * @throws {SafetensorsError} when the file does not have it.
   */
  read(name: string): SafetensorsTensor {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new SafetensorsError(`${this.path}: holds no tensor ${name}`);
    return inFile(this.path, () => {
      const bytes = this.#file.read(this.#dataStart + entry.begin, entry.end - entry.begin);
      return decodeSafetensorsData(entry, bytes);
    });
  }

  /** Reads a tensor of floats as f32. @throws {SafetensorsError} when the file does not have it or its elements are integers. */
  readFloat32(name: string): Float32Array {
    const { data } = this.read(name);
    if (data instanceof Float32Array) return data;
    throw new SafetensorsError(`${this.path}: tensor ${name} holds integers where float32 is expected`);
  }

  /** Closes the file. */
  close(): void {
    this.#file[Symbol.dispose]();
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
  writeAtomically(path, (handle) => {
    for (const piece of encodeSafetensors(tensors, metadata)) {
      for (let at = 0; at < piece.length;) at += writeSync(handle, piece.subarray(at, at + PIECE_BYTES));
    }
  });
}

/** Runs `work`; its errors become those of the file at `path`. */
function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new SafetensorsError(`${path}: ${error.message}`);
    if (!(error instanceof WeightsError)) throw error;
    const { message } = error;
    throw new SafetensorsError(message.startsWith(`${path}: `) ? message : `${path}: ${message}`);
  }
}
