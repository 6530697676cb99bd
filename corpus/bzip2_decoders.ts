import { decodeWithLibbz2, openLibbz2 } from "./libbz2.ts";
import { decodeWithWasm, startWasmBzip2 } from "./wasm_bzip2.ts";
import type { WasmBzip2Request } from "./wasm_bzip2_worker.ts";

/** Which decoder to use: the system's libbz2 through FFI, the WebAssembly build of it, or the first that is there. */
export type Bzip2Decoder = "auto" | "libbz2" | "wasm";

/** Decodes a block framed as a stream of its own; undefined when it is damaged. */
type DecodeBlock = (stream: Uint8Array<ArrayBuffer>) => Promise<Uint8Array | undefined>;

/**
 * Bytes of output to try. A block has 900,000 bytes before the first stage of decoding, a run length code in which five bytes
 * can stand for 259: text hardly grows there.
 */
const OUTPUT_SIZES = [1_000_000, 6_000_000, 47_000_000];

/** Several decoders of blocks, each busy with one block at a time. */
export class Bzip2Decoders {
  /** Blocks that are decoded at once. */
  readonly count: number;
  readonly #idle: DecodeBlock[];
  readonly #waiting: ((decoder: DecodeBlock) => void)[] = [];
  readonly #running = new Set<Promise<unknown>>();
  readonly #workers: Worker[];

  private constructor(decoders: DecodeBlock[], workers: Worker[]) {
    this.count = decoders.length;
    this.#idle = decoders;
    this.#workers = workers;
  }

  /** Starts `count` decoders of `kind`. @throws {Error} when `kind` is `libbz2` and the library is not there. */
  static async start(kind: Bzip2Decoder, count: number): Promise<Bzip2Decoders> {
    const library = kind === "wasm" ? undefined : openLibbz2();
    if (library !== undefined) {
      const decode: DecodeBlock = (stream) => decodeWithLibbz2(library, stream, OUTPUT_SIZES);
      return new Bzip2Decoders(new Array<DecodeBlock>(count).fill(decode), []);
    }
    if (kind === "libbz2") throw new Error("libbz2 is not installed, or --allow-ffi does not permit it");
    if (count === 1 || typeof Worker === "undefined") {
      const wasm = await startWasmBzip2();
      return new Bzip2Decoders([(stream) => Promise.resolve(decodeWithWasm(wasm, stream, OUTPUT_SIZES))], []);
    }
    const workers: Worker[] = [];
    const inWorker = (): DecodeBlock => {
      let worker: Worker | undefined; // started for its first block: small data need one
      return (stream) => {
        if (worker === undefined) workers.push(worker = startWorker());
        return ask(worker, stream);
      };
    };
    return new Bzip2Decoders(Array.from({ length: count }, inWorker), workers);
  }

  /** Decodes a block framed as a stream of its own, once a decoder is free; undefined when it is damaged. */
  decode(stream: Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined> {
    const result = this.#decode(stream);
    this.#running.add(result);
    const ended = (): void => void this.#running.delete(result);
    result.then(ended, ended);
    return result;
  }

  async #decode(stream: Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined> {
    const decoder = this.#idle.pop() ??
      await new Promise<DecodeBlock>((resolve) => this.#waiting.push(resolve));
    try {
      return await decoder(stream);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(decoder);
      else next(decoder);
    }
  }

  /** Waits for what is being decoded and ends the workers. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    for (const worker of this.#workers) worker.terminate();
  }
}

function startWorker(): Worker {
  return new Worker(new URL("./wasm_bzip2_worker.ts", import.meta.url), { type: "module" });
}

function ask(worker: Worker, stream: Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Uint8Array | null>) => resolve(data ?? undefined);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`a worker that decodes bzip2 stopped: ${event.message}`));
    };
    const request: WasmBzip2Request = { stream, sizes: OUTPUT_SIZES };
    worker.postMessage(request, [stream.buffer]);
  });
}
