import type { Allocation, Device, Dispatch, DispatchTimes, Program, Scalars, View } from "../device.ts";
import { resolveSizes } from "../device.ts";
import { DeviceError } from "../device_error.ts";
import type { DType } from "../kernel.ts";
import type { BlasChoice } from "./blas_choice.ts";
import { BLAS_MATMUL, blasMatmul, blasTiles, fitsBlas } from "./blas_matmul.ts";
import { LiveDispatches } from "../live_dispatches.ts";
import { loadKernels } from "./compile_kernels.ts";
import type { WorkerAnswer, WorkerRequest } from "./cpu_worker.ts";
import { type KernelFunction, replay, type ReplayProgram } from "./replay.ts";
import { SharedHeap } from "./shared_heap.ts";
import { startWorker } from "./start_worker.ts";
import { openSystemBlas, type SystemBlas } from "./system_blas.ts";

/** Memory of the {@linkcode CpuDevice}. */
export interface CpuAllocation extends Allocation {
  /** Byte offset in the shared memory. */
  readonly address: number;
}

/** A program of the {@linkcode CpuDevice}. */
export interface CpuProgram extends Program {
  /** What workers get. */
  readonly replay: ReplayProgram;
  /** The recorded list. */
  readonly dispatches: readonly Dispatch[];
  /** Which of them a run has to resolve. */
  readonly live: LiveDispatches;
  /** Addresses to free with the program. */
  readonly memory: readonly number[];
  /** The kernel of each dispatch on the calling thread. */
  readonly functions: readonly KernelFunction[];
}

/** Options of {@linkcode CpuDevice.create}. */
export interface CpuDeviceOptions {
  /** Workers; by default one a core. With 1 the kernels run on the calling thread. */
  readonly threads?: number;
  /** What computes products; the default is `wasm`. */
  readonly blas?: BlasChoice;
}

/**
 * Runs plans on the processor: WebAssembly SIMD kernels (AssemblyScript beside each op, compiled on first use) spread over
 * workers that share one memory. Needs nothing installed. The bits of a result do not depend on the number of workers.
 */
export class CpuDevice implements Device {
  readonly kind = "cpu";
  readonly description: string;
  readonly choices: Readonly<Record<string, string | number | boolean>>;
  readonly maxBindingBytes: number = 2 ** 32 - 131072;
  readonly maxBufferBytes: number = 2 ** 32 - 131072;
  readonly #heap: SharedHeap;
  readonly #exports: Readonly<Record<string, unknown>>;
  readonly #blas: boolean;
  readonly #workers: readonly Worker[];
  readonly #threads: number;
  readonly #failed: number;
  #programs = 0;
  #encodeMilliseconds = 0;
  #running = 0;
  #failure: DeviceError | undefined;
  #finish:
    | { resolve: (stamps: Float64Array | undefined) => void; reject: (error: DeviceError) => void }
    | undefined;

  private constructor(
    heap: SharedHeap,
    exports: WebAssembly.Exports,
    workers: readonly Worker[],
    threads: number,
    failed: number,
    blas: SystemBlas | undefined,
  ) {
    this.#heap = heap;
    this.#exports = {
      ...exports,
      ...(blas && { [BLAS_MATMUL]: blasMatmul(heap.memory, exports, blas) }),
    };
    this.#blas = blas !== undefined;
    this.choices = { kernels: "relaxed-simd", blas: blas?.config ?? "wasm" };
    this.#workers = workers;
    this.#threads = threads;
    this.#failed = failed;
    this.description = `cpu, ${threads} ${threads === 1 ? "thread" : "threads"}, WebAssembly SIMD${
      blas ? ", OpenBLAS" : ""
    }`;
    for (const worker of workers) {
      worker.onmessage = (event: MessageEvent<WorkerAnswer>) => {
        if (event.data.type === "failed") this.#fail(event.data.message);
        if (event.data.type === "done" && --this.#running === 0) this.#finish?.resolve(event.data.stamps);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        this.#fail(event.message);
      };
    }
  }

