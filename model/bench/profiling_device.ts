import type { Allocation, Device, Dispatch, DispatchTimes, Program, Scalars, View } from "../device.ts";
import type { DType } from "../kernel.ts";

/** One run that was timed dispatch by dispatch. */
export interface ProfiledRun {
  /** The list that ran. */
  readonly dispatches: readonly Dispatch[];
  /** What its live sizes were read from. */
  readonly scalars: Scalars;
  /** Where the time went. */
  readonly times: DispatchTimes;
}

/**
 * A device that passes everything on to another and, while asked to, runs programs by {@linkcode Device.profile}: so a whole
 * network is timed without knowing of it. Whoever made the other device destroys it.
 */
export class ProfilingDevice implements Device {
  readonly #inner: Device;
  readonly #dispatches = new Map<Program, readonly Dispatch[]>();
  #profiled: ProfiledRun[] | undefined;
  #firstRunBegan: number | undefined;

  /** Wraps `inner`. */
  constructor(inner: Device) {
    this.#inner = inner;
  }

  get kind(): Device["kind"] {
    return this.#inner.kind;
  }

  get description(): string {
    return this.#inner.description;
  }

  get choices(): Device["choices"] {
    return this.#inner.choices;
  }

  get maxBindingBytes(): number {
    return this.#inner.maxBindingBytes;
  }

  get maxBufferBytes(): number {
    return this.#inner.maxBufferBytes;
  }

  get allocatedBytes(): number {
    return this.#inner.allocatedBytes;
  }

  get encodeMilliseconds(): number {
    return this.#inner.encodeMilliseconds;
  }

  /** When the first run since {@linkcode forgetRuns} began, on the clock of `performance.now()`. */
  get firstRunBegan(): number | undefined {
    return this.#firstRunBegan;
  }

  /** Makes the next run the first. */
  forgetRuns(): void {
    this.#firstRunBegan = undefined;
  }

  /** Dispatches in all programs compiled and not released. */
  get dispatchCount(): number {
    return this.#dispatches.values().reduce((sum, { length }) => sum + length, 0);
  }

  /** Times all runs that `work` starts. */
  async profiling(work: () => Promise<void>): Promise<readonly ProfiledRun[]> {
    const runs: ProfiledRun[] = [];
    this.#profiled = runs;
    try {
      await work();
    } finally {
      this.#profiled = undefined;
    }
    return runs;
  }

  allocate(label: string, dtype: DType, length: number): Allocation {
    return this.#inner.allocate(label, dtype, length);
  }

  free(allocation: Allocation): void {
    this.#inner.free(allocation);
  }

  write(allocation: Allocation, offset: number, data: Float32Array | Int32Array | Uint32Array): void {
    this.#inner.write(allocation, offset, data);
  }

  read(view: View): Promise<Float32Array | Int32Array | Uint32Array> {
    return this.#inner.read(view);
  }

  async compile(dispatches: readonly Dispatch[]): Promise<Program> {
    const program = await this.#inner.compile(dispatches);
    this.#dispatches.set(program, dispatches);
    return program;
  }

  async run(program: Program, scalars: Scalars): Promise<void> {
    this.#firstRunBegan ??= performance.now();
    if (!this.#profiled) return await this.#inner.run(program, scalars);
    const times = await this.#inner.profile(program, scalars);
    this.#profiled.push({ dispatches: this.#dispatches.get(program) ?? [], scalars, times });
  }

  profile(program: Program, scalars: Scalars): Promise<DispatchTimes> {
    return this.#inner.profile(program, scalars);
  }

  release(program: Program): void {
    this.#dispatches.delete(program);
    this.#inner.release(program);
  }

  destroy(): void {}
}
