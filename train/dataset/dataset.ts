import { existsSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { UserError } from "@lukeforge/corpus";
import { damagedItem, readingShard } from "./damaged_item.ts";
import { decodeIndexEntry, INDEX_ENTRY_BYTES, type IndexEntry, type ItemLengths } from "./dataset_index.ts";
import { readItems } from "./dataset_items.ts";
import { COPY_AGAIN, type DatasetMetadata, readDatasetMetadata } from "./dataset_metadata.ts";
import { decodeItem, recordBytes, type StoredItem } from "./dataset_record.ts";
import type { ShardEntry } from "./dataset_shard.ts";
import { sha256OfFile } from "./hashed_file.ts";
import { type OpenShard, OpenShards } from "./open_shards.ts";

/** Where an item is. */
interface ItemPlace {
  /** Number in the whole data set. */
  readonly item: number;
  readonly shard: ShardEntry;
  /** Of the shard, without ending. */
  readonly path: string;
  /** Number within the shard. */
  readonly place: number;
  readonly files: OpenShard;
}

/**
 * Read-only access to a dataset directory: any item in two reads, nothing else held in memory. What is read is compared with its
 * checksum. Each thread opens the directory for itself.
 */
export class Dataset implements Disposable {
  /** The directory. */
  readonly directory: string;
  /** What `metadata.json` says. */
  readonly metadata: DatasetMetadata;
  /** Index of each shard's first item, and the number of all items at the end. */
  readonly #firsts: readonly number[];
  /** Paths of the shards, without endings. */
  readonly #paths: readonly string[];
  readonly #openShards: OpenShards;
  readonly #entry = new Uint8Array(INDEX_ENTRY_BYTES);

  private constructor(directory: string, metadata: DatasetMetadata, openShards: OpenShards) {
    this.directory = directory;
    this.metadata = metadata;
    this.#paths = metadata.shards.map(({ name }) => join(directory, name));
    this.#openShards = openShards;
    const firsts = [0];
    for (const shard of metadata.shards) firsts.push((firsts.at(-1) ?? 0) + shard.items);
    this.#firsts = firsts;
  }

  /**
   * Opens a dataset directory and checks that its files are there and have the recorded sizes.
   *
   * @param openShards where open files are kept, which several data sets may share.
   * @throws {UserError} naming the file that is missing, cut off or no data set.
   */
  static open(directory: string, openShards: OpenShards = new OpenShards()): Dataset {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new UserError(
        `${directory}: no such data set directory; make one with build-wikipedia-pretraining-dataset`,
      );
    }
    const metadata = readDatasetMetadata(directory);
    for (const shard of metadata.shards) {
      checkSize(join(directory, `${shard.name}.bin`), shard.bytes);
      checkSize(join(directory, `${shard.name}.idx`), INDEX_ENTRY_BYTES * shard.items);
    }
    return new Dataset(directory, metadata, openShards);
  }

  /** Number of items. */
  get size(): number {
    return this.#firsts.at(-1) ?? 0;
  }

  /**
   * Item `index`.
   *
   * @throws {RangeError} when there is no such item.
   * @throws {UserError} naming the file and the item when it is damaged.
   */
  item(index: number): StoredItem {
    const at = this.#placeOf(index);
    const { offset, words, entities, checksum } = this.#readEntry(at);
    const record = new Int32Array(recordBytes(words, entities) / 4);
    const bytes = new Uint8Array(record.buffer);
    const whole = readingShard(`${at.path}.bin`, () => readFully(at.files.data, bytes, offset));
    const item = whole && crc32(bytes) === checksum ? decodeItem(record) : undefined;
    if (item !== undefined) return item;
    throw damagedItem(`${at.path}.bin`, { ...at, offset });
  }

  /**
   * How long item `index` is, from the index alone.
   *
   * @throws {RangeError} when there is no such item.
   * @throws {UserError} naming the file and the item when the index is damaged.
   */
  lengths(index: number): ItemLengths {
    const { words, entities } = this.#readEntry(this.#placeOf(index));
    return { words, entities };
  }

  #readEntry(at: ItemPlace): IndexEntry {
    const offset = INDEX_ENTRY_BYTES * at.place;
    const whole = readingShard(`${at.path}.idx`, () => readFully(at.files.index, this.#entry, offset));
    const entry = whole ? decodeIndexEntry(this.#entry, at.shard.bytes) : undefined;
    if (entry === undefined) throw damagedItem(`${at.path}.idx`, { ...at, offset });
    return entry;
  }

  /**
   * All items in order, read in large blocks: several times as fast as one by one.
   *
   * @throws {UserError} naming the file and the item that is damaged.
   */
  items(): Generator<StoredItem, void, void> {
    return readItems(this.directory, this.metadata);
  }

  /**
   * Compares the tokenizer's files and the entity vocabulary beside the shards with what `metadata.json` records. It reads them
   * whole, so it is not part of {@linkcode Dataset.open}.
   *
   * @throws {UserError} naming the file that is missing or another one.
   */
  checkFiles(): void {
    for (const [name, sha256] of Object.entries(this.metadata.files)) {
      const path = join(this.directory, name);
      if (!existsSync(path)) throw missing(path);
      if (sha256OfFile(path) === sha256) continue;
      throw new UserError(
        `${path}: is not the file that the data set was built with; put that one back, or build the data set again`,
      );
    }
  }

  /** Closes the files. Reading on opens them again. */
  close(): void {
    for (const path of this.#paths) this.#openShards.close(path);
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.close();
  }

  #placeOf(item: number): ItemPlace {
    if (!Number.isInteger(item) || item < 0 || item >= this.size) {
      throw new RangeError(`item ${item} is not in 0…${this.size - 1}`);
    }
    let low = 0, high = this.#firsts.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#firsts[middle] ?? 0) <= item) low = middle;
      else high = middle;
    }
    const shard = this.metadata.shards[low], path = this.#paths[low];
    if (shard === undefined || path === undefined) throw new RangeError(`no shard ${low}`);
    const files = this.#openShards.get(path, shard);
    return { item, shard, path, place: item - (this.#firsts[low] ?? 0), files };
  }
}

function checkSize(path: string, bytes: number): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw missing(path);
  if (size !== bytes) {
    throw new UserError(
      `${path}: ${size} bytes, ${bytes} expected; ${COPY_AGAIN}`,
    );
  }
}

function missing(path: string): UserError {
  return new UserError(
    `${path}: no such file, but metadata.json lists it; copy it from where the data set came from`,
  );
}

/** Fills `into`; false when the file ends before. */
function readFully(handle: number, into: Uint8Array, position: number): boolean {
  let done = 0;
  while (done < into.length) {
    const read = readSync(handle, into, done, into.length - done, position + done);
    if (read === 0) return false;
    done += read;
  }
  return true;
}
