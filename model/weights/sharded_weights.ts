import { dirname, join } from "node:path";
import type { StoredTensor, StoredWeights } from "./stored_tensor.ts";
import { WeightsError } from "./weights_error.ts";
import { WeightsFile } from "./weights_file.ts";

/** Indexes longer than this are refused: they hold a line a tensor. */
const MAX_INDEX_BYTES = 100_000_000;

/**
 * Opens the shards that an index (`model.safetensors.index.json`, `pytorch_model.bin.index.json`) names. Every tensor comes from
 * the shard that the index gives it; those that a shard has beyond the index are there too, as in transformers.
 *
 * @param open opens one shard.
 * @throws {WeightsError} when the index is damaged, a shard is missing or lies outside the index's directory, or a shard lacks a
 * tensor that the index puts there.
 */
export function openShards(indexPath: string, open: (path: string) => StoredWeights): StoredWeights {
  const weightMap = readWeightMap(indexPath);
  const shards = new Map<string, StoredWeights>();
  const dispose = (): void => {
    for (const shard of shards.values()) shard[Symbol.dispose]();
  };
  try {
    for (const name of new Set(weightMap.values())) shards.set(name, open(join(dirname(indexPath), name)));
    const tensors = new Map<string, StoredTensor>();
    for (const [name, shard] of weightMap) {
      const tensor = shards.get(shard)?.tensors.get(name);
      if (tensor === undefined) {
        throw new WeightsError(
          `${indexPath}: puts tensor ${name} in ${shard}, which lacks it; fetch both again`,
        );
      }
      tensors.set(name, tensor);
    }
    for (const shard of shards.values()) {
      for (const [name, tensor] of shard.tensors) if (!tensors.has(name)) tensors.set(name, tensor);
    }
    const [first] = shards.values();
    const count = shards.size === 1 ? "1 shard" : `${shards.size} shards`;
    return {
      path: indexPath,
      format: `${first?.format ?? "nothing"} in ${count}`,
      tensors,
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The shard of every tensor. */
function readWeightMap(path: string): Map<string, string> {
  let index: unknown;
  {
    using file = new WeightsFile(path);
    if (file.size > MAX_INDEX_BYTES) {
      throw new WeightsError(`${path}: ${file.size} bytes are too many for an index`);
    }
    try {
      index = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(file.read(0, file.size)));
    } catch (error) {
      if (error instanceof WeightsError) throw error;
      throw new WeightsError(`${path}: is not JSON (${(error as Error).message})`);
    }
  }
  const weightMap = typeof index === "object" && index !== null && "weight_map" in index && index.weight_map;
  if (typeof weightMap !== "object" || weightMap === null) {
    throw new WeightsError(`${path}: has no weight_map from tensors to files`);
  }
  const entries = Object.entries(weightMap).map(([name, shard]): [string, string] => {
    if (typeof shard !== "string" || !/^[^/\\:\0]+$/.test(shard) || shard === "." || shard === "..") {
      throw new WeightsError(
        `${path}: puts tensor ${name} in ${JSON.stringify(shard)}, which is not a file in its directory`,
      );
    }
    return [name, shard];
  });
  if (entries.length === 0) throw new WeightsError(`${path}: its weight_map names no tensor`);
  return new Map(entries);
}
