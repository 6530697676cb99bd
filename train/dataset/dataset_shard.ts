import { join } from "node:path";
import { crc32 } from "node:zlib";
import { encodeIndexEntry } from "./dataset_index.ts";
import { encodeItem } from "./dataset_record.ts";
import { HashedFile } from "./hashed_file.ts";
import type { DatasetItem } from "../building/page_items.ts";

/*
 * A shard is two files, all numbers little-endian.
 * NAME.bin: records, one an item (dataset_record.ts).
 * NAME.idx: entries of 24 bytes, one an item (dataset_index.ts).
 */

/** A shard as `metadata.json` lists it. */
export interface ShardEntry {
  /** File name without `.bin` and `.idx`. */
  readonly name: string;
  /** Number of records. */
  readonly items: number;
  /** Their words, without `[CLS]` and `[SEP]`. */
  readonly words: number;
  /** Their entities. */
  readonly entities: number;
  /** Size of the `.bin` file. */
  readonly bytes: number;
  /** SHA-256 of the `.bin` file, hexadecimal. */
  readonly sha256: string;
  /** SHA-256 of the `.idx` file, hexadecimal. */
  readonly index_sha256: string;
}

/** Sums and maxima over items, by the names that `metadata.json` has for them. */
export interface DatasetTotals {
  /** Items. */
  number_of_items: number;
  /** Words of all items, without `[CLS]` and `[SEP]`. */
  total_words: number;
  /** Entities of all items. */
  total_entities: number;
  /** Words of the longest item, without `[CLS]` and `[SEP]`. */
  longest_item: number;
  /** Entities of the item that has most. */
  most_entities: number;
  /** Words of the longest mention. */
  longest_mention: number;
}

/** Totals of no items. */
function emptyDatasetTotals(): DatasetTotals {
  return {
    number_of_items: 0,
    total_words: 0,
    total_entities: 0,
    longest_item: 0,
    most_entities: 0,
    longest_mention: 0,
  };
}

/** Adds an item to totals. */
function addToTotals(totals: DatasetTotals, { wordIds, entities }: DatasetItem): void {
  totals.number_of_items++;
  totals.total_words += wordIds.length;
  totals.total_entities += entities.length;
  totals.longest_item = Math.max(totals.longest_item, wordIds.length);
  totals.most_entities = Math.max(totals.most_entities, entities.length);
  for (const { length } of entities) totals.longest_mention = Math.max(totals.longest_mention, length);
}

/** Writes items to shards of about equal size in a directory. */
export class ShardWriter implements Disposable {
  /** The shards finished so far. */
  readonly shards: ShardEntry[] = [];
  /** Of everything written. */
  readonly totals: DatasetTotals = emptyDatasetTotals();
  readonly #directory: string;
  readonly #shardBytes: number;
  #open: UnfinishedShard | undefined;

  /** Writes into `directory`. @param shardBytes a shard is closed once its `.bin` file has this size or more. */
  constructor(directory: string, shardBytes: number) {
    this.#directory = directory;
    this.#shardBytes = shardBytes;
  }

  /** Appends an item. */
  write(item: DatasetItem): void {
    const name = `shard-${String(this.shards.length).padStart(5, "0")}`;
    this.#open ??= new UnfinishedShard(this.#directory, name);
    this.#open.write(item);
    addToTotals(this.totals, item);
    if (this.#open.bytes >= this.#shardBytes) this.finish();
  }

  /** Flushes the current shard to the disk. */
  finish(): void {
    if (this.#open !== undefined) this.shards.push(this.#open.finish());
    this.#open = undefined;
  }

  /** Closes the current shard's files; what was not finished is not usable. */
  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
  }
}

class UnfinishedShard implements Disposable {
  bytes = 0;
  readonly #name: string;
  readonly #data: HashedFile;
  readonly #index: HashedFile;
  #items = 0;
  #words = 0;
  #entities = 0;

  constructor(directory: string, name: string) {
    this.#name = name;
    this.#data = new HashedFile(join(directory, `${name}.bin`));
    this.#index = new HashedFile(join(directory, `${name}.idx`));
  }

  write(item: DatasetItem): void {
    const words = item.wordIds.length, entities = item.entities.length;
    const record = new Uint8Array(encodeItem(item).buffer);
    this.#data.write(record);
    this.#index.write(encodeIndexEntry({ offset: this.bytes, words, entities, checksum: crc32(record) }));
    this.bytes += record.length;
    this.#items++;
    this.#words += words;
    this.#entities += entities;
  }

  finish(): ShardEntry {
    const sha256 = this.#data.finish();
    const index_sha256 = this.#index.finish();
    return {
      name: this.#name,
      items: this.#items,
      words: this.#words,
      entities: this.#entities,
      bytes: this.bytes,
      sha256,
      index_sha256,
    };
  }

  [Symbol.dispose](): void {
    this.#data[Symbol.dispose]();
    this.#index[Symbol.dispose]();
  }
}
