import type { Allocation, Device } from "./device.ts";
import { type AdamWOptions, OPTIMIZER_STATE } from "./ops/adamw/adamw.ts";
import type { Parameters } from "./parameters.ts";
import { allocationTensor, type Plan, type Tensor } from "./plan.ts";
import { compileUpdate } from "./update_plan.ts";

/** The scale of the loss at f16: doubled after so many updates without a skipped one; PyTorch's GradScaler begins and does so too. */
const INITIAL_LOSS_SCALE = 2 ** 16;
const GROWTH_INTERVAL = 2000;

/** How the loss is scaled. */
export interface LossScale {
  /** What gradients are multiplied with; a power of two. */
  readonly scale: number;
  /** Updates since it changed. */
  readonly updates: number;
}

/** The moments of AdamW by parameter name. */
export interface OptimizerState {
  /** First moments. */
  readonly expAvg: Map<string, Float32Array>;
  /** Second moments. */
  readonly expAvgSq: Map<string, Float32Array>;
  /** At f16 alone. */
  readonly lossScale?: LossScale;
}

/** AdamW over all parameters on a device, with the scale of the loss where gradients carry one. */
export class Optimizer implements Disposable {
  readonly #device: Device;
  readonly #parameters: Parameters;
  readonly #options: AdamWOptions;
  readonly #state: Allocation;
  readonly #scalesLoss: boolean;
  #plan: Plan | undefined;
  #updates = 0;

  /** `parameters` have gradients and moments. */
  constructor(device: Device, parameters: Parameters, options: AdamWOptions, scalesLoss: boolean) {
    this.#device = device;
    this.#parameters = parameters;
    this.#options = options;
    this.#scalesLoss = scalesLoss;
    this.#state = device.allocate("optimizer state", "f32", 64);
    if (scalesLoss) this.#writeLossScale({ scale: INITIAL_LOSS_SCALE, updates: 0 });
  }

  /** What the loss is multiplied with, for the plans that make gradients; undefined where it is not. */
  get lossScale(): Tensor | undefined {
    return this.#scalesLoss ? allocationTensor(this.#state) : undefined;
  }

  /** Prepares the update. */
  async compile(): Promise<void> {
    const interval = this.#scalesLoss ? GROWTH_INTERVAL : 0;
    this.#plan = await compileUpdate(this.#device, this.#parameters, this.#state, this.#options, interval);
  }

  /** Counts updates from 0 again. */
  restart(): void {
    this.#updates = 0;
  }

  /**
   * Clips the gradients and steps; a gradient that is not finite skips it on the device. Bias correction counts skipped updates, too:
   * the host does not wait to learn of them.
   */
  async update(learningRate: number): Promise<void> {
    const { betas, biasCorrection } = this.#options;
    const step = ++this.#updates;
    const correction = (beta: number): number => biasCorrection ? 1 - beta ** step : 1;
    this.#device.write(
      this.#state,
      OPTIMIZER_STATE.learningRate,
      Float32Array.of(learningRate, correction(betas[0]), correction(betas[1])),
    );
    await this.#plan?.run({});
  }

  /** The gradient norm of the last update before clipping, and the updates skipped since the last call. */
  async readNorm(): Promise<{ gradNorm: number; skippedUpdates: number }> {
    const state = await this.#readState();
    this.#device.write(this.#state, OPTIMIZER_STATE.skippedUpdates, new Float32Array(1));
    return {
      gradNorm: state[OPTIMIZER_STATE.gradNorm] ?? NaN,
      skippedUpdates: state[OPTIMIZER_STATE.skippedUpdates] ?? NaN,
    };
  }

  /** The moments by parameter name, and the loss scale. */
  async read(): Promise<OptimizerState> {
    const moments = {
      expAvg: await this.#parameters.read("expAvg"),
      expAvgSq: await this.#parameters.read("expAvgSq"),
    };
    if (!this.#scalesLoss) return moments;
    const state = await this.#readState();
    const [scale = NaN, updates = NaN] = [
      state[OPTIMIZER_STATE.lossScale],
      state[OPTIMIZER_STATE.updatesAtScale],
    ];
    return { ...moments, lossScale: { scale, updates } };
  }

  /** Replaces the moments and, where there is one, the loss scale; `updates` is the number of updates behind them. */
  write(state: OptimizerState, updates: number): void {
    this.#parameters.write("expAvg", state.expAvg);
    this.#parameters.write("expAvgSq", state.expAvgSq);
    this.#updates = updates;
    if (this.#scalesLoss && state.lossScale) this.#writeLossScale(state.lossScale);
  }

  #readState(): Promise<Float32Array | Int32Array | Uint32Array> {
    return this.#device.read({ allocation: this.#state, offset: 0, length: OPTIMIZER_STATE.length });
  }

  #writeLossScale({ scale, updates }: LossScale): void {
    this.#device.write(this.#state, OPTIMIZER_STATE.lossScale, Float32Array.of(scale, updates));
  }

  /** Frees its memory; moments are the parameters'. */
  [Symbol.dispose](): void {
    this.#plan?.[Symbol.dispose]();
    this.#device.free(this.#state);
  }
}
