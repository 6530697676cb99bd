import { type LukeConfig, validateLukeConfig } from "../luke_config.ts";
import { MAX_HEAD_SIZE } from "../ops/attention/head_size.ts";
import { WeightsError } from "../weights/weights_error.ts";
import { MODEL_TYPES, type ModelType } from "./opened_model.ts";
import { SettingsReader } from "./settings_reader.ts";

/** What a configuration file says. */
export interface ModelConfig {
  /** By `model_type`, or by `architectures` where that is absent. */
  readonly modelType: ModelType;
  /** The network, `tieWordEmbeddings` as the file says. */
  readonly config: LukeConfig;
}

/** Far more than any network has; a damaged file shall not be listed tensor by tensor. */
const MAX_LAYERS = 1000;

/** What transformers' configuration classes assume for fields that are absent. */
interface Defaults {
  readonly vocabSize: number;
  readonly padTokenId: number;
}

const DEFAULTS: Readonly<Record<ModelType, Defaults>> = {
  "bert": { vocabSize: 30522, padTokenId: 0 },
  "roberta": { vocabSize: 50265, padTokenId: 1 },
  "xlm-roberta": { vocabSize: 30522, padTokenId: 1 },
  "luke": { vocabSize: 50267, padTokenId: 1 },
};

/** The architectures that are opened, by the beginning of the class name in `architectures`. */
const ARCHITECTURES: readonly (readonly [prefix: string, modelType: ModelType])[] = [
  ["XLMRoberta", "xlm-roberta"],
  ["Roberta", "roberta"],
  ["Bert", "bert"],
  ["Luke", "luke"],
];

const ARCHITECTURE = /^(XLMRoberta|Roberta|Bert|Luke)(Model|For[A-Z]\w*)$/;

/**
 * Reads the `config.json` of BERT, RoBERTa, XLM-R or LUKE. Fields that are absent have the values of transformers' configuration
 * class. The type is that of `model_type`, never that of a name; a file without it is known by `architectures`.
 *
 * @param source the file, for messages.
 * @throws {WeightsError} naming field, value and remedy for a configuration that says something this engine does not compute, or
 * whose sizes contradict each other.
 */
export function parseModelConfig(settings: Readonly<Record<string, unknown>>, source: string): ModelConfig {
  const reader = new SettingsReader(settings, source);
  const modelType = readModelType(reader);
  refuseWhatIsNotComputed(reader);
  const isLuke = modelType === "luke";
  const baseModelType = modelType === "bert" ? "bert" : "roberta";
  const defaults = DEFAULTS[modelType];
  const config: LukeConfig = {
    ...encoderFields(reader, defaults.vocabSize),
    baseModelType,
    entityVocabSize: isLuke ? reader.count("entity_vocab_size", 500_000) : 0,
    entityEmbSize: isLuke ? reader.count("entity_emb_size", 256) : reader.count("hidden_size", 768),
    padTokenId: readPadTokenId(reader, baseModelType, defaults.padTokenId),
    useEntityAwareAttention: isLuke && reader.flag("use_entity_aware_attention", true),
    tieWordEmbeddings: reader.flag("tie_word_embeddings", true),
  };
  refuseContradictions(config, reader);
  return { modelType, config };
}

/**
 * Reads `model_config` of the `metadata.json` that the original LUKE repository writes. Its `model_type` says `bert` even for
 * RoBERTa, so how words are embedded is not in the file: `baseModelType` is decided by the weights.
 *
 * As in upstream, `entity_emb_size` is `hidden_size` where it is absent or null, other absent fields are those of transformers'
 * `BertConfig`, and a RoBERTa from before pad ids stood in configurations pads with 1.
 *
 * @throws {WeightsError} as {@linkcode parseModelConfig}.
 */
export function parseLukeMetadata(
  settings: Readonly<Record<string, unknown>>,
  source: string,
  baseModelType: LukeConfig["baseModelType"],
): ModelConfig {
  const reader = new SettingsReader(settings, source);
  refuseWhatIsNotComputed(reader);
  for (const field of ["vocab_size", "entity_vocab_size"]) {
    if (reader.get(field) === undefined) {
      throw reader.error(field, "LUKE's metadata.json has it: use the file of the run");
    }
  }
  const padTokenId = readPadTokenId(reader, baseModelType, 0);
  const config: LukeConfig = {
    ...encoderFields(reader, 0),
    baseModelType,
    entityVocabSize: reader.count("entity_vocab_size", 0),
    entityEmbSize: (reader.get("entity_emb_size") ?? null) === null
      ? reader.count("hidden_size", 768)
      : reader.count("entity_emb_size", 0),
    padTokenId: baseModelType === "roberta" && padTokenId === 0 ? 1 : padTokenId,
    useEntityAwareAttention: reader.flag("use_entity_aware_attention", false),
    tieWordEmbeddings: true, // the repository ties always
  };
  refuseContradictions(config, reader);
  return { modelType: "luke", config };
}

