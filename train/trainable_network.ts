import type { LukeBatch, LukeMetrics, MicroStep, OptimizerState } from "@lukeforge/model";

/** What checkpoints need of a network; `LukeNetwork` has it. Parameters carry Hugging Face names and are row-major. */
export interface StoredNetwork {
  /** Names and shapes of all parameters. */
  readonly parameterShapes: ReadonlyMap<string, readonly number[]>;
  /** All parameters. */
  readParameters(): Promise<Map<string, Float32Array>>;
  /** Replaces all parameters. */
  writeParameters(parameters: ReadonlyMap<string, Float32Array>): Promise<void> | void;
  /** AdamW's moments; frozen parameters have none. */
  readOptimizerState(): Promise<OptimizerState>;
  /** Replaces the moments; `updates` were made to get there. */
  writeOptimizerState(state: OptimizerState, updates: number): Promise<void> | void;
}

/** What evaluation needs of a network; `LukeNetwork` has it. */
export interface EvaluatedNetwork {
  /** Forward without dropout; adds to the metrics. */
  evaluate(batch: LukeBatch): Promise<void>;
  /** Reads the sums and sets them to zero. */
  readMetrics(): Promise<LukeMetrics>;
}

/** What the training loop needs of a network; `LukeNetwork` has it. */
export interface TrainableNetwork extends StoredNetwork {
  /** Forward and backward. Micro-step 0 replaces the gradients, later ones add. `at` keys the dropout masks. */
  accumulate(batch: LukeBatch, at: MicroStep): Promise<void>;
  /** Clips and applies the gradients; skips the update when one is not finite. */
  update(learningRate: number): Promise<void>;
  /** Reads the sums and sets them to zero. */
  readMetrics(): Promise<LukeMetrics>;
  /** Places for words and entities that are computed for a batch, padding included; those of its own shape when not given. */
  computedPlaces?(batch: LukeBatch): number;
}
