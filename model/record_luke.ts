import type { Size } from "./kernel.ts";
import type { BatchCapacity } from "./luke_batch.ts";
import type { LukeConfig } from "./luke_config.ts";
import type { LukeInputs } from "./luke_plan_inputs.ts";
import { type DecoderNames, ENTITY_DECODER, wordDecoder } from "./luke_parameters.ts";
import { attention } from "./ops/attention/attention.ts";
import { METRICS_OF_HEAD } from "./ops/cross_entropy/cross_entropy.ts";
import { dropout } from "./ops/dropout/dropout.ts";
import { embedding } from "./ops/embedding/embedding.ts";
import { gelu } from "./ops/gelu/gelu.ts";
import { layerNorm } from "./ops/layer_norm/layer_norm.ts";
import { residualLayerNorm } from "./ops/layer_norm/residual_layer_norm.ts";
import { linearCrossEntropy } from "./ops/linear_cross_entropy/linear_cross_entropy.ts";
import type { ChunkLimits } from "./ops/linear_cross_entropy/vocabulary_chunks.ts";
import { feedForward, type LinearParameters } from "./ops/matmul/feed_forward.ts";
import { linear } from "./ops/matmul/linear.ts";
import { concatenateRows, gatherRows, separateRows } from "./ops/rows/rows.ts";
import type { Parameters } from "./parameters.ts";
import type { PlanBuilder, Tensor } from "./plan.ts";

/** What recording a LUKE network needs. */
export interface RecordLukeOptions {
  readonly config: LukeConfig;
  readonly parameters: Parameters;
  readonly capacity: BatchCapacity;
  /** Where the heads add their metrics: word head at 0, entity head at 4; f32. */
  readonly metrics: Tensor;
  /** What the gradients are multiplied with: 1 / gradient accumulation steps. */
  readonly gradientScale: number;
  /** The optimizer's state, where its loss scale multiplies the gradients. */
  readonly lossScale?: Tensor;
  /** How the heads cut their vocabularies. */
  readonly chunks: ChunkLimits;
  /** Lets the hidden states of every layer be read, where the plan does not train. */
  readonly keepLayers: boolean;
}

/** What can be read from a plan that does not train. */
export interface LukeOutputs {
  /** The last hidden states [rows · (words + entities), hidden]; with `keepLayers` the embeddings and every layer's. */
  readonly hiddenStates: readonly Tensor[];
  /** What the word decoder gets: [masked words, hidden]; absent where the capacity has no masked words. */
  readonly wordStates?: Tensor;
  /** What the entity decoder gets: [masked entities, entity embedding]; absent where the capacity has no masked entities. */
  readonly entityStates?: Tensor;
}

/**
 * Records embeddings, encoder and heads. Where the capacity has no entities, there are only words; where it has no masked places, no
 * head.
 */
export function recordLuke(plan: PlanBuilder, inputs: LukeInputs, options: RecordLukeOptions): LukeOutputs {
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
  const entityAware = config.useEntityAwareAttention && capacity.entities > 0;

  /** The sum of three tables. */
  const embeddedWords = (): Tensor => {
    let words = embedding(plan, inputs.words, use("luke.embeddings.word_embeddings.weight"));
    words = embedding(plan, inputs.wordPositions, use("luke.embeddings.position_embeddings.weight"), words);
    words = embedding(plan, inputs.wordTypes, use("luke.embeddings.token_type_embeddings.weight"), words);
    return dropout(plan, normalized("luke.embeddings.LayerNorm", words), hiddenDropoutProb);
  };
  /** Table, projection, the mean of the mention's positions, type. */
  const embeddedEntities = (): Tensor => {
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
    return dropout(plan, normalized("luke.entity_embeddings.LayerNorm", entities), hiddenDropoutProb);
  };

  // Entity-aware: for each item the queries of all positions for words, then those for entities.
  const queriesOf = (name: string, hidden: Tensor): Tensor => {
    if (!entityAware) return dense(`${name}.query`, hidden);
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
        ...(entityAware && { entityAwareWords: capacity.words }),
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
  const words = embeddedWords();
  let hidden = capacity.entities === 0 ? words : concatenateRows(plan, items, [
    { tensor: words, rows: capacity.words },
    { tensor: embeddedEntities(), rows: capacity.entities },
  ]);
  const layers = [hidden];
  for (let i = 0; i < config.numHiddenLayers; i++) {
    hidden = plan.segment(() => encoderLayer(`luke.encoder.layer.${i}`, hidden));
    layers.push(hidden);
  }
  const hiddenStates = options.keepLayers ? layers : [hidden];
  if (!plan.training) { for (const states of hiddenStates) plan.keep(states); }

  // Heads: at masked places only, a chunk of the logits at a time.
  const head = (
    index: Tensor,
    labels: Tensor,
    transform: string,
    norm: string,
    decoder: DecoderNames,
    slot: number,
  ): Tensor => {
    const states = normalized(norm, gelu(plan, dense(transform, gatherRows(plan, hidden, index))));
    if (!plan.training) plan.keep(states);
    linearCrossEntropy(plan, states, { table: use(decoder.table), bias: use(decoder.bias) }, labels, {
      metrics: options.metrics,
      slot,
      scale: options.gradientScale,
      ...(options.lossScale && { lossScale: options.lossScale }),
      limits: options.chunks,
    });
    return states;
  };
  const wordStates = capacity.maskedWords > 0 && head(
    inputs.maskedWords,
    inputs.wordLabels,
    "lm_head.dense",
    "lm_head.layer_norm",
    wordDecoder(config),
    0,
  );
  const entityStates = capacity.entities > 0 && capacity.maskedEntities > 0 && head(
    inputs.maskedEntities,
    inputs.entityLabels,
    "entity_predictions.transform.dense",
    "entity_predictions.transform.LayerNorm",
    ENTITY_DECODER,
    METRICS_OF_HEAD,
  );
  return { hiddenStates, ...(wordStates && { wordStates }), ...(entityStates && { entityStates }) };
}
