import type { Allocation, Device, Dispatch, DispatchTimes, Program, Scalars, View } from "../device.ts";
import { resolveSizes } from "../device.ts";
import { DeviceError } from "../device_error.ts";
import type { AdapterTraits, DType, SizeOf, SubgroupMatrix } from "../kernel.ts";
import { LiveDispatches } from "../live_dispatches.ts";
import { bindViews, checkViews } from "./bind_views.ts";
import { CommandQueue } from "./command_queue.ts";
import { DeviceFailure } from "./device_failure.ts";
import { DeviceMemory, ELEMENT_BYTES } from "./device_memory.ts";
import { choiceOfVariant } from "./kernel_choice.ts";
import { LiveSizes } from "./live_sizes.ts";
import { PipelineCache } from "./pipeline_cache.ts";
import { isSoftwareAdapter } from "./request.ts";
import { buildShader } from "./shader.ts";
import { type Pass, timePasses } from "./time_passes.ts";
import { tuningName, type TuningTable } from "./tuning_table.ts";
import { foldWorkgroups, MAX_WORKGROUPS } from "./workgroups.ts";

interface PreparedDispatch {
  readonly dispatch: Dispatch;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  /** Where its live sizes lie, in bytes. */
  readonly livePlace: number;
}

interface WebGPUProgram extends Program {
  readonly prepared: readonly PreparedDispatch[];
  readonly changes: LiveDispatches;
  /** As last resolved; undefined where there is nothing to do. */
  readonly passes: (Pass | undefined)[];
  readonly live: LiveSizes;
  readonly liveBuffer: GPUBuffer | undefined;
}

/** What a {@linkcode WebGPUDevice} may be told beside its adapter's name. */
export interface WebGPUDeviceOptions {
  /** Whose WebGPU it is; `webgpu`, Deno's own or a browser's, unless given. */
  readonly kind?: "webgpu" | "dawn";
  /** Whether the adapter computes on the processor; judged by its name unless given. */
  readonly software?: boolean;
  /** What the adapter's matrix units multiply; not used unless given. */
  readonly matrices?: SubgroupMatrix;
  /** Which variants of kernels to run, as far as it was measured; the built-in choice decides the rest. */
  readonly tuning?: TuningTable;
  /** Workgroups in one dimension of a grid: {@linkcode MAX_WORKGROUPS} but for tests. */
  readonly maxWorkgroups?: number;
}

/** Runs plans on a GPUDevice: Deno's own, a browser's, or Dawn's. It takes the device over. */
export class WebGPUDevice implements Device {
  readonly kind: "webgpu" | "dawn";
  readonly description: string;
  readonly choices: Readonly<Record<string, string>>;
  /** What the variants of kernels are chosen by. */
  readonly adapter: AdapterTraits;
  readonly #tuning: TuningTable;
  readonly #maxWorkgroups: number;
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
  readonly #device: GPUDevice;
  readonly #failure: DeviceFailure;
  readonly #pipelines: PipelineCache;
  readonly #queue: CommandQueue;
  readonly #memory: DeviceMemory;
  readonly #programs = new Map<Program, WebGPUProgram>();
  #liveBytes = 0;
  #encodeMilliseconds = 0;
  #destroyed = false;

  /** Takes over `device`. `description` names the adapter for people. */
  constructor(device: GPUDevice, description: string, options: WebGPUDeviceOptions = {}) {
    const { kind = "webgpu", tuning = {}, maxWorkgroups = MAX_WORKGROUPS } = options;
    this.#device = device;
    this.kind = kind;
    this.description = description;
    this.maxBufferBytes = device.limits.maxBufferSize;
    this.choices = { adapter: description, variants: tuningName(tuning) };
    this.adapter = {
      software: options.software ?? isSoftwareAdapter({ description, isFallbackAdapter: false }),
      maxWorkgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
      maxInvocations: device.limits.maxComputeInvocationsPerWorkgroup,
      features: device.features,
      ...(options.matrices && { matrices: options.matrices }),
    };
    this.#tuning = tuning;
    this.#maxWorkgroups = maxWorkgroups;
    this.maxBindingBytes = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
    this.#failure = new DeviceFailure(device);
    this.#queue = new CommandQueue(device.queue, this.#failure);
    this.#memory = new DeviceMemory(device, this.#queue, this.#failure);
    this.#pipelines = new PipelineCache(device);
  }

  get allocatedBytes(): number {
    return this.#memory.bytes + this.#liveBytes;
  }

  get encodeMilliseconds(): number {
    return this.#encodeMilliseconds;
  }

  /** Number of different pipelines compiled so far. */
  get pipelineCount(): number {
    return this.#pipelines.size;
  }

  /** Throws a {@linkcode DeviceError} when the adapter has no buffers of that size. */
  allocate(label: string, dtype: DType, length: number): Allocation {
    this.#check();
    const bytes = Math.max(length, 1) * ELEMENT_BYTES;
    if (bytes > this.maxBufferBytes) {
      throw new DeviceError(
        `${label} needs ${bytes} bytes, more than the ${this.maxBufferBytes} of a buffer on ${this.description}; use a smaller model or batch`,
      );
    }
    return this.#memory.allocate(label, dtype, length);
  }

