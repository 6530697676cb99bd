import type { LukeConfig } from "../luke_config.ts";
import { lukeParameters, withEntityAwareQueries } from "../luke_parameters.ts";
import { openWeights } from "../weights/open_weights.ts";
import type { StoredTensor, StoredWeights } from "../weights/stored_tensor.ts";
import { WeightsError } from "../weights/weights_error.ts";
import { canonicalName, isFineTunedHead, isUnused } from "./canonical_names.ts";
import { type ModelConfig, parseLukeMetadata, parseModelConfig } from "./model_config.ts";
import { findModelFiles, type ModelFiles } from "./model_files.ts";
import type { OpenedModel, WeightsReport } from "./opened_model.ts";
import { type NamedTensor, resolveDecoders } from "./tied_decoders.ts";

/** Options of {@linkcode openModel}. */
export interface OpenModelOptions {
  /** A file or directory of weights in the place of the model's own. */
  readonly weights?: string;
}

/**
 * Opens BERT, RoBERTa, XLM-R or LUKE: a directory or a file of weights beside its configuration, of Hugging Face transformers,
 * sentence-transformers or LUKE's own repository. Nothing but headers stays in memory.
 *
 * Names are mapped to LUKE's ({@linkcode canonicalName}); tied decoders are compared with their tables
 * ({@linkcode resolveDecoders}). The queries that entity-aware attention lacks are copies of its query, as in upstream's
 * fine-tuning. What does not match is in the report; nothing is refused for it here.
 *
 * @throws {WeightsError} for files that cannot be read and for configurations that cannot be built.
 */
export function openModel(path: string, { weights: weightsPath }: OpenModelOptions = {}): OpenedModel {
  const files = findModelFiles(path);
  let weights: StoredWeights | undefined;
  try {
    const config = files.isOriginalLuke ? undefined : parseModelConfig(files.settings, files.settingsPath);
    weights = weightsPath === undefined ? files.openWeights() : openWeights(weightsPath);
    return match(path, files, config, weights);
  } catch (error) {
    weights?.[Symbol.dispose]();
    files[Symbol.dispose]();
    throw error;
  }
}

function match(
  path: string,
  files: ModelFiles,
  parsed: ModelConfig | undefined,
  weights: StoredWeights,
): OpenedModel {
  const notices: string[] = [];
  const { modelType, config: said } = parsed ?? readOriginalConfig(files, weights, notices);

  const ignored: string[] = [];
  const unexpected: string[] = [];
  const found = new Map<string, NamedTensor>();
  const fineTuned: string[] = [];
  for (const [fileName, tensor] of weights.tensors) {
    const name = canonicalName(fileName, modelType);
    if (isUnused(name)) ignored.push(fileName);
    else if (isFineTunedHead(name)) fineTuned.push(fileName);
    else if (found.has(name)) unexpected.push(fileName);
    else found.set(name, { fileName, tensor });
  }
  if (fineTuned.length > 0) {
    ignored.push(...fineTuned);
    notices.push(`the head of a fine-tuned model is not read: ${fineTuned.join(", ")}`);
  }

  const decoders = resolveDecoders(found, said.tieWordEmbeddings);
  ignored.push(...decoders.ignored);
  notices.push(...decoders.notices);
  const config: LukeConfig = { ...said, tieWordEmbeddings: decoders.tieWordEmbeddings };
  const all = withEntityAwareQueries(decoders.tensors, config);
  const copies = all.size - decoders.tensors.size;
  if (copies > 0) {
    notices.push(
      `${copies} weights of entity-aware attention are not in the file: they are copies of the queries`,
    );
  }

  const missing: string[] = [];
  const misshapen: WeightsReport["misshapen"][number][] = [];
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape: expected } of lukeParameters(config)) {
    const named = all.get(name);
    all.delete(name);
    if (named === undefined) missing.push(name);
    else if (!sameShape(named.tensor.shape, expected)) {
      misshapen.push({ name, found: named.tensor.shape, expected });
    } else tensors.set(name, floats(named, weights.path));
  }
  for (const [name, { fileName }] of all) {
    // The converter to Hugging Face writes them whatever the configuration says.
    if (ENTITY_AWARE_QUERY.test(name) && config.entityVocabSize > 0) ignored.push(fileName);
    else unexpected.push(fileName);
  }
  if (modelType === "luke" && tensors.has("lm_head.dense.weight") && !files.isOriginalLuke) {
    noticeDecoder(weights, config, notices);
  }
  return {
    path,
    modelType,
    settings: files.settings,
    config,
    format: weights.format,
    tensors,
    weights,
    report: { missing, unexpected, misshapen, ignored, notices },
    ...(files.entityVocabPath !== undefined && { entityVocabPath: files.entityVocabPath }),
    ...(files.tokenizerPath !== undefined && { tokenizerPath: files.tokenizerPath }),
    [Symbol.dispose]: () => {
      weights[Symbol.dispose]();
      files[Symbol.dispose]();
    },
  };
}

const ENTITY_AWARE_QUERY = /\.attention\.self\.(w2e|e2w|e2e)_query\.(weight|bias)$/;

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** LUKE's own metadata do not say whether words are embedded as in BERT or in RoBERTa; the name of the head does. */
function readOriginalConfig(files: ModelFiles, weights: StoredWeights, notices: string[]): ModelConfig {
  const names = [...weights.tensors.keys()].map((name) => canonicalName(name, "roberta"));
  const has = (prefix: string): boolean => names.some((name) => name.startsWith(prefix));
  let isRoberta = has("lm_head.");
  if (!isRoberta && !has("cls.predictions.")) {
    // Upstream's own rule, for a file that was saved without head.
    isRoberta = /roberta/.test(String(files.settings.bert_model_name));
    notices.push(
      `the file has no head for words, so its base model decides how positions count: as ${
        isRoberta ? "RoBERTa" : "BERT"
      }`,
    );
  }
  return parseLukeMetadata(files.settings, files.settingsPath, isRoberta ? "roberta" : "bert");
}

function floats({ fileName, tensor }: NamedTensor, path: string): StoredTensor {
  if (/^(B?F\d+)$/.test(tensor.dtype)) return tensor;
  throw new WeightsError(
    `${path}: ${fileName} is stored as ${tensor.dtype}, not as floating point numbers; ` +
      "quantized weights are not read, use the model as it was before",
  );
}

function noticeDecoder(weights: StoredWeights, config: LukeConfig, notices: string[]): void {
  const names = [...weights.tensors.keys()].map((name) => canonicalName(name, "luke"));
  if (config.tieWordEmbeddings && !names.includes("lm_head.decoder.weight")) {
    notices.push(
      "lm_head.decoder.weight is not in the file: words are decoded with their table (transformers 5 would start at random)",
    );
  }
}
