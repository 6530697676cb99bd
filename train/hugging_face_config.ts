import type { LukeConfig } from "@lukeforge/model";

/** What an export adds to a network's shape. */
export interface ExportedSizes {
  /** Rows of the word table and its bias. */
  readonly vocabSize: number;
  /** Rows of the entity table and its bias. */
  readonly entityVocabSize: number;
  /** Rows of both position tables. */
  readonly maxPositionEmbeddings: number;
}

/** Ids of special words. */
export interface SpecialWordIds {
  /** Fills rows. */
  readonly padId: number;
  /** Opens a sequence. */
  readonly clsId: number;
  /** Closes a sequence. */
  readonly sepId: number;
}

/** The `config.json` that transformers opens as `LukeForMaskedLM`. */
export function huggingFaceConfig(
  config: LukeConfig,
  sizes: ExportedSizes,
  { padId, clsId, sepId }: SpecialWordIds,
  useEntityAwareAttention: boolean,
): Record<string, unknown> {
  return {
    model_type: "luke",
    architectures: ["LukeForMaskedLM"],
    dtype: "float32",
    vocab_size: sizes.vocabSize,
    entity_vocab_size: sizes.entityVocabSize,
    entity_emb_size: config.entityEmbSize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.numHiddenLayers,
    num_attention_heads: config.numAttentionHeads,
    intermediate_size: config.intermediateSize,
    hidden_act: "gelu",
    hidden_dropout_prob: config.hiddenDropoutProb,
    attention_probs_dropout_prob: config.attentionProbsDropoutProb,
    max_position_embeddings: sizes.maxPositionEmbeddings,
    type_vocab_size: config.typeVocabSize,
    initializer_range: config.initializerRange,
    layer_norm_eps: config.layerNormEps,
    use_entity_aware_attention: useEntityAwareAttention,
    classifier_dropout: null,
    pad_token_id: padId,
    bos_token_id: clsId,
    eos_token_id: sepId,
    tie_word_embeddings: true,
  };
}
