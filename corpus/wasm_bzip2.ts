import type { EventEmitter } from "node:events";
import process from "node:process";
import Bzip2 from "@foxglove/wasm-bz2";

let instance: Promise<Bzip2> | undefined;

/** Starts the WebAssembly build of libbz2, once. */
export function startWasmBzip2(): Promise<Bzip2> {
  return instance ??= start();
}

/** Starts it, and takes back the handlers of errors that it sets up for the whole process. */
async function start(): Promise<Bzip2> {
  const events = ["uncaughtException", "unhandledRejection"];
  const host: EventEmitter = process;
  const before = events.map((event) => host.listeners(event));
  const decoder = await Bzip2.init();
  events.forEach((event, i) => {
    for (const listener of host.listeners(event)) {
      if (!before[i]?.includes(listener)) host.removeListener(event, listener as () => void);
    }
  });
  return decoder;
}

/** Decodes a whole bzip2 stream of one block; the output has one of `sizes`. Undefined when the data are damaged. */
export function decodeWithWasm(
  wasm: Bzip2,
  stream: Uint8Array,
  sizes: readonly number[],
): Uint8Array | undefined {
  for (const size of sizes) {
    try {
      return wasm.decompress(stream, size);
    } catch (error) {
      if (!String(error).includes("OUTBUFF_FULL")) return undefined;
    }
  }
  return undefined;
}
