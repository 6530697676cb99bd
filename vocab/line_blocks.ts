import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { UserError, validUtf8Length } from "@lukeforge/corpus";

/** Whole lines of a file. */
export interface LineBlock {
  /** Each with its end. */
  readonly lines: readonly string[];
  /** Number of the first line, from 1. */
  readonly first: number;
  /** Bytes of the file (of a gzipped one: compressed) read so far. */
  readonly read: number;
}

/** Options of {@linkcode lineBlocks}. */
export interface LineBlocksOptions {
  /**
   * Longer lines are cut at a space after this many bytes, those without any after twice as many; each part counts as a line.
   * Default: never.
   */
  readonly longestLine?: number;
  /** Whether a first line that begins with this is left out, whatever its length. */
  readonly skippedHeader?: string;
  /** Lines of more bytes are refused, so that memory stays bounded where lines must not be cut. Default: none are. */
  readonly mostBytes?: number;
  /** Takes the error of a line that is not UTF-8, which is empty then. Default: it is thrown. */
  readonly refused?: (error: UserError) => void;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const CHUNK_BYTES = 1 << 20;

/** Size and first bytes of a file. @throws {UserError} when it cannot be read. */
export function fileStart(path: string, length: number): { size: number; start: Uint8Array } {
  try {
    const { size } = statSync(path);
    const handle = openSync(path, "r");
    try {
      const start = new Uint8Array(length);
      return { size, start: start.subarray(0, readSync(handle, start)) };
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/**
 * The lines of a UTF-8 file, which may be gzipped (recognised by content), a block at a time. A byte order mark is skipped.
 *
 * @throws {UserError} when the file cannot be read or is not UTF-8; the message names the line and the byte.
 */
export async function* lineBlocks(
  path: string,
  options: LineBlocksOptions = {},
): AsyncGenerator<LineBlock, void, void> {
  const { longestLine = Infinity, mostBytes = Infinity, skippedHeader, refused } = options;
  const { start } = fileStart(path, 2);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const isGzipped = start[0] === 0x1f && start[1] === 0x8b;
  const stream = isGzipped ? file.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : file;
  if (isGzipped) file.on("error", (error) => stream.destroy(error));
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let first = 1;
  let offset = 0;
  let isHeader: boolean | undefined = skippedHeader === undefined ? false : undefined;
  const take = (bytes: Uint8Array): LineBlock => {
    const lines = decodedLines(bytes, path, first, offset, refused);
    const block = { lines, first, read: file.bytesRead };
    first += lines.length;
    offset += bytes.length;
    return block;
  };
  const chunks = stream[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((error: unknown) => {
      throw cannotRead(path, error);
    });
    if (next.done === true) break;
    let chunk = next.value as Uint8Array;
    isHeader ??= new TextDecoder().decode(chunk.subarray(0, 1000)).startsWith(skippedHeader ?? "");
    if (isHeader) {
      const end = chunk.indexOf(NEWLINE) + 1;
      offset += end === 0 ? chunk.length : end;
      if (end === 0) continue;
      isHeader = false;
      first++;
      chunk = chunk.subarray(end);
    }
    let end = chunk.lastIndexOf(NEWLINE) + 1;
    const length = pendingBytes + chunk.length;
    if (end === 0 && length > longestLine) end = chunk.lastIndexOf(SPACE) + 1;
    if (end === 0 && length > 2 * longestLine) end = wholeCharacters(chunk);
    if (end > 0) {
      yield take(joined([...pending, chunk.subarray(0, end)]));
      pending = [];
      pendingBytes = 0;
    }
    pending.push(Uint8Array.from(chunk.subarray(end)));
    pendingBytes += chunk.length - end;
    if (pendingBytes > mostBytes) {
      throw new UserError(
        `${path}, line ${first}: is longer than ${mostBytes / 2 ** 20} MiB; divide the line`,
      );
    }
  }
  if (pendingBytes > 0) yield take(joined(pending));
}

/** The length without a character that may go on in the next chunk. */
function wholeCharacters(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end--;
  return end > 0 && (bytes[end - 1] ?? 0) >= 0xc0 ? end - 1 : end;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function decodedLines(
  bytes: Uint8Array,
  path: string,
  first: number,
  offset: number,
  refused: LineBlocksOptions["refused"],
): string[] {
  try {
    return decoded(bytes, offset).match(/[^\n]*\n|[^\n]+$/g) ?? [];
  } catch {
    // one line after the other
  }
  const lines: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start) + 1 || bytes.length;
    const line = bytes.subarray(start, end);
    try {
      lines.push(decoded(line, offset + start));
    } catch {
      const at = validUtf8Length(line);
      const error = new UserError(
        `${path}, line ${first + lines.length}: is not UTF-8 at byte ${offset + start + at} of the text (0x${
          (line[at] ?? 0).toString(16).padStart(2, "0")
        }); convert the file to UTF-8`,
      );
      if (refused === undefined) throw error;
      refused(error);
      lines.push("\n");
    }
    start = end;
  }
  return lines;
}

function decoded(bytes: Uint8Array, offset: number): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: offset > 0 }).decode(bytes);
}

function cannotRead(path: string, cause: unknown): UserError {
  return new UserError(
    `${path}: cannot be read (${cause instanceof Error ? cause.message : String(cause)}); check the file`,
  );
}
