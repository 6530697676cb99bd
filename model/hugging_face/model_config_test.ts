import assert from "node:assert/strict";
import { WeightsError } from "../weights/weights_error.ts";
import { parseLukeMetadata, parseModelConfig } from "./model_config.ts";
import type { ModelType } from "./opened_model.ts";
import { tinySettings } from "./testdata_model_directory.ts";

const ENCODER_DEFAULTS = {
  hiddenSize: 768,
  numHiddenLayers: 12,
  numAttentionHeads: 12,
  intermediateSize: 3072,
  maxPositionEmbeddings: 512,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  hiddenDropoutProb: 0.1,
  attentionProbsDropoutProb: 0.1,
  initializerRange: 0.02,
  tieWordEmbeddings: true,
};

Deno.test("parseModelConfig() gives absent fields the values of transformers' classes", () => {
  const words = { entityVocabSize: 0, entityEmbSize: 768, useEntityAwareAttention: false };
  const expected: Record<ModelType, unknown> = {
    "bert": { ...ENCODER_DEFAULTS, ...words, baseModelType: "bert", vocabSize: 30522, padTokenId: 0 },
    "roberta": { ...ENCODER_DEFAULTS, ...words, baseModelType: "roberta", vocabSize: 50265, padTokenId: 1 },
    "xlm-roberta": {
      ...ENCODER_DEFAULTS,
      ...words,
      baseModelType: "roberta",
      vocabSize: 30522,
      padTokenId: 1,
    },
    "luke": {
      ...ENCODER_DEFAULTS,
      baseModelType: "roberta",
      vocabSize: 50267,
      padTokenId: 1,
      entityVocabSize: 500_000,
      entityEmbSize: 256,
      useEntityAwareAttention: true,
    },
  };
  for (const [modelType, config] of Object.entries(expected)) {
    assert.deepEqual(parseModelConfig({ model_type: modelType }, "config.json"), { modelType, config });
  }
});

Deno.test("parseModelConfig() reads the released configurations", () => {
  const luke = parseModelConfig({
    architectures: ["LukeForMaskedLM"],
    attention_probs_dropout_prob: 0.1,
    bert_model_name: "roberta-base",
    bos_token_id: 0,
    cls_entity_prediction: true,
    entity_emb_size: 256,
    entity_vocab_size: 500000,
    eos_token_id: 2,
    gradient_checkpointing: false,
    hidden_act: "gelu",
    hidden_size: 768,
    layer_norm_eps: 1e-05,
    max_position_embeddings: 514,
    model_type: "luke",
    pad_token_id: 1,
    position_embedding_type: "absolute",
    type_vocab_size: 1,
    use_cache: true,
    use_entity_aware_attention: true,
    vocab_size: 50267,
  }, "config.json");
  assert.equal(luke.config.maxPositionEmbeddings, 514);
  assert.equal(luke.config.layerNormEps, 1e-5);
  assert.equal(luke.config.useEntityAwareAttention, true);
});

Deno.test("parseModelConfig() goes by model_type, never by a name, and by architectures where it is absent", () => {
  const type = (settings: Record<string, unknown>): ModelType =>
    parseModelConfig(settings, "config.json").modelType;
  assert.equal(
    type({ model_type: "bert", _name_or_path: "roberta-base", architectures: ["RobertaModel"] }),
    "bert",
  );
  assert.equal(type({ model_type: "luke", bert_model_name: "bert-base-cased" }), "luke");
  assert.equal(
    parseModelConfig({ model_type: "luke", bert_model_name: "bert" }, "").config.baseModelType,
    "roberta",
  );
  assert.equal(type({ architectures: ["BertForPreTraining"] }), "bert");
  assert.equal(type({ architectures: ["RobertaForMaskedLM"] }), "roberta");
  assert.equal(type({ architectures: ["XLMRobertaModel"] }), "xlm-roberta");
  assert.equal(type({ architectures: ["LukeForEntityClassification"] }), "luke");
  for (
    const settings of [{}, { architectures: ["BertJapaneseThing"] }, { architectures: [] }, {
      model_type: "gpt2",
    }]
  ) {
    assert.throws(() => parseModelConfig(settings, "config.json"), WeightsError);
  }
});

