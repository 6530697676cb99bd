import { closeSync, openSync, readSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";

const CHUNK_BYTES = 1 << 20;

/**
 * The lines of a UTF-8 text file without their ends (`\n` or `\r\n`), read in pieces: a vocabulary file may be longer than
 * the longest string. A byte order mark is skipped.
 *
 * @throws {UserError} when the file cannot be opened or is not UTF-8.
 */
export function* textLines(path: string): Generator<string> {
  let handle: number;
  try {
    handle = openSync(path, "r");
  } catch (error) {
    throw new UserError(`${path}: cannot be read (${(error as Error).message}); check the path`);
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const chunk = new Uint8Array(CHUNK_BYTES);
    let rest = "";
    for (;;) {
      let length: number;
      let text: string;
      try {
        length = readSync(handle, chunk);
        text = decoder.decode(chunk.subarray(0, length), { stream: length > 0 });
      } catch (error) {
        if (!(error instanceof TypeError)) {
          throw new UserError(`${path}: cannot be read (${(error as Error).message}); check the disk`);
        }
        throw new UserError(`${path}, line ${invalidLine(handle)}: is not UTF-8; convert the file`);
      }
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const one of lines) yield one.endsWith("\r") ? one.slice(0, -1) : one;
      if (length === 0) break;
    }
    if (rest !== "") yield rest.endsWith("\r") ? rest.slice(0, -1) : rest;
  } finally {
    closeSync(handle);
  }
}

/** The number of the first line that is not UTF-8. */
function invalidLine(handle: number): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const chunk = new Uint8Array(CHUNK_BYTES);
  let line = 1;
  for (let position = 0;;) {
    const length = readSync(handle, chunk, 0, CHUNK_BYTES, position);
    position += length;
    try {
      for (let from = 0; from < length;) {
        const newline = chunk.indexOf(0x0a, from) + 1;
        const to = newline === 0 || newline > length ? length : newline;
        decoder.decode(chunk.subarray(from, to), { stream: true });
        if (to === newline) line++;
        from = to;
      }
      if (length === 0) return line; // cut off in a character
    } catch {
      return line;
    }
  }
}
