import { DeviceError } from "../device_error.ts";
import type { WorkerAnswer, WorkerRequest } from "./cpu_worker.ts";

/** Starts a worker of the cpu device and waits until it is ready. Rejects with a DeviceError when it does not start. */
export function startWorker(request: WorkerRequest & { readonly type: "start" }): Promise<Worker> {
  const worker = new Worker(new URL("./cpu_worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<WorkerAnswer>) => {
      if (event.data.type === "failed") reject(new DeviceError(event.data.message));
      else resolve(worker);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new DeviceError(`a cpu worker does not start: ${event.message}`));
    };
    worker.postMessage(request);
  });
}
