/** A worker of `BatchWorkers`: it opens the data sets, then makes the micro-batches that it is asked for. */
import { type Refusal, UserError } from "@lukeforge/corpus";
import type { LukeBatch } from "@lukeforge/model";
import { type BatchMaterials, openPretrainingSource } from "./open_pretraining_source.ts";
import type { PretrainingSource } from "./pretraining_source.ts";

/** What a worker is sent: first the materials, then the places of micro-batches. */
export type BatchRequest = BatchMaterials | { readonly step: number; readonly microStep: number };

/** What a worker answers to a place. */
export interface MadeBatch {
  /** The micro-batch. */
  readonly batch: LukeBatch;
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<BatchRequest>) => void) | null;
  postMessage(message: MadeBatch | Refusal, transfer: ArrayBufferLike[]): void;
}

const scope = globalThis as unknown as WorkerScope;
let materials: BatchMaterials | undefined;
let source: PretrainingSource | undefined;

scope.onmessage = ({ data }) => {
  if ("recipe" in data) {
    materials = data;
    return;
  }
  try {
    if (materials === undefined) throw new Error("asked for a batch before the materials were sent");
    source ??= openPretrainingSource(materials);
    const batch = source.microBatch(data.step, data.microStep);
    scope.postMessage({ batch }, buffersOf(batch));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    scope.postMessage({ refused: error.message }, []);
  }
};

function buffersOf(batch: LukeBatch): ArrayBufferLike[] {
  const arrays = Object.values(batch).filter((value) => ArrayBuffer.isView(value));
  return [...new Set(arrays.map(({ buffer }) => buffer))];
}
