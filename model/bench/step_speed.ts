import type { Device } from "../device.ts";
import { LukeNetwork } from "../luke_network.ts";
import type { LukeShape } from "../luke_shapes.ts";
import type { Format } from "../ops/half/format.ts";
import type { Ceiling } from "./ceiling.ts";
import { median } from "./contender.ts";
import { publishedPeak } from "./gpu_peaks.ts";
import { type KernelTime, kernelTimes, kindShares } from "./kernel_times.ts";
import { lukeStepFlops } from "./luke_flops.ts";
import { ProfilingDevice } from "./profiling_device.ts";
import { syntheticBatch } from "./synthetic_batch.ts";

/** AdamW as LUKE is pretrained. */
const OPTIMIZER = {
  betas: [0.9, 0.999],
  eps: 1e-6,
  weightDecay: 0.01,
  biasCorrection: false,
  maxGradNorm: 1,
} as const;

/** Rounds that a step's time is the median of. Each ends with a read, which waits for the device. */
const ROUNDS = 5;

/** Without a number given, all rounds together take about so long (ms). */
const BUDGET = 10_000;

/** Profiled steps that a dispatch's time is the median of. */
const PROFILED_STEPS = 3;

/** How a network that is measured trains; see {@linkcode LukeNetworkOptions}. */
export interface StepSettings {
  /** What the operands of linear layers are rounded to. */
  readonly precision?: Format;
  /** Computes activations again in the reverse pass. */
  readonly recompute?: boolean;
}

/** A LUKE with a batch, ready to be trained on. */
export class StepRunner implements AsyncDisposable {
  readonly #device: ProfilingDevice;
  readonly #network: LukeNetwork;
  readonly #step: (step: number) => Promise<void>;
  #steps = 0;

  private constructor(device: ProfilingDevice, network: LukeNetwork, step: (step: number) => Promise<void>) {
    this.#device = device;
    this.#network = network;
    this.#step = step;
  }

  /** Makes the network with random weights, and a batch of its shape. */
  static async create(
    device: Device,
    { config, capacity }: LukeShape,
    { precision = "f32", recompute = false }: StepSettings = {},
  ): Promise<StepRunner> {
    const profiling = new ProfilingDevice(device);
    const network = await LukeNetwork.create(profiling, config, {
      capacities: [capacity],
      precision,
      training: { gradientAccumulationSteps: 1, optimizer: OPTIMIZER, recompute },
    });
    network.initialize(1);
    const batch = syntheticBatch(config, capacity, 1);
    return new StepRunner(profiling, network, async (step) => {
      await network.accumulate(batch, { seed: 1, step, microStep: 0 });
      await network.update(1e-4);
    });
  }

  /** Scalars in all parameters. */
  get parameterCount(): number {
    return this.#network.parameterCount;
  }

  /** Dispatches of a step. */
  get dispatchCount(): number {
    return this.#device.dispatchCount;
  }

  /** Trains for `count` steps and waits for the device. Milliseconds a step. */
  async run(count: number): Promise<number> {
    const begin = performance.now();
    for (let i = 0; i < count; i++) await this.#step(this.#steps++);
    await this.#network.readMetrics();
    return (performance.now() - begin) / count;
  }

  /** Milliseconds that the host works for a step: laying the batch out and writing it, and encoding commands. */
  async hostTimes(count: number): Promise<{ batch: number; encode: number }> {
    const batch: number[] = [];
    const encode: number[] = [];
    for (let i = 0; i < count; i++) {
      const begin = performance.now();
      const encoded = this.#device.encodeMilliseconds;
      this.#device.forgetRuns();
      await this.#step(this.#steps++);
      batch.push((this.#device.firstRunBegan ?? NaN) - begin);
      encode.push(this.#device.encodeMilliseconds - encoded);
    }
    await this.#network.readMetrics();
    return { batch: median(batch), encode: median(encode) };
  }

  /** Times every dispatch of a step. */
  async profile(ceiling: Ceiling): Promise<KernelTime[]> {
    const steps = [];
    for (let i = 0; i < PROFILED_STEPS; i++) {
      steps.push(await this.#device.profiling(() => this.#step(this.#steps++)));
    }
    return kernelTimes(steps, ceiling);
  }

  /** Frees the network. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network[Symbol.asyncDispose]();
  }
}

/** What a benchmark of whole steps has found. */
export interface StepReport {
  /** Scalars in all parameters. */
  readonly parameters: number;
  /** Bytes on the device: parameters, their state, activations. */
  readonly deviceBytes: number;
  /** Dispatches of a step. */
  readonly dispatches: number;
  /** Milliseconds of a step, the median of rounds. */
  readonly milliseconds: number;
  /** Steps that were timed. */
  readonly steps: number;
  /** Words trained on per second. */
  readonly tokensPerSecond: number;
  /** Operations of a step that the model needs: {@linkcode lukeStepFlops}. */
  readonly modelFlops: number;
  /** GFLOP/s of the model. */
  readonly gflops: number;
  /** Model FLOP utilisation: of the measured ceiling, and of the published f32 and bf16 peaks where they are known. */
  readonly mfu: { readonly measured: number; readonly f32?: number; readonly bf16?: number };
  /** Milliseconds of the host for a step. */
  readonly host: { readonly batch: number; readonly encode: number };
  /** Share of the time by kind of op. */
  readonly kinds: readonly (readonly [kind: string, share: number])[];
  /** Every kernel, slowest first. */
  readonly kernels: readonly KernelTime[];
}

/** Measures training steps of a shape. `steps` is their number, by default as many as take about ten seconds. */
export async function benchSteps(
  device: Device,
  shape: LukeShape,
  ceiling: Ceiling,
  options: StepSettings & { steps?: number; progress?: (done: number, total: number) => void } = {},
): Promise<StepReport> {
  const before = device.allocatedBytes;
  await using runner = await StepRunner.create(device, shape, options);
  await runner.run(1);
  const first = await runner.run(1);
  const steps = options.steps ?? Math.min(500, Math.max(3, Math.round(BUDGET / first)));
  const rounds = Math.min(ROUNDS, steps);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    options.progress?.(round, rounds + 2);
    times.push(await runner.run(Math.ceil(steps / rounds)));
  }
  options.progress?.(rounds, rounds + 2);
  const host = await runner.hostTimes(first > 1000 ? 2 : 9);
  options.progress?.(rounds + 1, rounds + 2);
  const kernels = await runner.profile(ceiling);

  const milliseconds = median(times);
  const modelFlops = lukeStepFlops(shape.config, shape.capacity);
  const gflops = modelFlops / milliseconds / 1e6;
  const peak = publishedPeak(device.description);
  return {
    parameters: runner.parameterCount,
    deviceBytes: device.allocatedBytes - before,
    dispatches: runner.dispatchCount,
    milliseconds,
    steps: rounds * Math.ceil(steps / rounds),
    tokensPerSecond: shape.capacity.rows * shape.capacity.words / milliseconds * 1000,
    modelFlops,
    gflops,
    mfu: {
      measured: gflops / ceiling.gflops,
      ...(peak ? { f32: gflops / peak.f32 / 1000, bf16: gflops / peak.bf16 / 1000 } : {}),
    },
    host,
    kinds: kindShares(kernels),
    kernels,
  };
}
