import type { Device } from "./device.ts";
import { scaleSize, type Size } from "./kernel.ts";
import type { BatchCapacity, LukeBatch } from "./luke_batch.ts";
import type { LukeConfig } from "./luke_config.ts";
import { encodeLukeBatch } from "./luke_inputs.ts";
import { fillZero } from "./ops/accumulate/accumulate.ts";
import { attention } from "./ops/attention/attention.ts";
import { METRICS_OF_HEAD } from "./ops/cross_entropy/cross_entropy.ts";
import { dropout } from "./ops/dropout/dropout.ts";
import { embedding, type LookupInputs, lookupInputs, writeLookup } from "./ops/embedding/embedding.ts";
import { gelu } from "./ops/gelu/gelu.ts";
import type { Format } from "./ops/half/format.ts";
import { layerNorm } from "./ops/layer_norm/layer_norm.ts";
import { linearCrossEntropy } from "./ops/linear_cross_entropy/linear_cross_entropy.ts";
import type { ChunkLimits } from "./ops/linear_cross_entropy/vocabulary_chunks.ts";
import { residualLayerNorm } from "./ops/layer_norm/residual_layer_norm.ts";
import { feedForward, type LinearParameters } from "./ops/matmul/feed_forward.ts";
import { linear } from "./ops/matmul/linear.ts";
import { concatenateRows, gatherRows, separateRows } from "./ops/rows/rows.ts";
import type { Parameters } from "./parameters.ts";
import { type Plan, PlanBuilder, type Tensor } from "./plan.ts";

/** The inputs of a LUKE plan, all written by {@linkcode LukePlan.write}. */
interface LukeInputs {
  readonly words: LookupInputs;
  readonly wordPositions: LookupInputs;
  readonly wordTypes: LookupInputs;
  readonly entities: LookupInputs;
  readonly entityPositions: LookupInputs;
  readonly entityTypes: LookupInputs;
  readonly mask: Tensor;
  readonly maskedWords: Tensor;
  readonly wordLabels: Tensor;
  readonly maskedEntities: Tensor;
  readonly entityLabels: Tensor;
}

/** What recording a LUKE plan needs. */
export interface LukePlanOptions {
  readonly device: Device;
  readonly config: LukeConfig;
  readonly parameters: Parameters;
  readonly capacity: BatchCapacity;
  /** Where the heads add their metrics: word head at 0, entity head at 4; f32. */
  readonly metrics: Tensor;
  /** Records gradients and dropout. */
  readonly training: boolean;
  /** Computes the activations of each encoder layer again in the reverse pass instead of keeping them. */
  readonly recompute: boolean;
  /** What the gradients are multiplied with: 1 / gradient accumulation steps. */
  readonly gradientScale: number;
  /** What the operands of linear layers are rounded to. */
  readonly precision: Format;
  /** The optimizer's state, where its loss scale multiplies the gradients. */
  readonly lossScale?: Tensor;
  /** How the heads cut their vocabularies. */
  readonly chunks: ChunkLimits;
}

