import { closeSync, openSync } from "node:fs";
import { readingShard } from "./damaged_item.ts";

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

  /** The shard at a path without `.bin` and `.idx`. @throws {UserError} when it cannot be opened. */
  get(path: string): OpenShard {
    const known = this.#open.get(path);
    const shard = known ?? openShard(path);
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

function openShard(path: string): OpenShard {
  const open = (file: string): number => readingShard(file, () => openSync(file, "r"));
  const data = open(`${path}.bin`);
  try {
    return { data, index: open(`${path}.idx`) };
  } catch (error) {
    closeSync(data);
    throw error;
  }
}
