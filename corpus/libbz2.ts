import { UserError } from "./user_error.ts";

const symbols = {
  BZ2_bzBuffToBuffDecompress: {
    parameters: ["buffer", "buffer", "buffer", "u32", "i32", "i32"],
    result: "i32",
    // On a thread of Deno's pool: several blocks decode at once while the main thread goes on.
    nonblocking: true,
  },
} as const;

/** The functions of libbz2 that decoding needs. */
export type Libbz2 = Deno.DynamicLibrary<typeof symbols>["symbols"];

const libraryNames: Record<string, readonly string[]> = {
  linux: ["libbz2.so.1.0", "libbz2.so.1", "libbz2.so"],
  darwin: [
    "libbz2.1.0.dylib",
    "libbz2.dylib",
    "/usr/lib/libbz2.dylib",
    "/opt/homebrew/opt/bzip2/lib/libbz2.dylib",
  ],
  windows: ["libbz2-1.dll", "bz2.dll", "libbz2.dll"],
};

let opened: Libbz2 | undefined;

/** Opens the system's libbz2; undefined when it is not installed or FFI is not permitted (this never prompts). */
export function openLibbz2(): Libbz2 | undefined {
  if (opened !== undefined || typeof Deno === "undefined") return opened;
  for (const path of libraryNames[Deno.build.os] ?? ["libbz2.so.1", "libbz2.so"]) {
    if (Deno.permissions.querySync({ name: "ffi", path }).state !== "granted") continue;
    try {
      return opened = Deno.dlopen(path, symbols).symbols;
    } catch {
      // not under this name
    }
  }
  return undefined;
}

const BZ_OK = 0;
const BZ_MEM_ERROR = -3;
const BZ_OUTBUFF_FULL = -8;

/** What calls in progress read and write: memory that must stay where it is until they return. */
const inUse = new Set<readonly Uint8Array[]>();

/**
 * Decodes a whole bzip2 stream of one block on another thread.
 *
 * @param sizes of the output to try, one after the other.
 * @returns undefined when the data are damaged.
 * @throws {UserError} when the library finds no memory.
 */
export async function decodeWithLibbz2(
  library: Libbz2,
  stream: Uint8Array<ArrayBuffer>,
  sizes: readonly number[],
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  for (const size of sizes) {
    const output = new Uint8Array(size);
    const length = Uint32Array.of(size);
    const memory = [output, stream];
    inUse.add(memory);
    let code: number;
    try {
      code = await library.BZ2_bzBuffToBuffDecompress(output, length, stream, stream.length, 0, 0);
    } finally {
      inUse.delete(memory);
    }
    if (code === BZ_OK) return output.subarray(0, length[0]);
    if (code === BZ_MEM_ERROR) {
      throw new UserError("no memory left for the bzip2 decoder: free some and run again");
    }
    if (code !== BZ_OUTBUFF_FULL) return undefined;
  }
  return undefined;
}