  free(allocation: Allocation): void {
    if (!this.#destroyed) this.#memory.free(allocation);
  }

  /** Throws a RangeError when `data` doesn't fit. */
  write(allocation: Allocation, offset: number, data: Float32Array | Int32Array | Uint32Array): void {
    this.#check();
    this.#memory.write(allocation, offset, data);
  }

  async read(view: View): Promise<Float32Array | Int32Array | Uint32Array> {
    this.#check();
    const data = await this.#memory.read(view);
    this.#check();
    return data;
  }

  /**
   * Makes pipelines and bind groups. Throws a {@linkcode DeviceError} with compiler messages and WGSL when a kernel is refused, and
   * one that names the tensors when a dispatch binds memory in a way that WebGPU forbids or the adapter has no room for.
   */
  async compile(list: readonly Dispatch[]): Promise<Program> {
    this.#check();
    const dispatches = list.map((dispatch) => choiceOfVariant(dispatch, this.adapter, this.#tuning));
    const shaders = dispatches.map((dispatch) => {
      checkViews(dispatch, this.#memory, this);
      return buildShader(dispatch.kernel, dispatch.sizes);
    });
    const live = new LiveSizes(this.#device.limits.minUniformBufferOffsetAlignment);
    const places = dispatches.map((dispatch) => live.place(dispatch));
    const liveBuffer = live.words.length > 0
      ? this.#device.createBuffer({
        label: "live sizes",
        size: live.words.byteLength,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      })
      : undefined;
    const checks: Promise<void>[] = [];
    const prepared = dispatches.map((dispatch, i): PreparedDispatch => {
      const [shader, livePlace] = [shaders[i], places[i]];
      if (shader === undefined || livePlace === undefined) {
        throw new RangeError(`${dispatch.kernel.name} has no shader`);
      }
      const { pipeline, layout } = this.#pipelines.get(dispatch.kernel, shader, checks);
      const uniform = liveBuffer && { buffer: liveBuffer, offset: livePlace };
      const bindGroup = bindViews(this.#device, dispatch, layout, this.#memory, uniform, checks);
      return { dispatch, pipeline, bindGroup, livePlace };
    });
    // All of them, so that no later rejection is left unhandled; the first in order is a shader's before its bind group's.
    const failed = (await Promise.allSettled(checks)).find((check) => check.status === "rejected");
    try {
      if (failed) throw failed.reason;
      this.#check();
    } catch (error) {
      liveBuffer?.destroy();
      throw error;
    }
    const program: WebGPUProgram = {
      length: prepared.length,
      prepared,
      changes: new LiveDispatches(dispatches),
      passes: [],
      live,
      liveBuffer,
    };
    this.#liveBytes += liveBuffer?.size ?? 0;
    this.#programs.set(program, program);
    return program;
  }

  async run(program: Program, scalars: Scalars): Promise<void> {
    const begin = performance.now();
    const passes = this.#passes(program, scalars);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const one of passes) {
      if (!one) continue;
      pass.setPipeline(one.pipeline);
      pass.setBindGroup(0, one.bindGroup);
      pass.dispatchWorkgroups(...one.grid);
    }
    pass.end();
    const commands = encoder.finish();
    this.#encodeMilliseconds += performance.now() - begin; // software drivers compute within submit
    this.#queue.submit([commands]);
    await this.#queue.afterRun();
    this.#check();
  }

  /** With the feature `timestamp-query` each dispatch is a pass that the device times; without it, a submission that is awaited. */
  async profile(program: Program, scalars: Scalars): Promise<DispatchTimes> {
    const passes = this.#passes(program, scalars);
    try {
      return await timePasses(this.#device, passes);
    } finally {
      this.#check();
    }
  }

  /** What a run consists of, undefined where there is nothing to do; the live sizes are written. */
  #passes(program: Program, scalars: Scalars): (Pass | undefined)[] {
    this.#check();
    const known = this.#programs.get(program);
    if (!known) throw new RangeError("the program was released or belongs to another device");
    // Every size is resolved first: a scalar beyond its capacity must leave no half of the list enqueued.
    known.changes.update(scalars, (i) => {
      const prepared = known.prepared[i];
      if (!prepared) return;
      const { dispatch, pipeline, bindGroup, livePlace } = prepared;
      const sizes = resolveSizes(dispatch, scalars);
      const { kernel } = dispatch;
      known.live.resolve(livePlace, kernel, sizes);
      const grid = foldWorkgroups(
        kernel.name,
        kernel.workgroups(sizeOf(dispatch, sizes)),
        this.#maxWorkgroups,
      );
      known.passes[i] = grid && { pipeline, bindGroup, grid };
    });
    if (known.liveBuffer) this.#device.queue.writeBuffer(known.liveBuffer, 0, known.live.words);
    return known.passes;
  }

  release(program: Program): void {
    const known = this.#programs.get(program);
    if (!known || this.#destroyed) return;
    this.#programs.delete(program);
    this.#liveBytes -= known.liveBuffer?.size ?? 0;
    known.liveBuffer?.destroy();
  }

  destroy(): void {
    if (this.#destroyed) return;
    for (const program of this.#programs.values()) this.release(program);
    this.#memory.freeAll();
    this.#destroyed = true;
    this.#failure.close();
    this.#device.destroy();
  }

  #check(): void {
    if (this.#destroyed) throw new DeviceError("the WebGPU device was destroyed");
    this.#failure.throwIfFailed();
  }
}

function sizeOf({ kernel }: Dispatch, sizes: Readonly<Record<string, number>>): SizeOf {
  return (name) => {
    const size = sizes[name];
    if (size === undefined) throw new RangeError(`${kernel.name} has no size ${name}`);
    return size;
  };
}
