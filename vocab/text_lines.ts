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
    let line = 0;
    for (;;) {
      let length: number;
      let text: string;
      try {
        length = readSync(handle, chunk);
        text = decoder.decode(chunk.subarray(0, length), { stream: length > 0 });
      } catch (error) {
        throw new UserError(
          `${path}: cannot be read as UTF-8 after line ${line} (${
            (error as Error).message
          }); convert the file`,
        );
      }
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const one of lines) {
        line++;
        yield one.endsWith("\r") ? one.slice(0, -1) : one;
      }
      if (length === 0) break;
    }
    if (rest !== "") yield rest.endsWith("\r") ? rest.slice(0, -1) : rest;
  } finally {
    closeSync(handle);
  }
}
