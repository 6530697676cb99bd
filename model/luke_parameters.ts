import type { LukeConfig } from "./luke_config.ts";
import type { ParameterSpec } from "./parameters.ts";

/**
 * The further queries of entity-aware attention: of words for entities, of entities for words, of entities for entities. `query` is
 * that of words for words.
 */
const ENTITY_AWARE_QUERIES = ["w2e_query", "e2w_query", "e2e_query"] as const;

/**
 * `values` with the further queries that entity-aware attention has: those that are missing are copies of the layer's query, as
 * upstream's fine-tuning starts from a pretrained checkpoint. Without entity-aware attention nothing is added.
 */
export function withEntityAwareQueries<T>(
  values: ReadonlyMap<string, T>,
  { useEntityAwareAttention, numHiddenLayers }: Pick<
    LukeConfig,
    "useEntityAwareAttention" | "numHiddenLayers"
  >,
): Map<string, T> {
  const all = new Map(values);
  for (let i = 0; useEntityAwareAttention && i < numHiddenLayers; i++) {
    const attention = `luke.encoder.layer.${i}.attention.self`;
    for (const kind of ["weight", "bias"]) {
      const query = values.get(`${attention}.query.${kind}`);
      for (const name of ENTITY_AWARE_QUERIES) {
        const key = `${attention}.${name}.${kind}`;
        if (query !== undefined && !all.has(key)) all.set(key, query);
      }
    }
  }
  return all;
}

/** The names of a decoder's parameters. */
export interface DecoderNames {
  readonly table: string;
  readonly bias: string;
}

/** The decoder of entities is the entity table. */
export const ENTITY_DECODER: DecoderNames = {
  table: "luke.entity_embeddings.entity_embeddings.weight",
  bias: "entity_predictions.bias",
};

/** The decoder of words: the word table, or one of its own where that is not tied. */
export function wordDecoder({ tieWordEmbeddings }: Pick<LukeConfig, "tieWordEmbeddings">): DecoderNames {
  const table = tieWordEmbeddings ? "luke.embeddings.word_embeddings.weight" : "lm_head.decoder.weight";
  return { table, bias: "lm_head.bias" };
}

/**
 * The parameters of LUKE for pretraining under Hugging Face's names (`LukeForMaskedLM`). Tied decoders appear once, as the word
 * and the entity table; the unused pooler does not appear. A network of words only, such as BERT, has the same names without
 * those of entities.
 *
 * Weight decay follows upstream: every name without `bias` and `LayerNorm.weight` is decayed, so `lm_head.layer_norm.weight` is.
 */
export function lukeParameters(config: LukeConfig): ParameterSpec[] {
  const { hiddenSize: hidden, entityEmbSize: entitySize, intermediateSize: intermediate } = config;
  const specs: ParameterSpec[] = [];
  const add = (name: string, shape: readonly number[], initial: ParameterSpec["initial"]): void => {
    specs.push({ name, shape, initial, decay: !name.includes("bias") && !name.includes("LayerNorm.weight") });
  };
  const linear = (name: string, outputs: number, inputs: number): void => {
    add(`${name}.weight`, [outputs, inputs], "normal");
    add(`${name}.bias`, [outputs], "zeros");
  };
  const layerNorm = (name: string, size: number): void => {
    add(`${name}.weight`, [size], "ones");
    add(`${name}.bias`, [size], "zeros");
  };

  add("luke.embeddings.word_embeddings.weight", [config.vocabSize, hidden], "normal");
  add("luke.embeddings.position_embeddings.weight", [config.maxPositionEmbeddings, hidden], "normal");
  add("luke.embeddings.token_type_embeddings.weight", [config.typeVocabSize, hidden], "normal");
  layerNorm("luke.embeddings.LayerNorm", hidden);

  if (config.entityVocabSize > 0) {
    add("luke.entity_embeddings.entity_embeddings.weight", [config.entityVocabSize, entitySize], "normal");
    if (entitySize !== hidden) {
      add("luke.entity_embeddings.entity_embedding_dense.weight", [hidden, entitySize], "normal");
    }
    add(
      "luke.entity_embeddings.position_embeddings.weight",
      [config.maxPositionEmbeddings, hidden],
      "normal",
    );
    add("luke.entity_embeddings.token_type_embeddings.weight", [config.typeVocabSize, hidden], "normal");
    layerNorm("luke.entity_embeddings.LayerNorm", hidden);
  }

  for (let i = 0; i < config.numHiddenLayers; i++) {
    const layer = `luke.encoder.layer.${i}`;
    linear(`${layer}.attention.self.query`, hidden, hidden);
    linear(`${layer}.attention.self.key`, hidden, hidden);
    linear(`${layer}.attention.self.value`, hidden, hidden);
    if (config.useEntityAwareAttention) {
      for (const name of ENTITY_AWARE_QUERIES) linear(`${layer}.attention.self.${name}`, hidden, hidden);
    }
    linear(`${layer}.attention.output.dense`, hidden, hidden);
    layerNorm(`${layer}.attention.output.LayerNorm`, hidden);
    linear(`${layer}.intermediate.dense`, intermediate, hidden);
    linear(`${layer}.output.dense`, hidden, intermediate);
    layerNorm(`${layer}.output.LayerNorm`, hidden);
  }

  linear("lm_head.dense", hidden, hidden);
  layerNorm("lm_head.layer_norm", hidden);
  if (!config.tieWordEmbeddings) add("lm_head.decoder.weight", [config.vocabSize, hidden], "normal");
  add("lm_head.bias", [config.vocabSize], "zeros");

  if (config.entityVocabSize > 0) {
    linear("entity_predictions.transform.dense", entitySize, hidden);
    layerNorm("entity_predictions.transform.LayerNorm", entitySize);
    add("entity_predictions.bias", [config.entityVocabSize], "zeros");
  }
  return specs;
}
