import { mkdirSync, renameSync, rmSync } from "node:fs";
import { commitRename, pathBeside, syncDirectory } from "@lukeforge/corpus";

/**
 * Writes a directory through `path.partial`, which is flushed and renamed: under its own name a directory has all its files or
 * does not exist. One that was there before is replaced; an error leaves it as it is, and no partial one.
 *
 * @param write puts the files into the directory it is given; each must be flushed when it returns.
 */
export async function writeDirectoryAtomic(
  path: string,
  write: (partial: string) => void | Promise<void>,
): Promise<void> {
  const partial = pathBeside(path, ".partial");
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    await write(partial);
    syncDirectory(partial);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
  const old = setAside(path);
  commitRename(partial, path);
  rmSync(old, { recursive: true, force: true });
}

/** Removes a directory, if it exists, by way of `path.old.partial`: a kill leaves no half of it under its own name. */
export function removeDirectory(path: string): void {
  rmSync(setAside(path), { recursive: true, force: true });
}

/** Gives a directory the name of something unfinished; returns that name. */
function setAside(path: string): string {
  const old = pathBeside(path, ".old.partial");
  rmSync(old, { recursive: true, force: true });
  try {
    renameSync(path, old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return old;
}