type EncoderFields = Omit<
  LukeConfig,
  | "baseModelType"
  | "entityVocabSize"
  | "entityEmbSize"
  | "padTokenId"
  | "useEntityAwareAttention"
  | "tieWordEmbeddings"
>;

function encoderFields(reader: SettingsReader, vocabSize: number): EncoderFields {
  return {
    vocabSize: reader.count("vocab_size", vocabSize),
    hiddenSize: reader.count("hidden_size", 768),
    numHiddenLayers: reader.count("num_hidden_layers", 12, 1, MAX_LAYERS),
    numAttentionHeads: reader.count("num_attention_heads", 12),
    intermediateSize: reader.count("intermediate_size", 3072),
    maxPositionEmbeddings: reader.count("max_position_embeddings", 512),
    typeVocabSize: reader.count("type_vocab_size", 2),
    layerNormEps: reader.number("layer_norm_eps", 1e-12, 0, 1),
    hiddenDropoutProb: reader.number("hidden_dropout_prob", 0.1, 0, 0.99),
    attentionProbsDropoutProb: reader.number("attention_probs_dropout_prob", 0.1, 0, 0.99),
    initializerRange: reader.number("initializer_range", 0.02, 0, Infinity),
  };
}

function isModelType(value: unknown): value is ModelType {
  return MODEL_TYPES.some((type) => type === value);
}

function readModelType(reader: SettingsReader): ModelType {
  const value = reader.get("model_type");
  if (isModelType(value)) return value;
  const supported = `what can be opened is ${MODEL_TYPES.join(", ")}`;
  if (value !== undefined && value !== null) throw reader.error("model_type", supported);
  const architectures = reader.get("architectures");
  const name = Array.isArray(architectures) ? architectures[0] : undefined;
  const known = typeof name === "string" && ARCHITECTURE.test(name)
    ? ARCHITECTURES.find(([prefix]) => name.startsWith(prefix))
    : undefined;
  if (known) return known[1];
  if (name !== undefined) throw reader.error("architectures", supported);
  throw reader.error(
    "model_type",
    `it must be there, or architectures: ${supported}, as Hugging Face's config.json names it`,
  );
}

function readPadTokenId(
  reader: SettingsReader,
  baseModelType: LukeConfig["baseModelType"],
  fallback: number,
): number {
  if (reader.get("pad_token_id") !== null) return reader.count("pad_token_id", fallback, 0);
  if (baseModelType === "bert") return 0; // where positions do not count from it, nothing is computed with it
  throw reader.error("pad_token_id", "positions are counted from it, so give the tokenizer's id");
}

/** Fields whose other values change what is computed, with the values that are computed here. */
const COMPUTED: readonly (readonly [field: string, values: readonly unknown[], remedy: string])[] = [
  // gelu_python is the same function, written in Python.
  [
    "hidden_act",
    ["gelu", "gelu_python"],
    'only "gelu", with the error function, is computed: use a model that has it',
  ],
  ["position_embedding_type", ["absolute"], 'only "absolute" is computed: use a model that has it'],
  ["is_decoder", [false], "decoders are not computed: use an encoder, such as roberta-base"],
  ["add_cross_attention", [false], "cross-attention is not computed: use an encoder, such as roberta-base"],
  ["is_encoder_decoder", [false], "decoders are not computed: use an encoder, such as roberta-base"],
  [
    "quantization_config",
    [null],
    "quantized weights are not read: use the model as it was before quantization",
  ],
];

function refuseWhatIsNotComputed(reader: SettingsReader): void {
  for (const [field, values, remedy] of COMPUTED) reader.only(field, values, remedy);
  const pruned = reader.get("pruned_heads");
  if (typeof pruned === "object" && pruned !== null && Object.keys(pruned).length > 0) {
    throw reader.error(
      "pruned_heads",
      "layers with fewer heads are not computed: use the model before pruning",
    );
  }
}

function refuseContradictions(config: LukeConfig, reader: SettingsReader): void {
  const { hiddenSize, numAttentionHeads, padTokenId, vocabSize, maxPositionEmbeddings } = config;
  if (hiddenSize % numAttentionHeads !== 0) {
    throw reader.error(
      "num_attention_heads",
      `it must divide hidden_size ${hiddenSize}: correct either of them`,
    );
  }
  if (hiddenSize / numAttentionHeads > MAX_HEAD_SIZE) {
    throw reader.error(
      "num_attention_heads",
      `heads of ${hiddenSize / numAttentionHeads} are wider than ${MAX_HEAD_SIZE}, which is not computed`,
    );
  }
  if (padTokenId >= vocabSize) {
    throw reader.error("pad_token_id", `it must be below vocab_size ${vocabSize}: correct either of them`);
  }
  if (config.baseModelType === "roberta" && maxPositionEmbeddings < padTokenId + 2) {
    throw reader.error(
      "max_position_embeddings",
      `positions count from pad_token_id ${padTokenId} on, so there is room for no word: correct either of them`,
    );
  }
  try {
    validateLukeConfig(config);
  } catch (error) {
    if (error instanceof RangeError) throw new WeightsError(`${reader.source}: ${error.message}`);
    throw error;
  }
}