  /** Starts the workers. Throws a DeviceError when `blas` is `system` and the system has none. */
  static async create(options: CpuDeviceOptions = {}): Promise<CpuDevice> {
    const threads = options.threads ?? navigator.hardwareConcurrency;
    if (!Number.isInteger(threads) || threads < 1) {
      throw new DeviceError(`threads must be a positive integer, got ${threads}`);
    }
    const binary = await loadKernels();
    const heap = new SharedHeap();
    const { blas: choice = "wasm" } = options;
    const blas = choice === "wasm" ? undefined : openSystemBlas(heap.memory);
    if (choice === "system" && !blas) {
      throw new DeviceError(
        "--blas system: there is no OpenBLAS: install it (Debian: apt-get install libopenblas0-pthread) and allow FFI; or use --blas wasm",
      );
    }
    const { instance } = await WebAssembly.instantiate(binary, {
      env: { memory: heap.memory, abort: () => {} },
    });
    const scratchBytes = (instance.exports["SCRATCH_BYTES"] as WebAssembly.Global).value;
    const failed = heap.allocate(4);
    const scratch = Array.from({ length: threads }, () => heap.allocate(scratchBytes));
    if (threads === 1) (instance.exports["set_scratch"] as (p: number) => void)(scratch[0] ?? 0);
    const start = {
      type: "start",
      binary,
      memory: heap.memory,
      workers: threads,
      failed,
      blas: blas !== undefined,
    } as const;
    const workers = threads === 1
      ? []
      : await Promise.all(scratch.map((address) => startWorker({ ...start, scratch: address })));
    return new CpuDevice(heap, instance.exports, workers, threads, failed, blas);
  }

  /** Bytes of the shared memory in use. */
  get allocatedBytes(): number {
    return this.#heap.allocatedBytes;
  }

  get encodeMilliseconds(): number {
    return this.#encodeMilliseconds;
  }

