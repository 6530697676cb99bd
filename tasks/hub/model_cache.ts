import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { commitRename, writeFileAtomic } from "@lukeforge/corpus";
import { type FetchedPart, lackingFiles, shardNames, WEIGHT_FILES } from "./needed_files.ts";

/** A commit's name. */
export const COMMIT: RegExp = /^[0-9a-f]{40}$/;

/**
 * What is kept of one repository, in the layout of Python's `huggingface_hub`, so that either program finds what the other has
 * fetched: `models--OWNER--NAME/` with `blobs/HASH`, `snapshots/COMMIT/FILE` (links to blobs) and `refs/REVISION` (a commit).
 */
export class ModelCache {
  readonly #cacheDir: string;
  readonly #folder: string;
  readonly #directory: string;

  /** The cache of the repository `name` in `cacheDir`, which need not exist. */
  constructor(cacheDir: string, name: string) {
    this.#cacheDir = cacheDir;
    this.#folder = `models--${name.replace("/", "--")}`;
    this.#directory = join(cacheDir, this.#folder);
  }

  /** Where the files of a commit are opened from. */
  snapshot(commit: string): string {
    return join(this.#directory, "snapshots", commit);
  }

  /** Where the bytes with a hash are kept. */
  blob(hash: string): string {
    return join(this.#directory, "blobs", hash);
  }

  /** The commit that `revision` stood for when it was fetched last; undefined when it never was. */
  commitOf(revision: string): string | undefined {
    if (COMMIT.test(revision)) return revision;
    try {
      const commit = readFileSync(this.#ref(revision), "utf8").trim();
      return COMMIT.test(commit) ? commit : undefined;
    } catch {
      return undefined;
    }
  }

  /** Records what `revision` stands for, where the cache may be written to: it is needed without a connection only. */
  record(revision: string, commit: string): void {
    if (revision === commit || this.commitOf(revision) === commit) return;
    try {
      mkdirSync(dirname(this.#ref(revision)), { recursive: true });
      writeFileAtomic(this.#ref(revision), commit);
    } catch {
      // a cache that others have filled and that is only read
    }
  }

  /** Makes the blob with `hash` the file `name` of `commit`. */
  link(commit: string, name: string, hash: string): void {
    const path = join(this.snapshot(commit), name);
    mkdirSync(dirname(path), { recursive: true });
    const partial = `${path}.partial`;
    rmSync(partial, { force: true });
    try {
      symlinkSync(relative(dirname(path), this.blob(hash)), partial);
    } catch {
      copyFileSync(this.blob(hash), partial); // Windows lets few users make links
    }
    commitRename(partial, path);
  }

  /** Keeps other processes, Python's too, from downloading the blob with `hash` until the result is disposed. */
  async lock(hash: string, onWait: () => void): Promise<Disposable> {
    const path = join(this.#cacheDir, ".locks", this.#folder, `${hash}.lock`);
    mkdirSync(dirname(path), { recursive: true });
    const file = await Deno.open(path, { read: true, write: true, create: true });
    if (!await file.tryLock(true)) {
      onWait();
      await file.lock(true);
    }
    return { [Symbol.dispose]: () => file.close() };
  }

  /** Whether the files of `commit` suffice to open `part`; an index has all its shards. */
  isComplete(commit: string, part: FetchedPart): boolean {
    const directory = this.snapshot(commit);
    if (!existsSync(directory)) return false;
    const names = new Set(readdirSync(directory).filter((name) => isFile(join(directory, name))));
    if (lackingFiles(names, part) !== undefined) return false;
    const weights = part === "model" ? WEIGHT_FILES.find((name) => names.has(name)) : undefined;
    if (!weights?.endsWith(".index.json")) return true;
    return shardNames(readFileSync(join(directory, weights), "utf8"))?.every((name) => names.has(name)) ??
      false;
  }

  /** A branch may have slashes and is a path then, as in git. */
  #ref(revision: string): string {
    return join(this.#directory, "refs", ...revision.split("/"));
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
