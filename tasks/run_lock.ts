import { mkdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";

/** Stands in a run directory while a process works there. */
export const LOCK_FILE = "run.lock";

/**
 * Keeps a second process out of a run directory. The operating system holds the lock and gives it up with the process, however that
 * ends: a file that a killed process left locks nothing.
 */
export class RunLock implements Disposable {
  readonly #directory: string;
  readonly #file: Deno.FsFile;

  private constructor(directory: string, file: Deno.FsFile) {
    this.#directory = directory;
    this.#file = file;
  }

  /**
   * Locks `directory`, which is made when it does not exist.
   *
   * @throws {UserError} naming the process that works there.
   */
  static acquire(directory: string): RunLock {
    mkdirSync(directory, { recursive: true });
    const path = join(directory, LOCK_FILE);
    for (;;) {
      const file = Deno.openSync(path, { read: true, write: true, create: true });
      if (!file.tryLockSync(true)) {
        file.close();
        throw new UserError(
          `${directory}: process ${
            holder(path)
          } works in it (${path}); wait for its end or stop it, or give another --output-dir`,
        );
      }
      // Between opening and locking the holder may have ended and removed the file: a lock on that keeps nobody out.
      if (isStillAt(path, file)) {
        file.truncateSync();
        file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
        return new RunLock(directory, file);
      }
      file.close();
    }
  }

  /** Gives the directory free; takes it away if nothing else is in it. */
  [Symbol.dispose](): void {
    rmSync(join(this.#directory, LOCK_FILE), { force: true });
    this.#file.close();
    try {
      rmdirSync(this.#directory);
    } catch {
      // it holds a run
    }
  }
}

function holder(path: string): string {
  try {
    return readFileSync(path, "utf8").trim() || "(unknown)";
  } catch {
    return "(unknown)"; // ended just now, or a platform that does not let a locked file be read
  }
}

function isStillAt(path: string, file: Deno.FsFile): boolean {
  try {
    return Deno.statSync(path).ino === file.statSync().ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
