import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "./user_error.ts";

/** Flushes what was renamed or created in `directory` to the disk, where the platform can. */
export function syncDirectory(directory: string): void {
  let handle: number;
  try {
    handle = openSync(directory, "r");
  } catch {
    return; // a directory cannot be opened for this on Windows
  }
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Flushes the file at `path` to the disk. */
export function syncFile(path: string): void {
  const handle = openSync(path, "r+");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The path of what is unfinished, beside a `path` that may be written with a slash at its end, as shells complete directories. */
export function pathBeside(path: string, ending: string): string {
  return path.replace(/(?<=[^/\\])[/\\]+$/, "") + ending;
}

/** Renames a finished `from` to its final name `to` so that a kill leaves either the old state or the new one, never a mixture. */
export function commitRename(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(dirname(to));
}

/** The error for an output `path` that the system refused to write, for the reason `cause`. */
export function cannotWrite(path: string, cause: unknown): UserError {
  return new UserError(
    `${path}: cannot be written (${
      (cause as Error).message
    }): check that its folder exists, may be written to and has room`,
  );
}

/**
 * Writes `chunks` to `path` through `path.partial`: flushed, then renamed. A kill at any moment leaves the previous file or the new
 * one; an error leaves the previous file and no partial one.
 *
 * @throws {UserError} when the system refuses. What `chunks` throws passes through.
 */
export function writeFileAtomic(
  path: string,
  chunks: string | Uint8Array | Iterable<string | Uint8Array>,
): void {
  const partial = `${path}.partial`;
  const encoder = new TextEncoder();
  const handle = writing(path, () => openSync(partial, "w"));
  try {
    try {
      for (const chunk of typeof chunks === "string" || chunks instanceof Uint8Array ? [chunks] : chunks) {
        let bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk;
        while (bytes.length > 0) bytes = bytes.subarray(writing(path, () => writeSync(handle, bytes)));
      }
      writing(path, () => fsyncSync(handle));
    } finally {
      closeSync(handle);
    }
    writing(path, () => commitRename(partial, path));
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw cannotWrite(path, error);
  }
}
