import type { Allocation, Device } from "./device.ts";
import { type BatchCapacity, fits, type LukeBatch, planCapacity } from "./luke_batch.ts";
import { type LukeConfig, validateLukeConfig } from "./luke_config.ts";
import {
  type DecoderNames,
  ENTITY_DECODER,
  lukeParameters,
  withEntityAwareQueries,
  wordDecoder,
} from "./luke_parameters.ts";
import { type LoadedTensor, loadParameters, type LoadParametersOptions } from "./load_parameters.ts";
import { headMetrics, type LukeMetrics } from "./luke_metrics.ts";
import { LukePlan } from "./luke_plan.ts";
import type { AdamWOptions } from "./ops/adamw/adamw.ts";
import { dropoutKey } from "./ops/dropout/dropout.ts";
import { decodeLogits } from "./ops/linear_cross_entropy/decode_logits.ts";
import { type ChunkLimits, DEFAULT_LOGIT_BYTES } from "./ops/linear_cross_entropy/vocabulary_chunks.ts";
import type { Format } from "./ops/half/format.ts";
import { Optimizer, type OptimizerState } from "./optimizer.ts";
import { Parameters } from "./parameters.ts";
import { allocationTensor } from "./plan.ts";

/** How a network is trained. */
export interface LukeTrainingOptions {
  /** Micro-steps of a step; the gradients of a micro-step count 1 / this. */
  readonly gradientAccumulationSteps: number;
  /** Hyper-parameters of the update. */
  readonly optimizer: AdamWOptions;
  /** Keeps of each encoder layer only its input and computes the rest again in the reverse pass: less memory, more time, same bits. */
  readonly recompute?: boolean;
}

/** Options of {@linkcode LukeNetwork.create}. */
export interface LukeNetworkOptions {
  /** Widths that plans are made for; a batch goes to the smallest that holds it. */
  readonly capacities: readonly BatchCapacity[];
  /** Without it the network only evaluates and predicts. */
  readonly training?: LukeTrainingOptions;
  /**
   * Bytes that a head's logits may take at a time, 64 MiB unless told: larger vocabularies are decoded in chunks. The chunks are
   * part of the result's bits.
   */
  readonly logitBytes?: number;
  /**
   * What the operands of linear layers are rounded to, f32 unless told; sums, all else and the weights that are trained are f32.
   * With f16 the loss is scaled so that small gradients survive: a scale that is too high skips an update and halves.
   */
  readonly precision?: Format;
}

/** Hidden states of a batch. */
export interface HiddenStates {
  /** [rows, words, hidden] */
  readonly words: Float32Array;
  /** [rows, entities, hidden] */
  readonly entities: Float32Array;
}

/** Where and when in training a micro-step is: what its dropout is drawn from. */
export interface MicroStep {
  /** The run's seed. */
  readonly seed: number;
  /** 0-based optimizer step. */
  readonly step: number;
  /** 0-based micro-step of the step. */
  readonly microStep: number;
}

/**
 * LUKE for pretraining on a device: a transformer over words and entities with a masked word and a masked entity head
 * (Yamada et al. 2020), its gradients and AdamW. Entity-aware attention, for fine-tuning, is a matter of the configuration, and so
 * are networks of words only, such as BERT and RoBERTa.
 */
export class LukeNetwork implements AsyncDisposable {
  /** Its shape. */
  readonly config: LukeConfig;
  readonly #device: Device;
  readonly #options: LukeNetworkOptions;
  readonly #capacities: readonly BatchCapacity[];
  readonly #parameters: Parameters;
  readonly #metrics: Allocation;
  readonly #optimizer: Optimizer | undefined;
  readonly #plans = new Map<string, Promise<LukePlan>>();
  #microSteps = 0;

