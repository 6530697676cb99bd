import type { Refusal } from "./answering_worker.ts";
import { type Bzip2Block, type Bzip2Output, decodeShortBlock } from "./bzip2_block.ts";
import { UserError } from "./user_error.ts";

/** What the worker answers to a block. */
export interface DecodedBlock {
  /** Its bytes, unless they are many or damaged. */
  readonly output: Bzip2Output;
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Bzip2Block>) => void) | null;
  postMessage(answer: DecodedBlock | Refusal, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: block }): void => {
  try {
    const output = decodeShortBlock(block);
    scope.postMessage({ output }, output === undefined || output === "long" ? [] : [output.buffer]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    scope.postMessage({ refused: error.message }, []);
  }
};
