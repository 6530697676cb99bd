import { decodeWithWasm, startWasmBzip2 } from "./wasm_bzip2.ts";

/** A message to the worker: a block framed as a stream, and the sizes of output to try. */
export interface WasmBzip2Request {
  readonly stream: Uint8Array<ArrayBuffer>;
  readonly sizes: readonly number[];
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WasmBzip2Request>) => void) | null;
  postMessage(message: Uint8Array | null, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
const wasm = startWasmBzip2();

scope.onmessage = async ({ data: { stream, sizes } }): Promise<void> => {
  const output = decodeWithWasm(await wasm, stream, sizes);
  scope.postMessage(output ?? null, output === undefined ? [] : [output.buffer as ArrayBuffer]);
};
