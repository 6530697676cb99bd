/** A worker of `BatchWorkers`: it opens the data sets, then makes the micro-batches that it is asked for. */
import { UserError } from "@lukeforge/corpus";
import type { LukeBatch } from "@lukeforge/model";
import { type BatchMaterials, openPretrainingSource } from "./open_pretraining_source.ts";
import type { PretrainingSource } from "./pretraining_source.ts";

/** What a worker is sent: first the materials, then the places of micro-batches. */
export type BatchRequest = BatchMaterials | { readonly step: number; readonly microStep: number };

/** What a worker answers each place with, in the order of the questions. */
export type BatchAnswer = { readonly batch: LukeBatch } | {
  readonly error: string;
  /** Whether the user can mend it. */
  readonly isUsers: boolean;
};

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<BatchRequest>) => void) | null;
  postMessage(message: BatchAnswer, transfer: ArrayBufferLike[]): void;
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
    const message = error instanceof Error ? error.message : String(error);
    scope.postMessage({ error: message, isUsers: error instanceof UserError }, []);
  }
};

function buffersOf(batch: LukeBatch): ArrayBufferLike[] {
  const arrays = Object.values(batch).filter((value) => ArrayBuffer.isView(value));
  return [...new Set(arrays.map(({ buffer }) => buffer))];
}
