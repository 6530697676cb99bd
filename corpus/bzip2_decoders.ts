import { type Bzip2Block, decodeBzip2Block } from "./bzip2_block.ts";
import type { Bzip2BlockAnswer } from "./bzip2_block_worker.ts";
import { UserError } from "./user_error.ts";

/** What a block is decoded to; undefined when it is damaged. */
type Output = Uint8Array<ArrayBuffer> | undefined;

/** Decodes blocks on several threads; on the calling one where one is asked for or there are no others. */
export class Bzip2Decoders {
  /** Blocks that are decoded at once. */
  readonly count: number;
  readonly #threads: DecoderThread[] = [];

  constructor(count: number) {
    this.count = typeof Worker === "undefined" ? 1 : Math.max(1, count);
  }

  /** Decodes a block, after those that were given before where all threads are busy; undefined when it is damaged. */
  decode(block: Bzip2Block): Promise<Output> {
    if (this.count === 1) return new Promise((resolve) => resolve(decodeBzip2Block(block)));
    return this.#thread().decode(block);
  }

  /** Ends the threads; what they are decoding is lost. */
  close(): void {
    for (const thread of this.#threads) thread.terminate();
  }

  /** The thread with the least to do. One is started where all have something: small data need one. */
  #thread(): DecoderThread {
    let best = this.#threads[0];
    for (const thread of this.#threads) {
      if (best === undefined || thread.waiting < best.waiting) best = thread;
    }
    if (best !== undefined && (best.waiting === 0 || this.#threads.length === this.count)) return best;
    const started = new DecoderThread();
    this.#threads.push(started);
    return started;
  }
}

/** A thread that answers blocks in the order in which it got them. */
class DecoderThread {
  readonly #worker = new Worker(new URL("./bzip2_block_worker.ts", import.meta.url), { type: "module" });
  readonly #asked: PromiseWithResolvers<Output>[] = [];

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Bzip2BlockAnswer>) => {
      const asked = this.#asked.shift();
      if ("refused" in data) asked?.reject(new UserError(data.refused));
      else asked?.resolve(data.output);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`a worker that decodes bzip2 stopped: ${event.message}`);
      for (const { reject } of this.#asked.splice(0)) reject(error);
    };
  }

  /** Blocks that it has not answered. */
  get waiting(): number {
    return this.#asked.length;
  }

  decode({ bytes, from, to }: Bzip2Block): Promise<Output> {
    const asked = Promise.withResolvers<Output>();
    this.#asked.push(asked);
    const copy = bytes.slice(); // the reader keeps its own: a block may turn out to go on
    this.#worker.postMessage({ bytes: copy, from, to }, [copy.buffer]);
    return asked.promise;
  }

  terminate(): void {
    this.#worker.terminate();
  }
}
