import type { StoredBytes } from "./stored_bytes.ts";
import { WeightsError } from "./weights_error.ts";
import type { ArchiveEntry } from "./zip_directory.ts";

const BLOCK_BYTES = 512;
/** More files than these are refused: an archive of a model has three. */
const MAX_ENTRIES = 10_000;
/** Longest name or list of attributes that stands in front of a file. */
const MAX_ATTRIBUTE_BYTES = 1 << 16;

/**
 * The files in a tar archive by name, as Python's tarfile and GNU tar write them. Links and devices are passed over, names are only
 * names here: nothing is ever written to where they point.
 *
 * @throws {WeightsError} when a header is damaged or a file reaches beyond the archive.
 */
export function readTarDirectory(tar: StoredBytes): Map<string, ArchiveEntry> {
  const entries = new Map<string, ArchiveEntry>();
  let attributes: { path?: string; size?: number } = {};
  for (let at = 0, headers = 0; at + BLOCK_BYTES <= tar.size; headers++) {
    if (headers > 3 * MAX_ENTRIES) throw damaged(tar, at, "more files than a model has");
    const header = tar.read(at, BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) break;
    checkSum(tar, at, header);
    const type = String.fromCharCode(header[156] ?? 0);
    const isAttribute = type === "x" || type === "g" || type === "L" || type === "K";
    const size = (isAttribute ? undefined : attributes.size) ??
      numberField(tar, at, header.subarray(124, 136));
    const position = at + BLOCK_BYTES;
    if (position + size > tar.size) {
      throw damaged(tar, at, `truncated: a file of ${size} bytes does not fit the archive's ${tar.size}`);
    }
    if (isAttribute) {
      if (size > MAX_ATTRIBUTE_BYTES) throw damaged(tar, at, `attributes of ${size} bytes`);
      const bytes = tar.read(position, size);
      if (type === "L") attributes = { ...attributes, path: textField(bytes) };
      if (type === "x") attributes = { ...attributes, ...paxAttributes(bytes) };
    } else {
      const prefix = textField(header.subarray(257, 262)) === "ustar"
        ? textField(header.subarray(345, 500))
        : "";
      const short = textField(header.subarray(0, 100));
      const name = attributes.path ?? (prefix === "" ? short : `${prefix}/${short}`);
      if (type === "0" || type === "\0") entries.set(name.replace(/^\.\//, ""), { position, size });
      attributes = {};
    }
    at = position + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return entries;
}

/** Whether the first block of a file is a tar header. */
export function isTarHeader(block: Uint8Array): boolean {
  return block.length >= BLOCK_BYTES && textField(block.subarray(257, 262)) === "ustar";
}

function checkSum(tar: StoredBytes, at: number, header: Uint8Array): void {
  const stored = numberField(tar, at, header.subarray(148, 156));
  const sum = header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  if (sum !== stored) throw damaged(tar, at, "the sum of a header's bytes is wrong");
}

/** Octal digits, or beyond 8 GiB a binary number behind a set high bit. */
function numberField(tar: StoredBytes, at: number, field: Uint8Array): number {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const value = field.subarray(1).reduce((value, byte) => value * 256 + byte, (field[0] ?? 0) & 0x7f);
    if (Number.isSafeInteger(value)) return value;
  }
  const text = textField(field).trim();
  if (!/^[0-7]*$/.test(text)) throw damaged(tar, at, "a header holds no number where one belongs");
  return text === "" ? 0 : parseInt(text, 8);
}

function textField(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** `path` and `size` of lines `LENGTH KEY=VALUE`, LENGTH counting the bytes of the whole line. */
function paxAttributes(bytes: Uint8Array): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const length = parseInt(new TextDecoder().decode(bytes.subarray(at, at + 20)), 10);
    if (!(length > 0)) break;
    const line = new TextDecoder().decode(bytes.subarray(at, at + length));
    const [, key, value = ""] = /^\d+ ([^=]+)=(.*)\n$/s.exec(line) ?? [];
    if (key === "path") found.path = value;
    if (key === "size" && /^\d{1,15}$/.test(value)) found.size = Number(value);
    at += length;
  }
  return found;
}

function damaged(tar: StoredBytes, at: number, message: string): WeightsError {
  return new WeightsError(`${tar.path}: byte ${at}: damaged tar archive: ${message}`);
}
