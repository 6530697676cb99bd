import type { Device } from "./device.ts";
import type { BatchCapacity, LukeBatch } from "./luke_batch.ts";
import type { LukeConfig } from "./luke_config.ts";
import { encodeLukeBatch } from "./luke_inputs.ts";
import { declareLukeInputs, type LukeInputs } from "./luke_plan_inputs.ts";
import { fillZero } from "./ops/accumulate/accumulate.ts";
import { writeLookup } from "./ops/embedding/embedding.ts";
import type { Format } from "./ops/half/format.ts";
import { type Plan, PlanBuilder, type Tensor } from "./plan.ts";
import { type LukeOutputs, recordLuke, type RecordLukeOptions } from "./record_luke.ts";

/** What making a LUKE plan needs. */
export interface LukePlanOptions extends RecordLukeOptions {
  readonly device: Device;
  /** Records gradients and dropout. */
  readonly training: boolean;
  /** Computes the activations of each encoder layer again in the reverse pass instead of keeping them. */
  readonly recompute: boolean;
  /** What the operands of linear layers are rounded to. */
  readonly precision: Format;
}

/** A LUKE network of one capacity as a plan: embeddings, encoder, heads and, when training, the reverse pass. */
export class LukePlan implements Disposable {
  readonly capacity: BatchCapacity;
  readonly #config: LukeConfig;
  readonly #plan: Plan;
  readonly #inputs: LukeInputs;
  readonly #outputs: LukeOutputs;

  private constructor(options: LukePlanOptions, plan: Plan, inputs: LukeInputs, outputs: LukeOutputs) {
    this.capacity = options.capacity;
    this.#config = options.config;
    this.#plan = plan;
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  /** Records and compiles the plan. */
  static async create(options: LukePlanOptions): Promise<LukePlan> {
    const builder = new PlanBuilder(options.training, fillZero, options.recompute, options.precision);
    const inputs = declareLukeInputs(builder, options.capacity);
    const outputs = recordLuke(builder, inputs, options);
    builder.backward();
    return new LukePlan(options, await builder.compile(options.device), inputs, outputs);
  }

  /** Writes a batch and replays the plan. `accumulate` 0 replaces the gradients, 1 adds to them. */
  async run(batch: LukeBatch, dropoutKey: number, accumulate: 0 | 1): Promise<void> {
    const encoded = encodeLukeBatch(batch, this.capacity, this.#config);
    const { lookups } = encoded;
    const plan = this.#plan;
    const scalars: Record<string, number> = {
      rows: batch.rows,
      masked_words: encoded.maskedWords.length,
      masked_entities: encoded.maskedEntities.length,
      dropout_key: dropoutKey,
      accumulate,
    };
    for (
      const name of [
        "words",
        "wordPositions",
        "wordTypes",
        "entities",
        "entityPositions",
        "entityTypes",
      ] as const
    ) {
      const inputs = this.#inputs[name];
      scalars[inputs.runsScalar] = writeLookup(plan, inputs, lookups[name]);
    }
    plan.write(this.#inputs.mask, encoded.mask);
    plan.write(this.#inputs.maskedWords, encoded.maskedWords);
    plan.write(this.#inputs.wordLabels, encoded.wordLabels);
    plan.write(this.#inputs.maskedEntities, encoded.maskedEntities);
    plan.write(this.#inputs.entityLabels, encoded.entityLabels);
    await plan.run(scalars);
  }

  /** Reads what a head's decoder gets at `places` masked places from a plan that does not train. */
  async readStates(head: "wordStates" | "entityStates", places: number): Promise<Float32Array> {
    const tensor = this.#outputs[head];
    return tensor && places > 0 ? await this.#read(tensor, places) : new Float32Array();
  }

  /**
   * Reads the last hidden states [rows · (words + entities), hidden] from a plan that does not train; from one that keeps layers those
   * of the embeddings and of each layer.
   */
  async readHiddenStates(rows: number): Promise<Float32Array[]> {
    const length = this.capacity.words + this.capacity.entities;
    const states: Float32Array[] = [];
    for (const tensor of this.#outputs.hiddenStates) states.push(await this.#read(tensor, rows * length));
    return states;
  }

  async #read(tensor: Tensor, rows: number): Promise<Float32Array> {
    const values = await this.#plan.read(tensor, rows * tensor.columns);
    if (!(values instanceof Float32Array)) throw new TypeError(`${tensor.name} is not f32`);
    return values;
  }

  /** Frees the plan's memory. */
  [Symbol.dispose](): void {
    this.#plan[Symbol.dispose]();
  }
}
