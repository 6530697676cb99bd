import { Buffer } from "node:buffer";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { cannotWrite, commitRename, pathBeside, syncDirectory, UserError } from "@lukeforge/corpus";

/** Bytes collected between two writes; gzip compresses so many at once, as members of their own. */
const CHUNK = 1 << 20;

/** Names of the files of an extraction. */
export interface OutputNames {
  /** The output: one file; or the file after whose name several are named; or a directory. */
  readonly output: string;
  /** Whether `output` is a directory, laid out as WikiExtractor does. */
  readonly isDirectory: boolean;
  /** Parts of the split; one empty name when there is none. */
  readonly parts: readonly string[];
  /** Bytes of a file before compression; records are not cut. Absent: no limit. */
  readonly maxFileSize?: number;
  readonly gzip: boolean;
}

/**
 * The path of file `index` of a part: `OUT`, with a split `out.train.txt`, with a limit of size `out-00000.txt`; in a directory
 * `train/AA/wiki_00`, a hundred files in each of `AA`, `AB`, …
 */
export function outputPath(
  { output, isDirectory, parts, maxFileSize, gzip }: OutputNames,
  part: number,
  index: number,
): string {
  const suffix = gzip ? ".gz" : "";
  const name = parts[part] ?? "";
  if (isDirectory) {
    return join(
      output,
      name,
      letters(Math.floor(index / 100)),
      `wiki_${String(index % 100).padStart(2, "0")}${suffix}`,
    );
  }
  const plain = gzip ? output.replace(/\.gz$/, "") : output;
  const [, stem = plain, extension = ""] = /^(.*?)(\.[^./\\]*)?$/s.exec(basename(plain)) ?? [];
  const number = maxFileSize === undefined ? "" : `-${String(index).padStart(5, "0")}`;
  return join(dirname(plain), `${stem}${name === "" ? "" : `.${name}`}${number}${extension}${suffix}`);
}

/** AA, AB, …, ZZ, BAA, … */
function letters(index: number): string {
  const letter = (value: number): string => String.fromCharCode(65 + value % 26);
  const first = Math.floor(index / 676);
  return (first === 0 ? "" : letters(first)) + letter(Math.floor(index / 26)) + letter(index);
}

/**
 * The files of an extraction, written into the directory `OUT.partial` and flushed; they get their own names together, in
 * {@linkcode OutputFiles.commit}. Holds a megabyte for each part.
 */
export class OutputFiles {
  /** Where the files grow; of use for other files that are no part of the result. */
  readonly staging: string;
  readonly #names: OutputNames;
  readonly #parts: PartFiles[];

  /**
   * Starts the files, over what a killed process left.
   *
   * @throws {UserError} when one of the first files exists, or the system refuses.
   */
  constructor(names: OutputNames) {
    this.#names = names;
    this.staging = pathBeside(names.output, ".partial");
    const existing = names.isDirectory
      ? names.output
      : names.parts.map((_, part) => outputPath(names, part, 0)).find((path) => existsSync(path));
    if (existing !== undefined && existsSync(existing)) throw exists(existing);
    this.#writing(() => {
      rmSync(this.staging, { recursive: true, force: true });
      mkdirSync(this.staging, { recursive: true });
    });
    this.#parts = names.parts.map((_, part) => new PartFiles(this.#stagedNames(), part));
  }

  /** Appends a record to a part, which may begin a file. */
  write(part: number, record: string): void {
    this.#writing(() => this.#parts[part]?.write(record));
  }

  /** Appends what belongs to the record before. */
  continue(part: number, text: string): void {
    this.#writing(() => this.#parts[part]?.append(text));
  }

  /** Flushes all files and gives them their names; returns these. */
  commit(): string[] {
    const { output, isDirectory } = this.#names;
    return this.#writing(() => {
      const paths: string[] = [];
      const staged: string[] = [];
      this.#parts.forEach((part, p) => {
        part.close();
        for (let i = 0; i < part.count; i++) {
          staged.push(outputPath(this.#stagedNames(), p, i));
          paths.push(outputPath(this.#names, p, i));
        }
      });
      if (isDirectory) {
        for (const directory of new Set(staged.map((path) => dirname(path)))) syncDirectory(directory);
        commitRename(this.staging, output.replace(/[/\\]+$/, ""));
        return paths;
      }
      const taken = paths.find((path) => existsSync(path));
      if (taken !== undefined) throw exists(taken);
      for (const [i, path] of paths.entries()) renameSync(staged[i] ?? "", path);
      syncDirectory(dirname(output));
      rmSync(this.staging, { recursive: true, force: true });
      return paths;
    });
  }

  /** Closes and removes what was written. */
  abandon(): void {
    for (const part of this.#parts) part.abandon();
    rmSync(this.staging, { recursive: true, force: true });
  }

  #stagedNames(): OutputNames {
    const { output, isDirectory } = this.#names;
    return { ...this.#names, output: isDirectory ? this.staging : join(this.staging, basename(output)) };
  }

  #writing<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof UserError ? error : cannotWrite(this.#names.output, error);
    }
  }
}

function exists(path: string): UserError {
  return new UserError(`${path}: exists already: remove it or name another output`);
}

/** The files of one part. */
class PartFiles {
  /** Files begun. */
  count = 0;
  readonly #names: OutputNames;
  readonly #part: number;
  readonly #encoder = new TextEncoder();
  #handle: number | undefined;
  /** Bytes of the open file, before compression. */
  #bytes = 0;
  #chunks: Uint8Array[] = [];
  #waiting = 0;

  constructor(names: OutputNames, part: number) {
    this.#names = names;
    this.#part = part;
    this.#open(); // a part without pages is an empty file, not a missing one
  }

  write(record: string): void {
    const bytes = this.#encoder.encode(record);
    if (this.#bytes > 0 && this.#bytes + bytes.length > (this.#names.maxFileSize ?? Infinity)) {
      this.close();
      this.#open();
    }
    this.#push(bytes);
  }

  append(text: string): void {
    this.#push(this.#encoder.encode(text));
  }

  close(): void {
    if (this.#handle === undefined) return;
    this.#flush();
    fsyncSync(this.#handle);
    this.abandon();
  }

  abandon(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  #open(): void {
    const path = outputPath(this.#names, this.#part, this.count++);
    mkdirSync(dirname(path), { recursive: true });
    this.#handle = openSync(path, "w");
    this.#bytes = 0;
  }

  #push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#waiting += bytes.length;
    this.#bytes += bytes.length;
    if (this.#waiting >= CHUNK) this.#flush();
  }

  #flush(): void {
    if (this.#handle === undefined || this.#waiting === 0) return;
    const joined = Buffer.concat(this.#chunks, this.#waiting);
    let bytes: Uint8Array = this.#names.gzip ? gzipSync(joined) : joined;
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#handle, bytes));
    this.#chunks = [];
    this.#waiting = 0;
  }
}
