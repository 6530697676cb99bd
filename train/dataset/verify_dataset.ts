import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import type { Dataset } from "./dataset.ts";
import { COPY_AGAIN } from "./dataset_metadata.ts";
import type { ShardEntry } from "./dataset_shard.ts";
import { sha256OfFile } from "./hashed_file.ts";

/** What {@linkcode verifyDataset} found. */
export interface DatasetProblems {
  /** A line about each, at most a hundred. */
  readonly lines: readonly string[];
  /** How many there are. */
  readonly count: number;
}

const MOST_LINES = 100;

/**
 * Compares all files of a data set with their SHA-256; where a shard's does not agree, each of its items with its checksum, to
 * name those that are damaged.
 *
 * @param progress takes the bytes of shards read, and their number.
 */
export function verifyDataset(
  dataset: Dataset,
  progress?: (done: number, total: number) => void,
): DatasetProblems {
  const { directory, metadata } = dataset;
  const total = metadata.shards.reduce((sum, { bytes }) => sum + bytes, 0);
  const lines: string[] = [];
  let count = 0;
  const add = (line: string): void => {
    if (++count <= MOST_LINES) lines.push(line);
  };
  try {
    dataset.checkFiles();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    add(error.message);
  }
  let first = 0, done = 0;
  for (const shard of metadata.shards) {
    for (const path of changedFiles(directory, shard, (bytes) => progress?.(done + bytes, total))) {
      const before = count;
      for (let item = first; item < first + shard.items; item++) {
        try {
          dataset.item(item);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          if (error.message.startsWith(path)) add(error.message);
        }
      }
      if (count === before) add(`${path}: its SHA-256 is not that of metadata.json; ${COPY_AGAIN}`);
    }
    first += shard.items;
    done += shard.bytes;
  }
  return { lines, count };
}

/** The files of a shard whose SHA-256 is not what `metadata.json` says. */
function changedFiles(directory: string, shard: ShardEntry, progress: (bytes: number) => void): string[] {
  const path = join(directory, shard.name);
  const changed: string[] = [];
  if (sha256(`${path}.bin`, progress) !== shard.sha256) changed.push(`${path}.bin`);
  if (sha256(`${path}.idx`) !== shard.index_sha256) changed.push(`${path}.idx`);
  return changed;
}

function sha256(path: string, progress?: (bytes: number) => void): string | undefined {
  return existsSync(path) ? sha256OfFile(path, progress) : undefined;
}
