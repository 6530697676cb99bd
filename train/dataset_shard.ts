import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { DatasetItem, ItemEntity } from "./page_items.ts";

/*
 * A shard is two files, all numbers little-endian.
 * NAME.bin: records, one an item: page id (i32), words n (u32), entities m (u32), n word ids (u32), m times entity id (i32), start
 * (u32), length (u32).
 * NAME.idx: u64 offsets, one more than items: record i occupies the bytes from offset i to offset i + 1.
 */

/** A shard as `metadata.json` lists it. */
export interface ShardEntry {
  /** File name without `.bin` and `.idx`. */
  readonly name: string;
  /** Number of records. */
  readonly items: number;
  /** Size of the `.bin` file. */
  readonly bytes: number;
  /** SHA-256 of the `.bin` file, hexadecimal. */
  readonly sha256: string;
  /** SHA-256 of the `.idx` file, hexadecimal. */
  readonly index_sha256: string;
}

const HEADER_WORDS = 3;
const ENTITY_WORDS = 3;

/** The record of an item. */
export function encodeItem(item: DatasetItem): Int32Array {
  const words = item.wordIds.length;
  const record = new Int32Array(HEADER_WORDS + words + ENTITY_WORDS * item.entities.length);
  record[0] = item.pageId;
  record[1] = words;
  record[2] = item.entities.length;
  record.set(item.wordIds, HEADER_WORDS);
  item.entities.forEach(({ id, start, length }, i) => {
    record.set([id, start, length], HEADER_WORDS + words + ENTITY_WORDS * i);
  });
  return record;
}

/** The item of a record, or `undefined` when its counts disagree with its length. */
export function decodeItem(
  record: Int32Array,
): { pageId: number; wordIds: Int32Array; entities: ItemEntity[] } | undefined {
  const [pageId, words, entityCount] = record;
  if (pageId === undefined || words === undefined || entityCount === undefined) return undefined;
  const end = HEADER_WORDS + words;
  if (words < 0 || entityCount < 0 || end + ENTITY_WORDS * entityCount !== record.length) return undefined;
  const entities: ItemEntity[] = [];
  for (let at = end; at < record.length; at += ENTITY_WORDS) {
    entities.push({ id: record[at] ?? 0, start: record[at + 1] ?? 0, length: record[at + 2] ?? 0 });
  }
  return { pageId, wordIds: record.subarray(HEADER_WORDS, end), entities };
}

/** Writes items to shards of about equal size in a directory. */
export class ShardWriter implements Disposable {
  /** The shards finished so far. */
  readonly shards: ShardEntry[] = [];
  readonly #directory: string;
  readonly #shardBytes: number;
  #open: OpenShard | undefined;

  /** Writes into `directory`. @param shardBytes a shard is closed once its `.bin` file has this size or more. */
  constructor(directory: string, shardBytes: number) {
    this.#directory = directory;
    this.#shardBytes = shardBytes;
  }

  /** Appends an item. */
  write(item: DatasetItem): void {
    const name = `shard-${String(this.shards.length).padStart(5, "0")}`;
    this.#open ??= new OpenShard(this.#directory, name);
    this.#open.write(encodeItem(item));
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

/** Records are gathered to writes of this many bytes. */
const WRITE_BYTES = 1 << 20;

class OpenShard implements Disposable {
  bytes = 0;
  readonly #name: string;
  readonly #data: HashedFile;
  readonly #index: HashedFile;
  #items = 0;

  constructor(directory: string, name: string) {
    this.#name = name;
    this.#data = new HashedFile(join(directory, `${name}.bin`));
    this.#index = new HashedFile(join(directory, `${name}.idx`));
    this.#writeOffset();
  }

  write(record: Int32Array): void {
    this.#data.write(new Uint8Array(record.buffer, record.byteOffset, record.byteLength));
    this.bytes += record.byteLength;
    this.#items++;
    this.#writeOffset();
  }

  #writeOffset(): void {
    const offset = new Uint8Array(8);
    new DataView(offset.buffer).setBigUint64(0, BigInt(this.bytes), true);
    this.#index.write(offset);
  }

  finish(): ShardEntry {
    const sha256 = this.#data.finish();
    const index_sha256 = this.#index.finish();
    return { name: this.#name, items: this.#items, bytes: this.bytes, sha256, index_sha256 };
  }

  [Symbol.dispose](): void {
    this.#data[Symbol.dispose]();
    this.#index[Symbol.dispose]();
  }
}

class HashedFile implements Disposable {
  readonly #hash: Hash = createHash("sha256");
  #handle: number | undefined;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(path: string) {
    this.#handle = openSync(path, "w");
  }

  write(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= WRITE_BYTES) this.#flush();
  }

  finish(): string {
    this.#flush();
    if (this.#handle !== undefined) fsyncSync(this.#handle);
    this[Symbol.dispose]();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    let bytes: Uint8Array = Buffer.concat(this.#pending);
    this.#hash.update(bytes);
    while (bytes.length > 0 && this.#handle !== undefined) {
      bytes = bytes.subarray(writeSync(this.#handle, bytes));
    }
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  [Symbol.dispose](): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }
}
