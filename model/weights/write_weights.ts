import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Format } from "../ops/half/format.ts";
import { BYTES_PER_ELEMENT, elementCount } from "./element_types.ts";
import type { LazySafetensorsTensor } from "./safetensors.ts";
import { writeSafetensors } from "./safetensors_file.ts";
import { indexOfNonFinite } from "./non_finite.ts";
import type { StoredTensor } from "./stored_tensor.ts";
import { WeightsError } from "./weights_error.ts";

/** How weights are written. */
export interface WriteWeightsOptions {
  /** Element type of every tensor. Default f32. */
  readonly dtype?: Format;
  /** Bytes of tensors in one file, unless a single tensor is larger. Default 5 GB, as transformers. */
  readonly maxShardSize?: number;
  /** Called with the bytes written, and the bytes of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Element types by the names of formats. */
export const SAFETENSORS_TYPES = { f32: "F32", f16: "F16", bf16: "BF16" } as const;
const MAX_SHARD_SIZE = 5e9;
/** Elements in memory at once: 4 MiB of f32. */
const PIECE_ELEMENTS = 1 << 20;

/**
 * Writes tensors as safetensors with the metadata `format: pt` into a directory that exists: `model.safetensors`, or above
 * `maxShardSize` the shards `model-0000i-of-0000n.safetensors` with `model.safetensors.index.json`, divided as transformers does:
 * in order, a new file when the next tensor would not fit. Tensors are read in pieces of 4 MiB. Every file is flushed.
 *
 * @returns the names of the files.
 * @throws {WeightsError} when a value is not finite or does not fit f16, naming tensor and index.
 */
export function writeWeights(
  directory: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  { dtype = "f32", maxShardSize = MAX_SHARD_SIZE, onProgress }: WriteWeightsOptions = {},
): string[] {
  const sizeOf = ({ shape }: StoredTensor): number => elementCount(shape) * bytesPerElement(dtype);
  const shards = shardsOf(tensors, sizeOf, maxShardSize);
  const total = [...tensors.values()].reduce((sum, tensor) => sum + sizeOf(tensor), 0);
  const digits = (n: number): string => String(n).padStart(5, "0");
  const files: string[] = [];
  const places: [tensor: string, file: string][] = [];
  let done = 0;
  for (const [i, shard] of shards.entries()) {
    const name = shards.length === 1
      ? "model.safetensors"
      : `model-${digits(i + 1)}-of-${digits(shards.length)}.safetensors`;
    writeShard(join(directory, name), shard, dtype, (bytes) => onProgress?.(done += bytes, total));
    files.push(name);
    for (const tensor of shard.keys()) places.push([tensor, name]);
  }
  if (shards.length > 1) {
    const name = "model.safetensors.index.json";
    const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(places) };
    writeIndex(join(directory, name), index);
    files.push(name);
  }
  return files;
}

function shardsOf(
  tensors: ReadonlyMap<string, StoredTensor>,
  sizeOf: (tensor: StoredTensor) => number,
  maxShardSize: number,
): Map<string, StoredTensor>[] {
  let last = new Map<string, StoredTensor>();
  const shards = [last];
  let bytes = 0;
  for (const [name, tensor] of tensors) {
    if (last.size > 0 && bytes + sizeOf(tensor) > maxShardSize) {
      shards.push(last = new Map());
      bytes = 0;
    }
    last.set(name, tensor);
    bytes += sizeOf(tensor);
  }
  return shards;
}

function writeShard(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  dtype: Format,
  onBytes: (bytes: number) => void,
): void {
  const lazy = new Map<string, LazySafetensorsTensor>();
  for (const [name, tensor] of tensors) {
    lazy.set(name, {
      dtype: SAFETENSORS_TYPES[dtype],
      shape: tensor.shape,
      data: () => floatPieces(name, tensor, dtype, onBytes),
    });
  }
  writeSafetensors(path, lazy);
}

/**
 * A tensor's elements in pieces of 4 MiB, checked to fit `dtype`; after each piece `onBytes` hears how many bytes it takes there.
 *
 * @throws {WeightsError} when a value is not finite or does not fit f16, naming tensor and index.
 */
export function* floatPieces(
  name: string,
  tensor: StoredTensor,
  dtype: Format,
  onBytes: (bytes: number) => void,
): Generator<Float32Array> {
  const count = elementCount(tensor.shape);
  for (let begin = 0; begin < count; begin += PIECE_ELEMENTS) {
    const values = tensor.readFloats(begin, Math.min(begin + PIECE_ELEMENTS, count));
    const broken = indexOfNonFinite(values);
    if (broken >= 0) {
      throw new WeightsError(
        `tensor ${name}, element ${begin + broken}: ${
          values[broken]
        } is no number to write; take an earlier checkpoint`,
      );
    }
    const beyond = dtype === "f16" ? firstBeyondHalf(values) : -1;
    if (beyond >= 0) {
      throw new WeightsError(
        `tensor ${name}, element ${begin + beyond}: ${values[beyond]} does not fit f16; write f32 or bf16`,
      );
    }
    yield values;
    onBytes(values.length * bytesPerElement(dtype));
  }
}

/** The index of the first value that rounds to an infinite f16; −1 where there is none. */
function firstBeyondHalf(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(values[i] ?? 0) >= 65520) return i;
  }
  return -1;
}

function bytesPerElement(dtype: Format): number {
  return BYTES_PER_ELEMENT[SAFETENSORS_TYPES[dtype]];
}

function writeIndex(path: string, index: unknown): void {
  const partial = `${path}.partial`;
  writeFileSync(partial, JSON.stringify(index, null, 2) + "\n", { flush: true });
  renameSync(partial, path);
}
