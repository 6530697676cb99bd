import { AnsweringWorker } from "./answering_worker.ts";
import { type Bzip2Block, type Bzip2Output, decodeShortBlock } from "./bzip2_block.ts";
import type { DecodedBlock } from "./bzip2_block_worker.ts";

type DecoderThread = AnsweringWorker<Bzip2Block, DecodedBlock>;

/** Decodes blocks on several threads; on the calling one where one is asked for or there are no others. */
export class Bzip2Decoders {
  /** Blocks that are decoded at once. */
  readonly count: number;
  readonly #threads: DecoderThread[] = [];

  constructor(count: number) {
    this.count = typeof Worker === "undefined" ? 1 : Math.max(1, count);
  }

  /** Decodes a block, after those that were given before where all threads are busy. */
  async decode({ bytes, from, to }: Bzip2Block): Promise<Bzip2Output> {
    if (this.count === 1) return decodeShortBlock({ bytes, from, to });
    const copy = bytes.slice(); // the reader keeps its own: a block may turn out to go on
    const { output } = await this.#thread().ask({ bytes: copy, from, to }, [copy.buffer]);
    return output;
  }

  /** Ends the threads; what they are decoding is lost. */
  close(): void {
    for (const thread of this.#threads) thread.end();
  }

  /** The thread with the least to do. One is started where all have something: small data need one. */
  #thread(): DecoderThread {
    let best = this.#threads[0];
    for (const thread of this.#threads) {
      if (best === undefined || thread.waiting < best.waiting) best = thread;
    }
    if (best !== undefined && (best.waiting === 0 || this.#threads.length === this.count)) return best;
    const worker = new Worker(new URL("./bzip2_block_worker.ts", import.meta.url), { type: "module" });
    const started: DecoderThread = new AnsweringWorker(worker, "a worker that decodes bzip2");
    this.#threads.push(started);
    return started;
  }
}
