import { closeSync, fstatSync, openSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import { readingShard } from "./damaged_item.ts";
import { INDEX_ENTRY_BYTES } from "./dataset_index.ts";
import type { ShardEntry } from "./dataset_shard.ts";

/** The two files of an open shard. */
export interface OpenShard {
  /** File handle of the `.bin` file. */
  readonly data: number;
  /** File handle of the `.idx` file. */
  readonly index: number;
}

/** Keeps the shards that were read last open, so that a data set of any size takes a bounded number of file handles. */
export class OpenShards {
  readonly #most: number;
  /** By path without ending, the one used last at the end. */
  readonly #open = new Map<string, OpenShard>();

  /** Keeps nothing open yet. @param most shards kept open: twice as many files. Default 256. */
  constructor(most = 256) {
    this.#most = most;
  }

  /**
   * The shard at a path without `.bin` and `.idx`.
   *
   * @param entry what the data set's metadata say of it.
   * @throws {UserError} when it cannot be opened or has another size, as when the data set was built anew meanwhile.
   */
  get(path: string, entry: Pick<ShardEntry, "bytes" | "items">): OpenShard {
    const known = this.#open.get(path);
    const shard = known ?? openShard(path, entry);
    this.#open.delete(path);
    this.#open.set(path, shard);
    if (this.#open.size > this.#most) {
      for (const oldest of this.#open.keys()) {
        this.close(oldest);
        break;
      }
    }
    return shard;
  }

  /** Closes a shard if it is open. */
  close(path: string): void {
    const shard = this.#open.get(path);
    if (shard === undefined) return;
    this.#open.delete(path);
    closeSync(shard.data);
    closeSync(shard.index);
  }
}

function openShard(path: string, { bytes, items }: Pick<ShardEntry, "bytes" | "items">): OpenShard {
  const data = openFile(`${path}.bin`, bytes);
  try {
    return { data, index: openFile(`${path}.idx`, INDEX_ENTRY_BYTES * items) };
  } catch (error) {
    closeSync(data);
    throw error;
  }
}

function openFile(path: string, bytes: number): number {
  const handle = readingShard(path, () => openSync(path, "r"));
  const { size } = fstatSync(handle);
  if (size === bytes) return handle;
  closeSync(handle);
  throw new UserError(
    `${path}: changed since the data set was opened (${size} bytes, ${bytes} then); start the run again`,
  );
}