  #fail(message: string): void {
    this.#failure ??= new DeviceError(`the cpu device has failed: ${message}`);
    this.#finish?.reject(this.#failure);
  }

  #check(): void {
    if (this.#failure) throw this.#failure;
  }

  #send(request: WorkerRequest): void {
    for (const worker of this.#workers) worker.postMessage(request);
  }

  allocate(label: string, dtype: DType, length: number): CpuAllocation {
    this.#check();
    try {
      return { label, dtype, length, address: this.#heap.allocate(length * 4) };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new DeviceError(
        `no memory for ${label}: ${error.message}; use a smaller batch, model or entity vocabulary`,
      );
    }
  }

  free(allocation: CpuAllocation): void {
    this.#heap.free(allocation.address);
  }

  write(allocation: CpuAllocation, offset: number, data: Float32Array | Int32Array | Uint32Array): void {
    if (offset + data.length > allocation.length) {
      throw new RangeError(`${allocation.label} has ${allocation.length} elements`);
    }
    const from = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(this.#heap.memory.buffer, allocation.address + offset * 4, data.byteLength).set(from);
  }

  read(view: View): Promise<Float32Array | Int32Array | Uint32Array> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { address, dtype } = view.allocation as CpuAllocation;
    const bytes = new Uint8Array(view.length * 4);
    bytes.set(new Uint8Array(this.#heap.memory.buffer, address + view.offset * 4, view.length * 4));
    if (dtype === "f32") return Promise.resolve(new Float32Array(bytes.buffer));
    return Promise.resolve(dtype === "i32" ? new Int32Array(bytes.buffer) : new Uint32Array(bytes.buffer));
  }

  compile(dispatches: readonly Dispatch[]): Promise<CpuProgram> {
    this.#check();
    const names = dispatches.map((dispatch) =>
      this.#blas && fitsBlas(dispatch) ? BLAS_MATMUL : dispatch.kernel.cpu ?? dispatch.kernel.name
    );
    const functions = names.map((name) => {
      const found = this.#exports[name];
      if (typeof found !== "function") throw new DeviceError(`there is no cpu kernel ${name}`);
      return found as KernelFunction;
    });
    const words = dispatches.map(({ kernel }) => kernel.bindings.length + kernel.sizes.length);
    const parameters = this.#heap.allocate(4 * words.reduce((a, b) => a + b, 0));
    const control = this.#heap.allocate(4 * 3 * Math.max(dispatches.length, 1));
    const memory = new Uint32Array(this.#heap.memory.buffer);
    const blocks: number[] = [];
    let block = parameters;
    dispatches.forEach(({ views }, i) => {
      blocks.push(block);
      views.forEach((view, j) => {
        memory[(block >>> 2) + j] = (view.allocation as CpuAllocation).address + view.offset * 4;
      });
      block += 4 * (words[i] ?? 0);
    });
    const program: ReplayProgram = {
      id: this.#programs++,
      kernels: names,
      blocks,
      control,
    };
    this.#send({ type: "program", program });
    return Promise.resolve({
      length: dispatches.length,
      replay: program,
      dispatches,
      live: new LiveDispatches(dispatches),
      memory: [parameters, control],
      functions,
    });
  }

  async run(program: CpuProgram, scalars: Scalars): Promise<void> {
    await this.#replay(program, scalars, false);
  }

  async profile(program: CpuProgram, scalars: Scalars): Promise<DispatchTimes> {
    const stamps = await this.#replay(program, scalars, true);
    const milliseconds = new Float64Array(program.length);
    if (stamps) milliseconds.forEach((_, i) => milliseconds[i] = (stamps[i + 1] ?? NaN) - (stamps[i] ?? NaN));
    return { milliseconds, clock: "device" };
  }

  /** Runs a program; when `timed`, resolves to the times that a worker has seen at its barriers. */
  async #replay(program: CpuProgram, scalars: Scalars, timed: boolean): Promise<Float64Array | undefined> {
    this.#check();
    if (this.#finish) throw new DeviceError("the cpu device is running; await one run before the next");
    const begin = performance.now();
    this.#writeSizes(program, scalars);
    this.#encodeMilliseconds += performance.now() - begin;
    if (this.#threads === 1) {
      const stamps = timed ? new Float64Array(program.length + 1) : undefined;
      try {
        replay(this.#heap.memory, program.functions, program.replay, 1, this.#failed, stamps);
      } catch (error) {
        this.#fail(String(error));
        this.#check();
      }
      return stamps;
    }
    return await new Promise<Float64Array | undefined>((resolve, reject) => {
      this.#finish = { resolve, reject };
      this.#running = this.#threads;
      this.#send({ type: "run", id: program.replay.id, timed });
    }).finally(() => this.#finish = undefined);
  }

  #writeSizes(program: CpuProgram, scalars: Scalars): void {
    const integers = new Uint32Array(this.#heap.memory.buffer);
    const floats = new Float32Array(this.#heap.memory.buffer);
    const { blocks, control } = program.replay;
    const length = program.dispatches.length;
    const tileCounts = control >>> 2;
    integers.fill(0, tileCounts + length, tileCounts + 3 * length);
    program.live.update(scalars, (i) => {
      const dispatch = program.dispatches[i];
      if (!dispatch) return;
      const { kernel } = dispatch;
      const sizes = resolveSizes(dispatch, scalars);
      const first = ((blocks[i] ?? 0) >>> 2) + kernel.bindings.length;
      kernel.sizes.forEach((name, j) => {
        const value = sizes[name] ?? 0;
        if (kernel.floats?.includes(name)) floats[first + j] = value;
        else integers[first + j] = value;
      });
      const tiles = program.replay.kernels[i] === BLAS_MATMUL ? blasTiles : kernel.tiles;
      integers[tileCounts + i] = tiles((name) => sizes[name] ?? 0);
    });
  }

  release(program: CpuProgram): void {
    this.#send({ type: "release", id: program.replay.id });
    for (const address of program.memory) this.#heap.free(address);
  }

  destroy(): void {
    for (const worker of this.#workers) worker.terminate();
    this.#failure ??= new DeviceError("the cpu device has been destroyed");
  }
}
