import type { DeviceFailure } from "./device_failure.ts";

/** Runs between two fences. A fence is awaited at the next one, so at most twice as many runs are in flight. */
const RUNS_PER_FENCE = 8;

/** Bytes written without a run after which the queue is told to start copying, so that its staging memory stays bounded. */
const WRITES_PER_FLUSH = 64 * 2 ** 20;

/** The queue of a GPUDevice, with bounds to what waits in it. */
export class CommandQueue {
  readonly #queue: GPUQueue;
  readonly #failure: DeviceFailure;
  #runsSinceFence = 0;
  #fence: Promise<void> | undefined;
  #unsubmittedBytes = 0;

  /** Errors of the queue are recorded in `failure`. */
  constructor(queue: GPUQueue, failure: DeviceFailure) {
    this.#queue = queue;
    this.#failure = failure;
  }

  /** Enqueues a copy of `data` to `buffer`. */
  write(buffer: GPUBuffer, byteOffset: number, data: Float32Array | Int32Array | Uint32Array): void {
    // Shared memory is accepted too, though the type doesn't say so.
    this.#queue.writeBuffer(buffer, byteOffset, data as Float32Array<ArrayBuffer>);
    this.#unsubmittedBytes += data.byteLength;
    if (this.#unsubmittedBytes > WRITES_PER_FLUSH) this.submit([]);
  }

  /** Enqueues commands. */
  submit(commands: GPUCommandBuffer[]): void {
    this.#queue.submit(commands);
    this.#unsubmittedBytes = 0;
  }

  /**
   * Waits for the runs before the last ones, now and then. Deno's fence blocks until the queue is empty and then waits 10 ms: the
   * runs up to the next fence hide that wait.
   */
  async afterRun(): Promise<void> {
    if (++this.#runsSinceFence < RUNS_PER_FENCE) return;
    this.#runsSinceFence = 0;
    const previous = this.#fence;
    this.#fence = this.#queue.onSubmittedWorkDone().then(
      () => {},
      (error) => this.#failure.record(String(error)),
    );
    await previous;
    this.#failure.throwIfFailed();
  }
}
