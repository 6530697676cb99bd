import { BLAS_MATMUL, blasMatmul } from "./blas_matmul.ts";
import { openSystemBlas } from "./system_blas.ts";
import { type KernelFunction, replay, type ReplayProgram } from "./replay.ts";

/** What the device tells a worker. */
export type WorkerRequest =
  | {
    type: "start";
    binary: Uint8Array<ArrayBuffer>;
    memory: WebAssembly.Memory;
    scratch: number;
    workers: number;
    failed: number;
    blas: boolean;
  }
  | { type: "program"; program: ReplayProgram }
  | { type: "run"; id: number; timed: boolean }
  | { type: "release"; id: number };

/** What a worker answers. */
export type WorkerAnswer =
  | { type: "ready" }
  | { type: "done"; stamps?: Float64Array }
  | { type: "failed"; message: string };

interface Prepared {
  readonly program: ReplayProgram;
  readonly functions: readonly KernelFunction[];
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(message: WorkerAnswer): void;
}

const scope = globalThis as unknown as WorkerScope;
const programs = new Map<number, Prepared>();
let start: Extract<WorkerRequest, { type: "start" }> | undefined;
let exports: Readonly<Record<string, unknown>> = {};

function answer(message: WorkerAnswer): void {
  scope.postMessage(message);
}

async function handle(request: WorkerRequest): Promise<void> {
  switch (request.type) {
    case "start": {
      start = request;
      const { instance } = await WebAssembly.instantiate(request.binary, {
        env: { memory: request.memory, abort: () => {} },
      });
      (instance.exports["set_scratch"] as (p: number) => void)(request.scratch);
      const blas = request.blas ? openSystemBlas(request.memory) : undefined;
      exports = {
        ...instance.exports,
        ...(blas && { [BLAS_MATMUL]: blasMatmul(request.memory, instance.exports, blas) }),
      };
      return answer({ type: "ready" });
    }
    case "program":
      programs.set(request.program.id, {
        program: request.program,
        functions: request.program.kernels.map((name) => exports[name] as KernelFunction),
      });
      return;
    case "release":
      programs.delete(request.id);
      return;
    case "run": {
      const prepared = programs.get(request.id);
      if (!start || !prepared) throw new Error(`program ${request.id} is not known`);
      const { functions, program } = prepared;
      const stamps = request.timed ? new Float64Array(functions.length + 1) : undefined;
      replay(start.memory, functions, program, start.workers, start.failed, stamps);
      return answer(stamps ? { type: "done", stamps } : { type: "done" });
    }
  }
}

scope.onmessage = async (event) => {
  try {
    await handle(event.data);
  } catch (error) {
    if (start) Atomics.store(new Int32Array(start.memory.buffer), start.failed >> 2, 1);
    answer({ type: "failed", message: String(error) });
  }
};
