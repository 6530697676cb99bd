import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

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

/** Renames a finished `from` to its final name `to` so that a kill leaves either the old state or the new one, never a mixture. */
export function commitRename(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(dirname(to));
}

/** Writes `chunks` to `path` through `path.partial`: flushed, then renamed. A kill at any moment leaves the previous file or the new one. */
export function writeFileAtomic(
  path: string,
  chunks: string | Uint8Array | Iterable<string | Uint8Array>,
): void {
  const partial = `${path}.partial`;
  const handle = openSync(partial, "w");
  try {
    const encoder = new TextEncoder();
    for (const chunk of typeof chunks === "string" || chunks instanceof Uint8Array ? [chunks] : chunks) {
      let bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk;
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(handle, bytes));
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  commitRename(partial, path);
}
