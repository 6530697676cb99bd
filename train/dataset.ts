import { closeSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { type DatasetMetadata, readDatasetMetadata } from "./dataset_metadata.ts";
import { decodeItem, type ShardEntry } from "./dataset_shard.ts";
import type { ItemEntity } from "./page_items.ts";

/** An item read from a dataset directory. */
export interface StoredItem {
  /** Entity id of the page's own title, −1 when the vocabulary lacks it. */
  readonly pageId: number;
  /** Word ids without `[CLS]` and `[SEP]`. */
  readonly wordIds: Int32Array;
  /** Its entities in the order of their mentions. */
  readonly entities: ItemEntity[];
}

/** Shard files kept open at most. */
const OPEN_FILES = 64;

/** Read-only access to a dataset directory: any item in two reads, nothing else held in memory. */
export class Dataset implements Disposable {
  /** The directory. */
  readonly directory: string;
  /** What `metadata.json` says. */
  readonly metadata: DatasetMetadata;
  /** Index of each shard's first item, and the number of all items at the end. */
  readonly #firsts: readonly number[];
  /** The open files of shards, the one used last at the end. */
  readonly #files = new Map<number, { readonly data: number; readonly index: number }>();

  private constructor(directory: string, metadata: DatasetMetadata) {
    this.directory = directory;
    this.metadata = metadata;
    const firsts = [0];
    for (const shard of metadata.shards) firsts.push((firsts.at(-1) ?? 0) + shard.items);
    this.#firsts = firsts;
  }

  /**
   * Opens a dataset directory and checks that its files are there and have the recorded sizes.
   *
   * @throws {UserError} naming the file that is missing, cut off or no data set.
   */
  static open(directory: string): Dataset {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new UserError(
        `${directory}: no such data set directory; make one with build-wikipedia-pretraining-dataset`,
      );
    }
    const metadata = readDatasetMetadata(directory);
    for (const shard of metadata.shards) {
      checkSize(join(directory, `${shard.name}.bin`), shard.bytes);
      checkSize(join(directory, `${shard.name}.idx`), 8 * (shard.items + 1));
    }
    const dataset = new Dataset(directory, metadata);
    if (dataset.size !== metadata.number_of_items) {
      throw new UserError(
        `${
          join(directory, "metadata.json")
        }: ${metadata.number_of_items} items, but its shards hold ${dataset.size}; build the data set again`,
      );
    }
    return dataset;
  }

  /** Number of items. */
  get size(): number {
    return this.#firsts.at(-1) ?? 0;
  }

  /**
   * Item `index`.
   *
   * @throws {RangeError} when there is no such item.
   * @throws {UserError} when the shard's bytes make no sense.
   */
  item(index: number): StoredItem {
    if (!Number.isInteger(index) || index < 0 || index >= this.size) {
      throw new RangeError(`item ${index} is not in 0…${this.size - 1}`);
    }
    const number = this.#shardOf(index);
    const shard = this.metadata.shards[number];
    if (shard === undefined) throw new RangeError(`no shard ${number}`);
    const files = this.#filesOf(number, shard);
    const place = index - (this.#firsts[number] ?? 0);
    const offsets = new DataView(new ArrayBuffer(16));
    readFully(files.index, new Uint8Array(offsets.buffer), 8 * place);
    const start = Number(offsets.getBigUint64(0, true));
    const end = Number(offsets.getBigUint64(8, true));
    if (start <= end && end <= shard.bytes && (end - start) % 4 === 0) {
      const record = new Int32Array((end - start) / 4);
      readFully(files.data, new Uint8Array(record.buffer), start);
      const item = decodeItem(record);
      if (item !== undefined) return item;
    }
    throw new UserError(
      `${join(this.directory, shard.name)}.bin, item ${place}: damaged; build the data set again`,
    );
  }

  /** Closes the files. Reading on opens them again. */
  close(): void {
    for (const { data, index } of this.#files.values()) {
      closeSync(data);
      closeSync(index);
    }
    this.#files.clear();
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.close();
  }

  #shardOf(index: number): number {
    let low = 0, high = this.#firsts.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#firsts[middle] ?? 0) <= index) low = middle;
      else high = middle;
    }
    return low;
  }

  #filesOf(number: number, shard: ShardEntry): { readonly data: number; readonly index: number } {
    const known = this.#files.get(number);
    const files = known ?? this.#open(shard);
    this.#files.delete(number);
    this.#files.set(number, files);
    if (this.#files.size > OPEN_FILES) {
      for (const [oldest, { data, index }] of this.#files) {
        closeSync(data);
        closeSync(index);
        this.#files.delete(oldest);
        break;
      }
    }
    return files;
  }

  #open(shard: ShardEntry): { readonly data: number; readonly index: number } {
    const base = join(this.directory, shard.name);
    const data = openSync(`${base}.bin`, "r");
    try {
      return { data, index: openSync(`${base}.idx`, "r") };
    } catch (error) {
      closeSync(data);
      throw error;
    }
  }
}

function checkSize(path: string, bytes: number): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    throw new UserError(
      `${path}: no such file, but metadata.json lists it; copy it from where the data set came from`,
    );
  }
  if (size !== bytes) {
    throw new UserError(
      `${path}: ${size} bytes, ${bytes} expected; copy it again from where the data set came from`,
    );
  }
}

function readFully(handle: number, into: Uint8Array, position: number): void {
  let done = 0;
  while (done < into.length) {
    const read = readSync(handle, into, done, into.length - done, position + done);
    if (read === 0) throw new UserError(`a shard became shorter while it was read; build the data set again`);
    done += read;
  }
}
