import type { StoredBytes } from "./stored_bytes.ts";
import { WeightsError } from "./weights_error.ts";

/** Where the bytes of an entry of an archive lie. */
export interface ArchiveEntry {
  /** First byte in the archive. */
  readonly position: number;
  /** Number of bytes. */
  readonly size: number;
}

/** More entries than these are refused: a file of weights has one a storage. */
const MAX_ENTRIES = 100_000;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;

/**
 * The entries of a zip file (ZIP64 too) by name. Names are only names here: nothing is ever written to where they point.
 *
 * @throws {WeightsError} when the file is damaged, an entry is compressed or encrypted, lies outside the file, over another or
 * elsewhere than the central directory says, or two have one name.
 */
export function readZipDirectory(zip: StoredBytes): Map<string, ArchiveEntry> {
  const { begin, size, count } = findDirectory(zip);
  if (count > MAX_ENTRIES) throw damaged(zip, `lists ${count} entries, too many for a file of weights`);
  if (size < count * ENTRY_BYTES) throw damaged(zip, `lists ${count} entries in ${size} bytes`);
  const directory = zip.read(begin, size);
  const headers: { name: string; size: number; header: number }[] = [];
  for (let at = 0; headers.length < count;) {
    const { entry, next } = parseEntry(zip, directory, at);
    headers.push(entry);
    at = next;
  }
  headers.sort((a, b) => a.header - b.header);
  const entries = new Map<string, ArchiveEntry>();
  let free = 0;
  for (const entry of headers) {
    const position = dataPosition(zip, entry);
    if (entry.header < free || position + entry.size > begin) {
      throw damaged(zip, `entry ${entry.name} lies over another, or beyond the entries`);
    }
    if (entries.has(entry.name)) throw damaged(zip, `two entries are named ${entry.name}`);
    entries.set(entry.name, { position, size: entry.size });
    free = position + entry.size;
  }
  return entries;
}

/** The central directory, from the record at the end of the file. */
function findDirectory(zip: StoredBytes): { begin: number; size: number; count: number } {
  const tailBytes = Math.min(zip.size, END_BYTES + 0xffff);
  const tailBegin = zip.size - tailBytes;
  const tail = viewOf(zip.read(tailBegin, tailBytes));
  let at = tailBytes - END_BYTES;
  // The record ends with a comment that ends the file.
  while (
    at >= 0 &&
    !(tail.getUint32(at, true) === 0x06054b50 && at + END_BYTES + tail.getUint16(at + 20, true) === tailBytes)
  ) {
    at--;
  }
  if (at < 0) throw new WeightsError(`${zip.path}: truncated: a zip file without its directory at the end`);
  const end = tailBegin + at;
  const directory = at >= LOCATOR_BYTES && tail.getUint32(at - LOCATOR_BYTES, true) === 0x07064b50
    ? end64(zip, Number(tail.getBigUint64(at - LOCATOR_BYTES + 8, true)), end)
    : {
      begin: tail.getUint32(at + 16, true),
      size: tail.getUint32(at + 12, true),
      count: tail.getUint16(at + 10, true),
    };
  if (directory.begin + directory.size > end) {
    throw damaged(
      zip,
      `its directory of ${directory.size} bytes at ${directory.begin} does not fit before byte ${end}`,
    );
  }
  return directory;
}

function end64(
  zip: StoredBytes,
  position: number,
  end: number,
): { begin: number; size: number; count: number } {
  if (!(position + END64_BYTES <= end)) {
    throw damaged(zip, `its ZIP64 record at ${position} does not fit before byte ${end}`);
  }
  const record = viewOf(zip.read(position, END64_BYTES));
  if (record.getUint32(0, true) !== 0x06064b50) throw damaged(zip, `has no ZIP64 record at byte ${position}`);
  return {
    begin: Number(record.getBigUint64(48, true)),
    size: Number(record.getBigUint64(40, true)),
    count: Number(record.getBigUint64(32, true)),
  };
}

function parseEntry(
  zip: StoredBytes,
  directory: Uint8Array,
  at: number,
): { entry: { name: string; size: number; header: number }; next: number } {
  const view = viewOf(directory);
  if (at + ENTRY_BYTES > directory.length || view.getUint32(at, true) !== 0x02014b50) {
    throw damaged(zip, `byte ${at} of its directory is not an entry`);
  }
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
  const extraBegin = at + ENTRY_BYTES + (nameBytes ?? 0);
  const next = extraBegin + (extraBytes ?? 0) + (commentBytes ?? 0);
  if (next > directory.length) throw damaged(zip, `byte ${at} of its directory: an entry reaches beyond it`);
  const name = new TextDecoder().decode(directory.subarray(at + ENTRY_BYTES, extraBegin));
  const sizes = {
    size: view.getUint32(at + 24, true),
    packed: view.getUint32(at + 20, true),
    header: view.getUint32(at + 42, true),
  };
  widen(sizes, directory.subarray(extraBegin, extraBegin + (extraBytes ?? 0)));
  if ((flags & 0x2041) !== 0) throw damaged(zip, `entry ${name} is encrypted`);
  if (method !== 0 || sizes.packed !== sizes.size) {
    throw damaged(
      zip,
      `entry ${name} is compressed, which PyTorch does not do; unpack it and zip it again with "zip -0", or save it by torch.save`,
    );
  }
  return { entry: { name, size: sizes.size, header: sizes.header }, next };
}

/** Replaces the 32-bit fields that are full by those of the ZIP64 extra field, which has only these, in this order. */
function widen(sizes: { size: number; packed: number; header: number }, extra: Uint8Array): void {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const [id, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (id === 1) {
      const end = Math.min(at + 4 + length, extra.length);
      let field = at + 4;
      for (const key of ["size", "packed", "header"] as const) {
        if (sizes[key] === 0xffffffff && field + 8 <= end) {
          sizes[key] = Number(view.getBigUint64(field, true));
          field += 8;
        }
      }
    }
    at += 4 + length;
  }
}

/** First byte of an entry's data: behind its own header, which has to agree about the name. */
function dataPosition(zip: StoredBytes, { name, header }: { name: string; header: number }): number {
  if (!(header + LOCAL_BYTES <= zip.size)) {
    throw damaged(zip, `entry ${name} is said to lie at byte ${header}`);
  }
  const view = viewOf(zip.read(header, LOCAL_BYTES));
  const [nameBytes, extraBytes] = [view.getUint16(26, true), view.getUint16(28, true)];
  const position = header + LOCAL_BYTES + nameBytes + extraBytes;
  if (view.getUint32(0, true) !== 0x04034b50 || position > zip.size) {
    throw damaged(zip, `entry ${name} is said to lie at byte ${header}, where there is none`);
  }
  const local = new TextDecoder().decode(zip.read(header + LOCAL_BYTES, nameBytes));
  if (local !== name) {
    throw damaged(zip, `the entry at byte ${header} is named ${name} in the directory, ${local} there`);
  }
  return position;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function damaged(zip: StoredBytes, message: string): WeightsError {
  // Names come from the file and may hold anything.
  const line = Array.from(message, (c) => c < " " ? "�" : c).join("").slice(0, 400);
  return new WeightsError(`${zip.path}: damaged zip file: ${line}`);
}