  private constructor(device: Device, config: LukeConfig, options: LukeNetworkOptions) {
    validateLukeConfig(config);
    this.config = config;
    this.#device = device;
    this.#options = options;
    const training = options.training !== undefined;
    this.#capacities = options.capacities.map((capacity) => planCapacity(capacity, config, training));
    this.#parameters = new Parameters(device, lukeParameters(config), training);
    this.#metrics = device.allocate("metrics", "f32", 64);
    this.#optimizer = options.training && new Optimizer(
      device,
      this.#parameters,
      options.training.optimizer,
      options.precision === "f16",
    );
  }

  /**
   * Allocates parameters and compiles the plans that training needs. Throws a RangeError on an impossible configuration and a
   * DeviceError where the device cannot hold or bind something.
   */
  static async create(device: Device, config: LukeConfig, options: LukeNetworkOptions): Promise<LukeNetwork> {
    const network = new LukeNetwork(device, config, options);
    try {
      if (options.training) {
        for (const capacity of network.#capacities) await network.#plan(capacity, true);
        await network.#optimizer?.compile();
      }
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
    return network;
  }

  /** Names and shapes of the parameters. */
  get parameterShapes(): ReadonlyMap<string, readonly number[]> {
    return this.#parameters.shapes;
  }

  /** Number of scalars in all parameters; tied weights count once. */
  get parameterCount(): number {
    return this.#parameters.count;
  }

  /**
   * Draws initial weights: N(0, initializer_range²), zero biases, unit layer norms; zeroes the moments' update count. Each parameter
   * draws for itself: with `only` that picks some, they get what they would get among all.
   */
  initialize(seed: number, only?: (name: string) => boolean): void {
    this.#parameters.initialize(seed, this.config.initializerRange, only);
    this.#optimizer?.restart();
  }

  get #chunks(): ChunkLimits {
    const { logitBytes = DEFAULT_LOGIT_BYTES } = this.#options;
    return { logitBytes, bindingBytes: this.#device.maxBindingBytes };
  }

  #plan(capacity: BatchCapacity, training: boolean, keepLayers = false): Promise<LukePlan> {
    const key = JSON.stringify([capacity, training, keepLayers]);
    let plan = this.#plans.get(key);
    if (!plan) {
      plan = LukePlan.create({
        device: this.#device,
        config: this.config,
        parameters: this.#parameters,
        capacity,
        metrics: allocationTensor(this.#metrics),
        training,
        recompute: this.#options.training?.recompute ?? false,
        gradientScale: 1 / (this.#options.training?.gradientAccumulationSteps ?? 1),
        precision: this.#options.precision ?? "f32",
        ...(this.#optimizer?.lossScale && { lossScale: this.#optimizer.lossScale }),
        chunks: this.#chunks,
        keepLayers,
      });
      this.#plans.set(key, plan);
      plan.catch(() => this.#plans.delete(key)); // there is nothing of it to dispose of
    }
    return plan;
  }

  #capacityFor(batch: LukeBatch): BatchCapacity {
    const size = (c: BatchCapacity): number => c.rows * (c.words + c.entities);
    const holding = this.#capacities.filter((capacity) => fits(batch, capacity))
      .sort((a, b) => size(a) - size(b));
    const capacity = holding[0] ?? this.#capacities.toSorted((a, b) => size(b) - size(a))[0];
    if (!capacity) throw new RangeError("the network has no capacity");
    return capacity;
  }

  #planFor(batch: LukeBatch, training: boolean, keepLayers = false): Promise<LukePlan> {
    return this.#plan(this.#capacityFor(batch), training, keepLayers);
  }

  /** Places for words and entities that are computed for a batch, padding included: its rows, as wide as the plan that it goes to. */
  computedPlaces(batch: LukeBatch): number {
    const { words, entities } = this.#capacityFor(batch);
    return batch.rows * (words + entities);
  }

  /** Forward and backward of one micro-step. Micro-step 0 replaces the gradients, later ones add to them. */
  async accumulate(batch: LukeBatch, at: MicroStep): Promise<void> {
    for (
      const [places, labels] of [
        [batch.maskedWordPositions, batch.maskedWordLabels],
        [batch.maskedEntityPositions, batch.maskedEntityLabels],
      ] as const
    ) {
      if (places.length !== labels.length) {
        throw new RangeError(`${places.length} masked places have ${labels.length} labels`);
      }
    }
    const plan = await this.#planFor(batch, true);
    await plan.run(batch, dropoutKey(at.seed, at.step, at.microStep), at.microStep === 0 ? 0 : 1);
    this.#microSteps++;
  }

  /** What updates the parameters. Throws a RangeError when the network was not made for training. */
  get #trained(): Optimizer {
    if (!this.#optimizer) throw new RangeError("the network was not made for training");
    return this.#optimizer;
  }

  /**
   * Clips the gradients and steps AdamW; a gradient that is not finite skips it on the device. Bias correction counts skipped
   * updates, too: the host does not wait to learn of them.
   */
  async update(learningRate: number): Promise<void> {
    await this.#trained.update(learningRate);
  }

  /** Compiles the plans of {@linkcode evaluate} now and not at the first batch. */
  async prepareEvaluation(): Promise<void> {
    for (const capacity of this.#capacities) await this.#plan(capacity, false);
  }

  /** Forward without dropout; adds to the metrics. */
  async evaluate(batch: LukeBatch): Promise<void> {
    await this.#evaluate(batch);
  }

  async #evaluate(batch: LukeBatch, keepLayers = false): Promise<LukePlan> {
    const plan = await this.#planFor(batch, false, keepLayers);
    await plan.run(batch, 0, 0);
    this.#microSteps++;
    return plan;
  }

  /** Logits [masked words, vocabulary] of a batch, without dropout. The batch needs no labels. */
  async wordLogits(batch: LukeBatch): Promise<Float32Array> {
    const places = batch.maskedWordPositions.length;
    const states = await (await this.#evaluate(batch)).readStates("wordStates", places);
    return await this.#decode(states, wordDecoder(this.config));
  }

  /** Logits [masked entities, entity vocabulary] of a batch, without dropout. The batch needs no labels. */
  async entityLogits(batch: LukeBatch): Promise<Float32Array> {
    const places = batch.maskedEntityPositions.length;
    const states = await (await this.#evaluate(batch)).readStates("entityStates", places);
    return places > 0 ? await this.#decode(states, ENTITY_DECODER) : states;
  }

  #decode(states: Float32Array, { table, bias }: DecoderNames): Promise<Float32Array> {
    const decoder = { table: this.#parameters.get(table).tensor, bias: this.#parameters.get(bias).tensor };
    return decodeLogits(this.#device, states, decoder, this.#chunks);
  }

  /** Last hidden states of a batch, without dropout. */
  async hiddenStates(batch: LukeBatch): Promise<HiddenStates> {
    const plan = await this.#evaluate(batch);
    const [last = new Float32Array()] = await plan.readHiddenStates(batch.rows);
    return this.#separate(last, batch, plan.capacity);
  }

  /** The embeddings of a batch and the hidden states of each layer, the last one last; without dropout. */
  async allHiddenStates(batch: LukeBatch): Promise<HiddenStates[]> {
    const plan = await this.#evaluate(batch, true);
    const layers = await plan.readHiddenStates(batch.rows);
    return layers.map((states) => this.#separate(states, batch, plan.capacity));
  }

  #separate(states: Float32Array, batch: LukeBatch, capacity: BatchCapacity): HiddenStates {
    const length = capacity.words + capacity.entities;
    const hidden = this.config.hiddenSize;
    const cut = (width: number, offset: number): Float32Array => {
      const part = new Float32Array(batch.rows * width * hidden);
      for (let row = 0; row < batch.rows; row++) {
        const begin = (row * length + offset) * hidden;
        part.set(states.subarray(begin, begin + width * hidden), row * width * hidden);
      }
      return part;
    };
    return { words: cut(batch.words, 0), entities: cut(batch.entities, capacity.words) };
  }

  /** The metrics since the last call, which are then zero. Waits for the device. */
  async readMetrics(): Promise<LukeMetrics> {
    const allocation = this.#metrics;
    const metrics = await this.#device.read({ allocation, offset: 0, length: allocation.length });
    this.#device.write(allocation, 0, new Float32Array(metrics.length));
    const norm = await this.#optimizer?.readNorm() ?? { gradNorm: 0, skippedUpdates: 0 };
    const microSteps = this.#microSteps;
    this.#microSteps = 0;
    return { ...headMetrics(metrics), microSteps, ...norm };
  }

  /** All parameters by Hugging Face name, row-major. */
  readParameters(): Promise<Map<string, Float32Array>> {
    return this.#parameters.read("value");
  }

  /**
   * Replaces all parameters; queries of entity-aware attention that are missing become copies of the layer's query. Throws a
   * RangeError that lists every missing, unknown and misshapen name.
   */
  writeParameters(values: ReadonlyMap<string, Float32Array>): void {
    this.#parameters.write("value", withEntityAwareQueries(values, this.config));
  }

  /** Elements [begin, end) of a parameter, all unless told, so that writers need not hold all parameters. */
  readParameter(name: string, begin?: number, end?: number): Promise<Float32Array> {
    return this.#parameters.readPiece("value", name, begin, end);
  }

  /**
   * Replaces the parameters by tensors that are read a few MiB at a time; queries of entity-aware attention that are missing become
   * copies of the layer's query. Throws a {@linkcode WeightsError} that lists every missing, unknown and misshapen name, and one at the
   * first element that is no finite number; the parameters before it are then replaced.
   */
  loadParameters(tensors: ReadonlyMap<string, LoadedTensor>, options?: LoadParametersOptions): void {
    loadParameters(this.#parameters, withEntityAwareQueries(tensors, this.config), options);
  }

  /** The gradients of the last micro-steps by name. */
  readGradients(): Promise<Map<string, Float32Array>> {
    return this.#parameters.read("gradient");
  }

  /** AdamW's moments by parameter name, and the loss scale. */
  async readOptimizerState(): Promise<OptimizerState> {
    return await this.#trained.read();
  }

  /**
   * Replaces AdamW's moments and, where there is one, the loss scale; `updates` is the number of updates behind them, which bias
   * correction counts from.
   */
  writeOptimizerState(state: OptimizerState, updates: number): void {
    this.#trained.write(state, updates);
  }

  /** Frees everything the network holds on its device. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const plan of this.#plans.values()) (await plan)[Symbol.dispose]();
    this.#plans.clear();
    this.#optimizer?.[Symbol.dispose]();
    this.#parameters.free();
    this.#device.free(this.#metrics);
  }
}
