import { createHash } from "node:crypto";
import {
  createReadStream,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { UserError } from "@lukeforge/corpus";
import type { HubClient } from "../hub/hub_client.ts";
import { HubError } from "../hub/hub_error.ts";
import { isFull, PartialFile } from "../partial_file.ts";
import type { DumpFile } from "./dump_edition.ts";
import type { DumpMirror } from "./dump_mirror.ts";

/** Attempts that may bring nothing, one after the other. */
const BARREN_ATTEMPTS = 6;

/**
 * Downloads `file` from `address` to `path` through `path.partial`, going on where an earlier download, in this process or a killed
 * one, ended, if the server still has the same file (`If-Range`). The published checksum is verified before the file gets its name.
 *
 * @param progress takes the bytes that are there.
 * @returns whether anything was downloaded: not when the file, with that checksum, is there.
 * @throws {UserError} when another file is in its place, the disk is full, the connection fails for good, or the bytes are wrong twice.
 */
export async function downloadFile(
  mirror: DumpMirror,
  address: string,
  file: DumpFile,
  path: string,
  progress: (bytes: number) => void = () => {},
): Promise<boolean> {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
    if (await digestOf(path, file.algorithm) === file.digest) return false;
    throw new UserError(
      `${path}: exists already with another content (its ${file.algorithm} differs); remove it or name another OUT`,
    );
  }
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.partial`;
  for (let isLast = false;; isLast = true) {
    const received = await PartialFile.open(partial, file.size ?? Infinity, () => createHash(file.algorithm));
    try {
      await new Download(mirror, address, file, received, validatorFile(path), progress).receive();
      if (received.digest() === file.digest) {
        received.finish(path);
        rmSync(validatorFile(path), { force: true });
        return true;
      }
    } catch (error) {
      if (isFull(error)) throw noRoom(path, (file.size ?? 0) - received.size);
      throw error instanceof HubError ? mirror.problem(error, file.name) : error;
    } finally {
      received.close();
    }
    rmSync(partial, { force: true });
    rmSync(validatorFile(path), { force: true });
    if (isLast) {
      throw new UserError(
        `${file.name}: arrives damaged from ${mirror.host} (its ${file.algorithm} is not ${file.digest}); ` +
          "try again later, or name another --mirror",
      );
    }
  }
}

/** Bytes of `file` that are still to come when it is to lie at `path`; of a file of unknown size nothing is known. */
export function missingBytes(file: DumpFile, path: string): number {
  const there = (name: string): number => statSync(name, { throwIfNoEntry: false })?.size ?? 0;
  return Math.max(0, (file.size ?? 0) - Math.max(there(path), there(`${path}.partial`)));
}

/** @throws {UserError} when the disk of `directory` has no room for `bytes`. */
export function checkRoom(directory: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < bytes) throw noRoom(directory, bytes - bavail * bsize);
}

function noRoom(path: string, bytes: number): UserError {
  return new UserError(
    `${path}: no room for ${
      Math.ceil(bytes / 1e6)
    } MB more; free space or name another OUT (what has arrived is kept)`,
  );
}

/** Where the server's mark of the file's version is kept beside the partial file. */
function validatorFile(path: string): string {
  return `${path}.partial.etag`;
}

async function digestOf(path: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

/** One file on its way. */
class Download {
  readonly #mirror: DumpMirror;
  readonly #address: string;
  readonly #received: PartialFile;
  readonly #validatorFile: string;
  readonly #progress: (bytes: number) => void;
  #size: number | undefined;
  #isWhole = false;

  constructor(
    mirror: DumpMirror,
    address: string,
    file: DumpFile,
    received: PartialFile,
    validatorFile: string,
    progress: (bytes: number) => void,
  ) {
    this.#mirror = mirror;
    this.#address = address;
    this.#size = file.size;
    this.#received = received;
    this.#validatorFile = validatorFile;
    this.#progress = progress;
  }

  /** Receives all of it, over as many connections as it takes. */
  async receive(): Promise<void> {
    const { client } = this.#mirror;
    for (let barren = 0; !this.#isWhole && this.#received.size !== this.#size;) {
      const before = this.#received.size;
      try {
        await this.#receiveOnce();
        const { size } = this.#received;
        if (this.#size !== undefined && size < this.#size) throw new HubError("the connection was lost");
        this.#isWhole = true;
      } catch (error) {
        if (!(error instanceof HubError) || !error.isOutage) throw error;
        barren = this.#received.size > before ? 1 : barren + 1;
        if (barren >= BARREN_ATTEMPTS) throw error;
        await client.pause(barren, error);
      }
    }
  }

  async #receiveOnce(): Promise<void> {
    const received = this.#received;
    const begin = received.size;
    const validator = this.#readValidator();
    let answer: Awaited<ReturnType<HubClient["stream"]>>;
    try {
      answer = await this.#mirror.client.stream(this.#address, {
        ...this.#mirror.headers,
        "accept-encoding": "identity", // offsets count the bytes of the file
        ...(begin > 0 && { range: `bytes=${begin}-` }),
        ...(begin > 0 && validator !== undefined && { "if-range": validator }),
      });
    } catch (error) {
      if (!(error instanceof HubError) || error.status !== 416) throw error;
      received.restart(); // there is less of it than is here: another file
      throw new HubError("the file has changed");
    }
    const { status, headers, chunks } = answer;
    const isContinued = status === 206 && headers.get("content-range")?.startsWith(`bytes ${begin}-`);
    if (begin > 0 && !isContinued) received.restart(); // a server without ranges, or another version of the file
    const length = Number(headers.get("content-length") ?? NaN);
    if (this.#size === undefined && Number.isSafeInteger(length)) this.#size = received.size + length;
    this.#writeValidator(headers);
    for await (const chunk of chunks) {
      received.append(chunk);
      if (this.#size !== undefined && received.size > this.#size) {
        received.restart();
        throw new HubError(`sends more than the ${this.#size} bytes of the file`, 200);
      }
      this.#progress(received.size);
    }
  }

  #readValidator(): string | undefined {
    try {
      return readFileSync(this.#validatorFile, "utf8");
    } catch {
      return undefined;
    }
  }

  /** Keeps the answer's strong ETag, else its date. */
  #writeValidator(headers: Headers): void {
    const etag = headers.get("etag");
    const validator = etag !== null && !etag.startsWith("W/") ? etag : headers.get("last-modified");
    if (validator !== null) writeFileSync(this.#validatorFile, validator);
  }
}
