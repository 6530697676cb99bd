import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { UserError } from "@lukeforge/corpus";
import { decodeIndexEntry, INDEX_ENTRY_BYTES } from "./dataset_index.ts";
import type { DatasetMetadata } from "./dataset_metadata.ts";
import { decodeItem, recordBytes, type StoredItem } from "./dataset_record.ts";
import { damagedItem, readingShard } from "./damaged_item.ts";

/**
 * All items of a data set in order, read from front to back in large blocks: several times as fast as one by one.
 *
 * @throws {UserError} naming the file and the item that is damaged.
 */
export function* readItems(directory: string, metadata: DatasetMetadata): Generator<StoredItem, void, void> {
  let item = 0;
  for (const shard of metadata.shards) {
    const path = join(directory, shard.name);
    using index = new BlockReader(`${path}.idx`);
    using data = new BlockReader(`${path}.bin`);
    const damaged = (ending: "bin" | "idx", place: number, offset: number): UserError =>
      damagedItem(`${path}.${ending}`, { place, item, offset });
    for (let place = 0; place < shard.items; place++, item++) {
      const bytes = index.take(INDEX_ENTRY_BYTES);
      const entry = bytes && decodeIndexEntry(bytes, shard.bytes);
      if (entry === undefined || entry.offset !== data.position) {
        throw damaged("idx", place, INDEX_ENTRY_BYTES * place);
      }
      const { offset, words, entities, checksum } = entry;
      const record = data.take(recordBytes(words, entities));
      const stored = record === undefined || crc32(record) !== checksum
        ? undefined
        : decodeItem(new Int32Array(record.slice().buffer));
      if (stored === undefined) throw damaged("bin", place, offset);
      yield stored;
    }
  }
}

const BLOCK_BYTES = 1 << 20;

/** A file in pieces of any length, read a block at a time. */
class BlockReader implements Disposable {
  /** Bytes taken so far. */
  position = 0;
  readonly #path: string;
  readonly #handle: number;
  #block = new Uint8Array(BLOCK_BYTES);
  #start = 0;
  #end = 0;

  constructor(path: string) {
    this.#path = path;
    this.#handle = readingShard(path, () => openSync(path, "r"));
  }

  /** The next bytes, valid until the next call; undefined when the file ends before. */
  take(bytes: number): Uint8Array | undefined {
    if (this.#end - this.#start < bytes && !this.#fill(bytes)) return undefined;
    const piece = this.#block.subarray(this.#start, this.#start + bytes);
    this.#start += bytes;
    this.position += bytes;
    return piece;
  }

  #fill(bytes: number): boolean {
    const rest = this.#block.subarray(this.#start, this.#end);
    const block = bytes > this.#block.length ? new Uint8Array(bytes) : this.#block;
    block.set(rest);
    this.#block = block;
    this.#end = rest.length;
    this.#start = 0;
    while (this.#end < block.length) {
      const read = readingShard(
        this.#path,
        () => readSync(this.#handle, block, this.#end, block.length - this.#end, null),
      );
      if (read === 0) break;
      this.#end += read;
    }
    return this.#end >= bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#handle);
  }
}
