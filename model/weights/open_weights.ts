import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { openShards } from "./sharded_weights.ts";
import { SafetensorsFile } from "./safetensors_file.ts";
import type { StoredWeights } from "./stored_tensor.ts";
import { WeightsError } from "./weights_error.ts";

/** What a directory is searched for, the first that exists wins: transformers' order. */
const FILES = [
  "model.safetensors",
  "model.safetensors.index.json",
];

/**
 * Opens weights for reading: a file of any known format, told by its content, or the directory that holds one. Of a
 * directory, the first of `model.safetensors`, its index of shards, … is taken, as by transformers. Headers are read at once, tensors when they are asked for.
 *
 * @throws {WeightsError} naming the file and the place when there are no weights, or they are damaged or of an unknown format.
 */
export function openWeights(path: string): StoredWeights {
  const file = isDirectory(path) ? fileIn(path) : path;
  const weights = openFile(file);
  const { format, tensors } = weights;
  return { path, format, tensors, [Symbol.dispose]: () => weights[Symbol.dispose]() };
}

function openFile(path: string): StoredWeights {
  if (path.endsWith(".index.json")) return openShards(path, openFile);
  return SafetensorsFile.open(path);
}

function fileIn(directory: string): string {
  const name = FILES.find((name) => existsSync(join(directory, name)));
  if (name === undefined) {
    throw new WeightsError(`${directory}: holds no weights; looked for ${FILES.join(", ")}`);
  }
  return join(directory, name);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
