import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { decompressBzip2 } from "./bzip2.ts";
import type { Bzip2Decoder } from "./bzip2_decoders.ts";
import { damaged, truncated } from "./input_errors.ts";
import { UserError } from "./user_error.ts";

const READ_BYTES = 1 << 20;

/** The bytes of the file at `path`. */
export async function* readFile(
  path: string,
  total: number,
  progress: ((done: number, total: number | undefined) => void) | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  let done = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) {
      yield chunk;
      done += chunk.length;
      progress?.(done, total);
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new UserError(
      `${path}: cannot be read at byte ${done} (${error.message}): check its permissions and the disk`,
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

/** Decompresses `file` as its first bytes ask for. */
export async function decompress(
  file: AsyncGenerator<Uint8Array, void, void>,
  name: string,
  decoder: Bzip2Decoder,
): Promise<AsyncIterable<Uint8Array>> {
  const first = await file.next();
  const head: Uint8Array = first.value ?? new Uint8Array(0);
  const whole = async function* (): AsyncGenerator<Uint8Array, void, void> {
    yield head;
    yield* file;
  };
  if (head.length === 0) {
    throw new UserError(`${name}: is empty: download it again`);
  }
  const starts = (magic: readonly number[]): boolean => magic.every((byte, i) => head[i] === byte);
  if (starts([0x42, 0x5a, 0x68])) {
    return decompressBzip2(whole(), { name, decoder });
  }
  if (starts([0x1f, 0x8b])) return gunzip(whole(), name);
  if (foreignFormats.some(starts)) {
    await file.return();
    throw new UserError(
      `${name}: compressed in a way that is not supported: unpack it, or take the .xml.bz2 dump`,
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
    yield* pipeline(counted(), createGunzip(), () => {}); // the error comes out of the stream as well
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "Z_BUF_ERROR") throw truncated(name, `byte ${read}`);
    throw damaged(name, read, error.message);
  }
}