Deno.test("parseModelConfig() refuses what is not computed, naming file, field, value and remedy", () => {
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ hidden_act: "gelu_new" }, 'hidden_act is "gelu_new"; only "gelu"'],
    [
      { position_embedding_type: "relative_key" },
      'position_embedding_type is "relative_key"; only "absolute"',
    ],
    [{ is_decoder: true }, "is_decoder is true; decoders"],
    [{ add_cross_attention: true }, "add_cross_attention is true; cross-attention"],
    [{ quantization_config: { bits: 4 } }, 'quantization_config is {"bits":4}; quantized weights'],
    [{ pruned_heads: { 0: [1] } }, 'pruned_heads is {"0":[1]}; layers with fewer heads'],
    [{ num_hidden_layers: 1e9 }, "num_hidden_layers is 1000000000; it must be an integer from 1 to 1000"],
    [{ hidden_size: 0 }, "hidden_size is 0; it must be an integer from 1 to"],
    [{ hidden_size: "8" }, 'hidden_size is "8"; it must be an integer from 1 to'],
    [{ num_hidden_layers: null }, "num_hidden_layers is null; it must be an integer from 1 to"],
    [{ vocab_size: 2 ** 60 }, "vocab_size is 1152921504606847000; it must be"],
    [{ num_attention_heads: 3 }, "num_attention_heads is 3; it must divide hidden_size 8"],
    [
      { hidden_size: 1024, num_attention_heads: 2 },
      "num_attention_heads is 2; heads of 512 are wider than 256",
    ],
    [{ pad_token_id: 20 }, "pad_token_id is 20; it must be below vocab_size 20"],
    [{ pad_token_id: -1 }, "pad_token_id is -1; it must be an integer from 0 to"],
    [{ pad_token_id: null }, "pad_token_id is null; positions are counted from it"],
    [{ max_position_embeddings: 2 }, "max_position_embeddings is 2; positions count from pad_token_id 1 on"],
    [{ hidden_dropout_prob: 1 }, "hidden_dropout_prob is 1; it must be a number from 0 to 0.99"],
    [{ entity_vocab_size: 0 }, "entity_vocab_size is 0; it must be an integer from 1 to"],
    [{ use_entity_aware_attention: "yes" }, 'use_entity_aware_attention is "yes"; it must be true or false'],
  ];
  for (const [more, message] of cases) {
    assert.throws(
      () => parseModelConfig(tinySettings("luke", more), "a/config.json"),
      (error: Error) =>
        error instanceof WeightsError && error.message.startsWith(`a/config.json: ${message}`),
      message,
    );
  }
});

Deno.test("parseModelConfig() takes null where it says nothing", () => {
  const { config } = parseModelConfig(
    tinySettings("bert", {
      pad_token_id: null,
      quantization_config: null,
      is_decoder: null,
      pruned_heads: {},
    }),
    "config.json",
  );
  assert.equal(config.padTokenId, 0);
});

Deno.test("parseLukeMetadata() reads what upstream wrote", () => {
  const { use_entity_aware_attention: _, ...tiny } = tinySettings("luke");
  const settings = {
    ...tiny,
    model_type: "bert",
    entity_emb_size: null,
    bert_model_name: "roberta-base",
  };
  const roberta = parseLukeMetadata(settings, "metadata.json", "roberta");
  assert.equal(roberta.modelType, "luke");
  assert.equal(roberta.config.baseModelType, "roberta");
  assert.equal(roberta.config.padTokenId, 1);
  assert.equal(roberta.config.entityEmbSize, 8);
  assert.equal(parseLukeMetadata(settings, "metadata.json", "bert").config.useEntityAwareAttention, false);
  assert.equal(parseLukeMetadata(settings, "metadata.json", "bert").config.padTokenId, 0);
  assert.throws(
    () => parseLukeMetadata({ ...settings, entity_vocab_size: undefined }, "metadata.json", "bert"),
    /^WeightsError: metadata.json: entity_vocab_size is missing/,
  );
});
