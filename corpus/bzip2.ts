import { decompressWithLibbz2, openLibbz2 } from "./libbz2.ts";
import { decompressBlockwise } from "./bzip2_blocks.ts";
import { readAhead } from "./read_ahead.ts";

/** Which decoder to use: the system's libbz2 through FFI, the WebAssembly build of it, or the first that is there. */
export type Bzip2Decoder = "auto" | "libbz2" | "wasm";

/** Options of {@link decompressBzip2}. */
export interface Bzip2Options {
  /** The name that error messages give to the source; `bzip2 data` by default. */
  name?: string;
  /** `auto` by default: libbz2 when the library is installed and FFI is allowed, else WebAssembly. */
  decoder?: Bzip2Decoder;
}

/**
 * Decompresses bzip2 data, one stream or many concatenated ones (`multistream` dumps), in memory bounded by a few megabytes
 * whatever the size of the source.
 *
 * @throws {TruncatedInputError} at the end of what could be read, when the data ends inside a stream.
 * @throws {UserError} where the data is damaged; the message names the byte of the source.
 */
export async function* decompressBzip2(
  source: AsyncIterable<Uint8Array>,
  options: Bzip2Options = {},
): AsyncGenerator<Uint8Array, void, void> {
  const { name = "bzip2 data", decoder = "auto" } = options;
  const library = decoder === "wasm" ? undefined : openLibbz2();
  if (library !== undefined) {
    yield* readAhead(decompressWithLibbz2(library, source, name));
  } else if (decoder === "libbz2") {
    throw new Error("libbz2 is not installed, or --allow-ffi does not permit it");
  } else {
    yield* decompressBlockwise(source, name);
  }
}
