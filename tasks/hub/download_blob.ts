import { createHash, type Hash } from "node:crypto";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { isFull, PartialFile } from "../partial_file.ts";
import type { HubClient } from "./hub_client.ts";
import { HubError } from "./hub_error.ts";

/** A file as the hub keeps it: known by its hash. */
export interface HubBlob {
  /** Where it is downloaded from. */
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  /** Hex SHA-256 of the bytes (64 digits, files in LFS), or git's hash of them (40 digits, all others). */
  readonly hash: string;
}

/** Attempts that may bring nothing, one after the other. */
const BARREN_ATTEMPTS = 5;

/**
 * Downloads `blob` to `path` through `path.incomplete`, going on where an earlier download, in this process or a killed one, ended.
 * Size and hash are verified before the file gets its name; nothing else in the cache is touched.
 *
 * @param progress takes the bytes that are there.
 * @throws {HubError} when the hub, or the connection, fails for good.
 * @throws {UserError} when the disk is full, or the bytes are wrong twice.
 */
export async function downloadBlob(
  client: HubClient,
  blob: HubBlob,
  path: string,
  progress: (bytes: number) => void = () => {},
): Promise<void> {
  const partial = `${path}.incomplete`;
  mkdirSync(dirname(path), { recursive: true });
  for (let isLast = false;; isLast = true) {
    const file = await PartialFile.open(partial, blob.size, () => newHash(blob));
    try {
      await receive(client, blob, file, progress);
      if (file.digest() === blob.hash) {
        file.finish(path);
        progress(blob.size);
        return;
      }
    } catch (error) {
      throw isFull(error) ? noSpace(path, blob.size - file.size) : error;
    } finally {
      file.close();
    }
    rmSync(partial, { force: true });
    if (isLast) {
      throw new UserError(
        `${blob.url}: arrives damaged (its hash is not ${blob.hash}); try again later, or set HF_ENDPOINT to another mirror`,
      );
    }
  }
}

async function receive(
  client: HubClient,
  { url, size }: HubBlob,
  file: PartialFile,
  progress: (bytes: number) => void,
): Promise<void> {
  for (let barren = 0; file.size < size;) {
    const before = file.size;
    try {
      await receiveOnce(client, url, size, file, progress);
      if (file.size < size) throw new HubError("the connection was lost");
    } catch (error) {
      if (!(error instanceof HubError) || !error.isOutage) throw error;
      barren = file.size > before ? 1 : barren + 1;
      if (barren >= BARREN_ATTEMPTS) throw error;
      await client.pause(barren, error);
    }
  }
}

async function receiveOnce(
  client: HubClient,
  url: string,
  size: number,
  file: PartialFile,
  progress: (bytes: number) => void,
): Promise<void> {
  const begin = file.size;
  const { status, headers, chunks } = await client.stream(url, {
    "accept-encoding": "identity", // offsets count the bytes of the file
    ...(begin > 0 && { range: `bytes=${begin}-` }),
  });
  const isContinued = status === 206 && headers.get("content-range")?.startsWith(`bytes ${begin}-`);
  if (begin > 0 && !isContinued) file.restart(); // a mirror that knows no ranges sends all
  for await (const chunk of chunks) {
    if (file.size + chunk.length > size) {
      throw new HubError(`sends more than the ${size} bytes of the file`, 200);
    }
    file.append(chunk);
    progress(file.size);
  }
}

function newHash({ hash, size }: HubBlob): Hash {
  return hash.length === 64 ? createHash("sha256") : gitBlobHash(size);
}

/** Git's hash of a file of `size` bytes, which are still to be added. */
export function gitBlobHash(size: number): Hash {
  return createHash("sha1").update(`blob ${size}\0`);
}

/** The error for a disk that lacks room for `bytes` more at `path`. */
export function noSpace(path: string, bytes: number): UserError {
  return new UserError(
    `${path}: no room for ${
      Math.ceil(bytes / 1e6)
    } MB more; free space, or name another place with --cache-dir or HF_HOME; ` +
      "what has arrived is kept",
  );
}

/** Bytes of the file at `path`; undefined where there is none. */
export function sizeThere(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