/** A LUKE network of one capacity as a plan: embeddings, encoder, both heads and, when training, the reverse pass. */
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
    const inputs = declareInputs(builder, options.capacity);
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
      masked_words: batch.maskedWordLabels.length,
      masked_entities: batch.maskedEntityLabels.length,
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
    plan.write(this.#inputs.wordLabels, batch.maskedWordLabels);
    plan.write(this.#inputs.maskedEntities, encoded.maskedEntities);
    plan.write(this.#inputs.entityLabels, batch.maskedEntityLabels);
    await plan.run(scalars);
  }

  /** Reads an output of a plan that does not train, `rows` rows of it. */
  read(output: keyof LukeOutputs, rows: number): Promise<Float32Array> {
    const tensor = this.#outputs[output];
    return this.#plan.read(tensor, rows * tensor.columns) as Promise<Float32Array>;
  }

  /** Frees the plan's memory. */
  [Symbol.dispose](): void {
    this.#plan[Symbol.dispose]();
  }
}

function declareInputs(plan: PlanBuilder, capacity: BatchCapacity): LukeInputs {
  const items: Size = { scalar: "rows", times: 1, capacity: capacity.rows };
  const words = scaleSize(items, capacity.words);
  const entities = scaleSize(items, capacity.entities);
  const length = capacity.words + capacity.entities;
  const maskedWords: Size = { scalar: "masked_words", times: 1, capacity: capacity.maskedWords };
  const maskedEntities: Size = { scalar: "masked_entities", times: 1, capacity: capacity.maskedEntities };
  return {
    words: lookupInputs(plan, "words", words, 1),
    wordPositions: lookupInputs(plan, "word_positions", words, 1),
    wordTypes: lookupInputs(plan, "word_types", words, 1),
    entities: lookupInputs(plan, "entities", entities, 1),
    entityPositions: lookupInputs(plan, "entity_positions", entities, capacity.mentionLength),
    entityTypes: lookupInputs(plan, "entity_types", entities, 1),
    mask: plan.input("attention mask", items, length, "i32"),
    maskedWords: plan.input("masked words", maskedWords, 1, "i32"),
    wordLabels: plan.input("word labels", maskedWords, 1, "i32"),
    maskedEntities: plan.input("masked entities", maskedEntities, 1, "i32"),
    entityLabels: plan.input("entity labels", maskedEntities, 1, "i32"),
  };
}

/** The tensors that can be read from a plan. */
export interface LukeOutputs {
  /** [rows · (words + entities), hidden] */
  readonly sequenceOutput: Tensor;
  /** What the word decoder gets: [masked words, hidden] */
  readonly wordStates: Tensor;
  /** What the entity decoder gets: [masked entities, entity embedding] */
  readonly entityStates: Tensor;
}

function recordLuke(plan: PlanBuilder, inputs: LukeInputs, options: LukePlanOptions): LukeOutputs {
  const { config, capacity, parameters } = options;
  const { layerNormEps: eps, hiddenDropoutProb } = config;
  const use = (name: string): Tensor => plan.parameter(parameters.get(name));
  const normalized = (name: string, x: Tensor): Tensor =>
    layerNorm(plan, x, use(`${name}.weight`), use(`${name}.bias`), eps);
  const normalizedSum = (name: string, x: Tensor, residual: Tensor): Tensor =>
    residualLayerNorm(plan, x, residual, use(`${name}.weight`), use(`${name}.bias`), {
      eps,
      dropout: hiddenDropoutProb,
    });
  const dense = (name: string, x: Tensor, output?: Tensor): Tensor =>
    linear(plan, x, use(`${name}.weight`), use(`${name}.bias`), output);
  const items: Size = { scalar: "rows", times: 1, capacity: capacity.rows };
  const length = capacity.words + capacity.entities;

  // Words: the sum of three tables. Entities: table, projection, the mean of the mention's positions, type.
  let words = embedding(plan, inputs.words, use("luke.embeddings.word_embeddings.weight"));
  words = embedding(plan, inputs.wordPositions, use("luke.embeddings.position_embeddings.weight"), words);
  words = embedding(plan, inputs.wordTypes, use("luke.embeddings.token_type_embeddings.weight"), words);
  words = dropout(plan, normalized("luke.embeddings.LayerNorm", words), hiddenDropoutProb);

  let entities = embedding(plan, inputs.entities, use("luke.entity_embeddings.entity_embeddings.weight"));
  if (config.entityEmbSize !== config.hiddenSize) {
    entities = linear(plan, entities, use("luke.entity_embeddings.entity_embedding_dense.weight"));
  }
  entities = embedding(
    plan,
    inputs.entityPositions,
    use("luke.entity_embeddings.position_embeddings.weight"),
    entities,
  );
  entities = embedding(
    plan,
    inputs.entityTypes,
    use("luke.entity_embeddings.token_type_embeddings.weight"),
    entities,
  );
  entities = dropout(plan, normalized("luke.entity_embeddings.LayerNorm", entities), hiddenDropoutProb);

  // Entity-aware: for each item the queries of all positions for words, then those for entities.
  const queriesOf = (name: string, hidden: Tensor): Tensor => {
    if (!config.useEntityAwareAttention) return dense(`${name}.query`, hidden);
    const [ofWords, ofEntities] = separateRows(plan, items, hidden, [capacity.words, capacity.entities]);
    if (!ofWords || !ofEntities) throw new RangeError("two parts make two tensors");
    return concatenateRows(plan, items, [
      { tensor: dense(`${name}.query`, ofWords), rows: capacity.words },
      { tensor: dense(`${name}.e2w_query`, ofEntities), rows: capacity.entities },
      { tensor: dense(`${name}.w2e_query`, ofWords), rows: capacity.words },
      { tensor: dense(`${name}.e2e_query`, ofEntities), rows: capacity.entities },
    ]);
  };
  const encoderLayer = (layer: string, hidden: Tensor): Tensor => {
    const context = attention(
      plan,
      queriesOf(`${layer}.attention.self`, hidden),
      dense(`${layer}.attention.self.key`, hidden),
      dense(`${layer}.attention.self.value`, hidden),
      inputs.mask,
      {
        items,
        length,
        heads: config.numAttentionHeads,
        dropout: config.attentionProbsDropoutProb,
        ...(config.useEntityAwareAttention && { entityAwareWords: capacity.words }),
      },
    );
    const attended = dense(`${layer}.attention.output.dense`, context);
    hidden = normalizedSum(`${layer}.attention.output.LayerNorm`, attended, hidden);
    const parametersOf = (name: string): LinearParameters => ({
      weight: use(`${name}.weight`),
      bias: use(`${name}.bias`),
    });
    const fed = feedForward(
      plan,
      hidden,
      parametersOf(`${layer}.intermediate.dense`),
      parametersOf(`${layer}.output.dense`),
    );
    return normalizedSum(`${layer}.output.LayerNorm`, fed, hidden);
  };
  let hidden = concatenateRows(plan, items, [
    { tensor: words, rows: capacity.words },
    { tensor: entities, rows: capacity.entities },
  ]);
  for (let i = 0; i < config.numHiddenLayers; i++) {
    hidden = plan.segment(() => encoderLayer(`luke.encoder.layer.${i}`, hidden));
  }

  if (!plan.training) plan.keep(hidden);

  // Heads: at masked places only, decoders tied to the tables, a chunk of the logits at a time.
  const head = (
    index: Tensor,
    labels: Tensor,
    transform: string,
    norm: string,
    table: string,
    bias: string,
    slot: number,
  ): Tensor => {
    const states = normalized(norm, gelu(plan, dense(transform, gatherRows(plan, hidden, index))));
    if (!plan.training) plan.keep(states);
    linearCrossEntropy(plan, states, { table: use(table), bias: use(bias) }, labels, {
      metrics: options.metrics,
      slot,
      scale: options.gradientScale,
      ...(options.lossScale && { lossScale: options.lossScale }),
      limits: options.chunks,
    });
    return states;
  };
  const wordStates = head(
    inputs.maskedWords,
    inputs.wordLabels,
    "lm_head.dense",
    "lm_head.layer_norm",
    "luke.embeddings.word_embeddings.weight",
    "lm_head.bias",
    0,
  );
  const entityStates = head(
    inputs.maskedEntities,
    inputs.entityLabels,
    "entity_predictions.transform.dense",
    "entity_predictions.transform.LayerNorm",
    "luke.entity_embeddings.entity_embeddings.weight",
    "entity_predictions.bias",
    METRICS_OF_HEAD,
  );
  return { sequenceOutput: hidden, wordStates, entityStates };
}
