import { crc32 } from "node:zlib";
import { recordBytes } from "./dataset_record.ts";

/** Bytes of an entry of a shard's index. */
export const INDEX_ENTRY_BYTES = 24;

/** How long an item is. */
export interface ItemLengths {
  /** Its words, without `[CLS]` and `[SEP]`. */
  readonly words: number;
  /** Its entities. */
  readonly entities: number;
}

/** What a shard's index tells of an item. */
export interface IndexEntry extends ItemLengths {
  /** Where its record begins in the `.bin` file. */
  readonly offset: number;
  /** CRC-32 of its record. */
  readonly checksum: number;
}

/**
 * An entry as it is written: offset (u64), words (u32), entities (u32), CRC-32 of the record (u32), and the CRC-32 of these 20
 * bytes (u32), by which a damaged index is told from a damaged record.
 */
export function encodeIndexEntry({ offset, words, entities, checksum }: IndexEntry): Uint8Array {
  const bytes = new Uint8Array(INDEX_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(offset), true);
  view.setUint32(8, words, true);
  view.setUint32(12, entities, true);
  view.setUint32(16, checksum, true);
  view.setUint32(20, crc32(bytes.subarray(0, 20)), true);
  return bytes;
}

/** Reads an entry; `undefined` when it is damaged or its record would reach beyond a `.bin` file of `size` bytes. */
export function decodeIndexEntry(bytes: Uint8Array, size: number): IndexEntry | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, INDEX_ENTRY_BYTES);
  if (crc32(bytes.subarray(0, 20)) !== view.getUint32(20, true)) return undefined;
  const offset = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const words = view.getUint32(8, true), entities = view.getUint32(12, true);
  if (offset + recordBytes(words, entities) > size) return undefined;
  return { offset, words, entities, checksum: view.getUint32(16, true) };
}
