import { Buffer } from "node:buffer";
import { createReadStream, type Stats, statSync } from "node:fs";
import process from "node:process";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { type Bzip2Options, decompressBzip2 } from "./bzip2.ts";
import { damaged, truncated } from "./input_errors.ts";
import { UserError } from "./user_error.ts";

const READ_BYTES = 1 << 20;

/** The path that stands for standard input. */
export const STANDARD_INPUT = "-";

/** What error messages call the file at `path`. */
export function inputName(path: string): string {
  return path === STANDARD_INPUT ? "standard input" : path;
}

/**
 * The size of the dump file at `path`; undefined for standard input and pipes.
 *
 * @throws {UserError} when it is missing, a directory or empty.
 */
export function inputSize(path: string): number | undefined {
  if (path === STANDARD_INPUT) return undefined;
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch (error) {
    throw new UserError(`${path}: cannot be opened: check the path (${(error as Error).message})`);
  }
  if (stat.isFIFO() || stat.isCharacterDevice() || stat.isSocket()) return undefined;
  if (!stat.isFile()) {
    throw new UserError(`${path}: not a file: give a pages-articles dump, .xml or .xml.bz2`);
  }
  // The system's own files (/proc) have no size before they are read.
  return stat.size;
}

/** The bytes of the file at `path`, or of standard input; `progress` is told how many have been read. */
export async function* readInput(
  path: string,
  progress: ((done: number) => void) | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  let done = 0;
  const stream: AsyncIterable<Uint8Array> = path === STANDARD_INPUT
    ? process.stdin
    : createReadStream(path, { highWaterMark: READ_BYTES });
  try {
    for await (const chunk of stream) {
      yield chunk;
      done += chunk.length;
      progress?.(done);
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new UserError(
      `${
        inputName(path)
      }: cannot be read at byte ${done} (${error.message}): check its permissions and the disk`,
    );
  }
}

/** First bytes of compressed files that are not read here. */
const foreignFormats: readonly (readonly number[])[] = [
  [0x37, 0x7a, 0xbc, 0xaf], // 7z
  [0x50, 0x4b], // zip
  [0x28, 0xb5, 0x2f, 0xfd], // zstd
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], // xz
];
/** Bytes that tell the format. */
const MAGIC_BYTES = 6;

/**
 * Decompresses `file` as its first bytes ask for: bzip2, gzip, or not at all.
 *
 * @throws {UserError} when it is empty or compressed in another way.
 */
export async function decompress(
  file: AsyncGenerator<Uint8Array, void, void>,
  options: Bzip2Options & { name: string },
): Promise<AsyncGenerator<Uint8Array, void, void>> {
  const { name } = options;
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < MAGIC_BYTES) {
    const { done, value } = await file.next();
    if (done) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  const whole = async function* (): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield head;
      yield* file;
    } finally {
      await file.return();
    }
  };
  if (head.length === 0) throw new UserError(`${name}: is empty: download it again`);
  const starts = (magic: readonly number[]): boolean => magic.every((byte, i) => head[i] === byte);
  if (starts([0x42, 0x5a, 0x68])) return decompressBzip2(whole(), options);
  if (starts([0x1f, 0x8b])) return gunzip(whole(), name);
  if (foreignFormats.some(starts)) {
    await file.return();
    throw new UserError(
      `${name}: compressed in a way that is not supported: unpack it, or take the .bz2 dump`,
    );
  }
  return whole();
}

/** One gzip member or several; zeros after the last are padding. */
async function* gunzip(
  source: AsyncGenerator<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array, void, void> {
  let read = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      read += chunk.length;
      yield chunk;
    }
  };
  try {
    yield* pipeline(counted(), createGunzip({ chunkSize: 1 << 18 }), () => {}); // the error comes out of the stream as well
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "Z_BUF_ERROR") throw truncated(name, `byte ${read}`);
    throw damaged(name, read, error.message);
  }
}
