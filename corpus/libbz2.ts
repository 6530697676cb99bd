import { damaged, truncated } from "./input_errors.ts";
import { UserError } from "./user_error.ts";

const symbols = {
  BZ2_bzDecompressInit: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  // Off the main thread, so that the consumer's parsing and the decoding overlap.
  BZ2_bzDecompress: { parameters: ["buffer"], result: "i32", nonblocking: true },
  BZ2_bzDecompressEnd: { parameters: ["buffer"], result: "i32" },
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

const OUTPUT_BYTES = 4 << 20;
const BZ_OK = 0;
const BZ_STREAM_END = 4;
const BZ_MEM_ERROR = -3;
/** What went wrong, by the other codes that damaged data lead to. */
const reasons: Record<number, string> = { [-4]: "wrong checksum or code", [-5]: "no bzip2 header" };

/** struct bz_stream of bzlib.h where pointers have 64 bits, the only case Deno runs on. */
class BzStream {
  readonly memory = new Uint8Array(80);
  readonly #view = new DataView(this.memory.buffer);

  set input(bytes: Uint8Array<ArrayBuffer>) {
    this.#setPointer(0, bytes);
    this.#view.setUint32(8, bytes.length, true);
  }

  get inputLeft(): number {
    return this.#view.getUint32(8, true);
  }

  set output(bytes: Uint8Array<ArrayBuffer>) {
    this.#setPointer(24, bytes);
    this.#view.setUint32(32, bytes.length, true);
  }

  get outputLeft(): number {
    return this.#view.getUint32(32, true);
  }

  #setPointer(offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#view.setBigUint64(offset, BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes))), true);
  }
}

/** Decodes concatenated bzip2 streams with `library`; at most one input chunk and one output chunk are held. */
export async function* decompressWithLibbz2(
  library: Libbz2,
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array, void, void> {
  const stream = new BzStream();
  let inStream = false;
  let read = 0;
  let output = new Uint8Array(OUTPUT_BYTES);
  stream.output = output;
  const position = (): number => read - stream.inputLeft;
  try {
    for await (const chunk of source) {
      if (chunk.length === 0) continue;
      // A chunk on shared memory could change under the decoder: copy it.
      const input = chunk.buffer instanceof ArrayBuffer
        ? chunk as Uint8Array<ArrayBuffer>
        : new Uint8Array(chunk);
      read += input.length;
      stream.input = input;
      let full = false;
      while (stream.inputLeft > 0 || full) {
        if (!inStream) {
          const code = library.BZ2_bzDecompressInit(stream.memory, 0, 0);
          if (code !== BZ_OK) throw new Error(`BZ2_bzDecompressInit failed (${code})`);
          inStream = true;
        }
        const code = await library.BZ2_bzDecompress(stream.memory);
        if (code === BZ_STREAM_END) {
          library.BZ2_bzDecompressEnd(stream.memory);
          inStream = false;
        } else if (code === BZ_MEM_ERROR) {
          throw new UserError(`${name}: no memory left for the bzip2 decoder: free some and run again`);
        } else if (code !== BZ_OK) {
          throw damaged(name, position(), reasons[code] ?? `libbz2 error ${code}`);
        }
        full = stream.outputLeft === 0 && inStream;
        if (stream.outputLeft === 0) {
          yield output;
          stream.output = output = new Uint8Array(OUTPUT_BYTES);
        }
      }
    }
    if (stream.outputLeft < output.length) yield output.subarray(0, output.length - stream.outputLeft);
    if (inStream || read === 0) throw truncated(name, `byte ${read}`);
  } finally {
    if (inStream) library.BZ2_bzDecompressEnd(stream.memory);
  }
}
