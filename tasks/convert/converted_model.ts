import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "@lukeforge/corpus";
import {
  canonicalName,
  checkWeights,
  type Format,
  type LukeConfig,
  type ModelType,
  type OpenedModel,
  openModel,
  openWeights,
  type StoredTensor,
} from "@lukeforge/model";
import { ConcatenatedDatasets, latestCheckpoint, type ModelClass } from "@lukeforge/train";
import { readResults } from "../results.ts";
import { baseModelName, runFacts } from "../run_facts.ts";
import { isRun, readRun, runPaths } from "../run_directory.ts";

/** Limits that a model was trained with. */
export interface TrainedLengths {
  /** Words of an item, special ones included. */
  readonly maxSeqLength?: number;
  /** Entities of an item. */
  readonly maxEntityLength?: number;
  /** Words of a mention. */
  readonly maxMentionLength?: number;
}

/** A model to be written in another form, open for reading: one on disk, or a checkpoint of a run. */
export interface ConvertedModel extends Disposable {
  /** What was named. */
  readonly path: string;
  /** The kind, as in `config.json`. */
  readonly modelType: ModelType;
  /** The network. */
  readonly config: LukeConfig;
  /** Its tensors under the names of {@linkcode lukeParameters}, and the pooler's, if there is one. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The element type of its tensors; f32 where they are of several. */
  readonly dtype: Format;
  /** Where its tokenizer is. */
  readonly tokenizerPath: string | undefined;
  /** Where its entities are. */
  readonly entityVocabPath: string | undefined;
  /** The model that the words started from. */
  readonly bertModelName: string | undefined;
  /** What it was trained with. */
  readonly lengths: TrainedLengths;
  /** What a model card tells of it. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** What a user should know, a sentence each. */
  readonly notices: readonly string[];
}

/** Where the parts of a model are that do not lie together. */
export interface ModelParts {
  /** A `metadata.json` or `config.json`. */
  readonly metadataPath?: string;
  /** What the model is called where it was taken from (default: the last part of its path). */
  readonly name?: string;
}

/**
 * Opens a model: the directory of a run of `pretrain` (its last checkpoint) or one of its checkpoints, or anything that
 * {@linkcode openModel} opens.
 *
 * @throws {UserError} when there is no model.
 * @throws {WeightsError} when it cannot be read.
 */
export function openConvertedModel(path: string, { metadataPath, name }: ModelParts = {}): ConvertedModel {
  const run = runOf(metadataPath ?? path) ?? runOf(path);
  if (run !== undefined) return openCheckpoint(path, run);
  if (metadataPath === undefined) return converted(path, openModel(path), path, name);
  if (!existsSync(metadataPath)) {
    throw new UserError(`${metadataPath}: there is no such file; check the path`);
  }
  return converted(path, openModel(metadataPath, { weights: path }), metadataPath, name);
}

/** The directory of the run that a path belongs to: itself, its `config.json`, or one of its checkpoints. */
function runOf(path: string): string | undefined {
  const full = resolve(path);
  const directory = statSync(full, { throwIfNoEntry: false })?.isFile() ? dirname(full) : full;
  const home = /^step-\d+$/.test(basename(directory)) ? dirname(dirname(directory)) : directory;
  return isRun(home) ? home : undefined;
}

function openCheckpoint(path: string, run: string): ConvertedModel {
  const { datasets: directories, network, settings } = readRun(run);
  if (network === undefined) throw new UserError(`${run}: holds no checkpoint yet; let pretrain make one`);
  const paths = runPaths(run);
  const latest = latestCheckpoint(paths.checkpoints)?.path;
  const isWhole = resolve(path) === run;
  const checkpoint = isWhole ? latest : path;
  if (checkpoint === undefined) throw new UserError(`${run}: holds no checkpoint yet; let pretrain make one`);
  using data = ConcatenatedDatasets.open(directories);
  const metadata = data.datasets.map((one) => one.metadata);
  const [directory = ""] = directories;
  const hasEntities = network.entityVocabSize > 0;
  const weights = openWeights(checkpoint);
  return {
    path,
    modelType: hasEntities ? "luke" : network.baseModelType,
    config: network,
    tensors: weights.tensors,
    dtype: "f32",
    tokenizerPath: directory,
    entityVocabPath: hasEntities ? join(directory, "entity_vocab.jsonl") : undefined,
    bertModelName: baseModelName(settings),
    facts: runFacts({
      settings,
      datasets: metadata,
      results: resolve(checkpoint) === latest ? readResults(paths.results) : undefined,
    }),
    lengths: {
      maxSeqLength: data.max_seq_length,
      maxEntityLength: Math.max(...metadata.map(({ max_entity_length }) => max_entity_length)),
      maxMentionLength: Math.max(...metadata.map(({ max_mention_length }) => max_mention_length)),
    },
    notices: isWhole ? [`${path}: takes ${basename(checkpoint)}`] : [],
    [Symbol.dispose]: () => weights[Symbol.dispose](),
  };
}

function converted(path: string, opened: OpenedModel, home: string, name?: string): ConvertedModel {
  try {
    // What is missing may not be needed; what has another shape is not this model's.
    checkWeights(opened, { ignoreUnexpected: true, fresh: () => true });
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
  const { modelType, config, settings, weights, report, tokenizerPath, entityVocabPath } = opened;
  const tensors = new Map(opened.tensors);
  for (const [fileName, tensor] of weights.tensors) {
    const name = canonicalName(fileName, modelType);
    if (name.startsWith("luke.pooler.")) tensors.set(name, tensor);
  }
  const left = report.unexpected;
  const { bert_model_name } = settings;
  return {
    path,
    modelType,
    config,
    tensors,
    dtype: storedDType([...opened.tensors.values()]),
    tokenizerPath,
    entityVocabPath,
    bertModelName: typeof bert_model_name === "string" ? bert_model_name : undefined,
    facts: { "converted from": name ?? basename(resolve(path)) },
    lengths: readLengths(home),
    notices: [
      ...report.notices,
      ...(left.length > 0 ? [`${path}: ${left.length} tensors are left out: ${left.join(", ")}`] : []),
    ],
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

function storedDType(tensors: readonly StoredTensor[]): Format {
  const [dtype, ...others] = new Set(tensors.map((tensor) => tensor.dtype));
  if (others.length > 0) return "f32";
  return dtype === "F16" ? "f16" : dtype === "BF16" ? "bf16" : "f32";
}

/** The limits in LUKE's own `metadata.json`. */
function readLengths(path: string): TrainedLengths {
  const file = statSync(path).isDirectory() ? join(path, "metadata.json") : path;
  if (basename(file) !== "metadata.json" || !existsSync(file)) return {};
  const fields = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  const { max_seq_length, max_entity_length, max_mention_length } = fields;
  return {
    ...(typeof max_seq_length === "number" && { maxSeqLength: max_seq_length }),
    ...(typeof max_entity_length === "number" && { maxEntityLength: max_entity_length }),
    ...(typeof max_mention_length === "number" && { maxMentionLength: max_mention_length }),
  };
}

/** The class of transformers for a kind of model. */
export const CLASS_OF: Readonly<Record<ModelType, ModelClass>> = {
  "luke": "LukeForMaskedLM",
  "bert": "BertForMaskedLM",
  "roberta": "RobertaForMaskedLM",
  "xlm-roberta": "XLMRobertaForMaskedLM",
};
