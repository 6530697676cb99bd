import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file through `path.partial`, which `write` gets a handle of: flushed, then renamed, so that a kill leaves the previous file
 * or the new one. What `write` throws leaves nothing behind.
 */
export function writeAtomically(path: string, write: (handle: number) => void): void {
  const partial = `${path}.partial`;
  const handle = openSync(partial, "w");
  try {
    write(handle);
    fsyncSync(handle);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
  renameSync(partial, path);
  syncDirectoryOf(path);
}

/** Flushes to the disk that a file has its name, where the platform can. */
function syncDirectoryOf(path: string): void {
  let handle: number;
  try {
    handle = openSync(dirname(path), "r");
  } catch {
    return; // a directory cannot be opened for this on Windows
  }
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
