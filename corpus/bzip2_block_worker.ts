import type { Refusal } from "./answering_worker.ts";
import { type Bzip2Block, decodeBzip2Block } from "./bzip2_block.ts";
import { UserError } from "./user_error.ts";

/** What the worker answers to a block. */
export interface DecodedBlock {
  /** Its bytes; undefined when it is damaged. */
  readonly output: Uint8Array<ArrayBuffer> | undefined;
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Bzip2Block>) => void) | null;
  postMessage(answer: DecodedBlock | Refusal, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: block }): void => {
  try {
    const output = decodeBzip2Block(block);
    scope.postMessage({ output }, output === undefined ? [] : [output.buffer]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    scope.postMessage({ refused: error.message }, []);
  }
};
