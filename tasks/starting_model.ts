import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import {
  checkWeights,
  isArchive,
  type LukeConfig,
  type LukeNetwork,
  mappedRows,
  normalArray,
  type OpenedModel,
  openModel,
  rowsOf,
  type StoredTensor,
} from "@lukeforge/model";
import { EntityVocab, openTokenizer } from "@lukeforge/vocab";
import type { RunSources } from "./run_sources.ts";
import type { OpenDatasets } from "./pretrain_network.ts";
import { optionOf } from "./name_case.ts";
import type { GivenSettings, PretrainSettings } from "./pretrain_settings.ts";
import { quantity } from "./progress.ts";

/** A pretrained model that a run starts from. */
export interface StartingModel {
  /** The option that named it, and the name, for messages: `--bert-model-name roberta-base`. */
  readonly named: string;
  /** A LUKE gives its entities too; any other model, or a LUKE that is named as a base model, its words alone. */
  readonly takes: "words" | "words and entities";
  /** Its network, or what the run has made of it. */
  readonly shape: LukeConfig;
  /** What a corpus is built with unless told: the model's directory or name; for a LUKE named beside its base model, that one's. */
  readonly tokenizer: string;
  /** Likewise where its entities are. */
  readonly entityVocab: string;
  /** Opens its files; fetches them where it is named by a repository of the model hub. */
  open(): Promise<OpenedModel>;
}

/**
 * The model that the options name; undefined for a start from random weights. `recorded` is the run's network where it has one
 * already: nothing is opened then.
 *
 * @throws {UserError} when the options contradict each other, and what {@linkcode openModel} throws.
 */
export async function startingModel(
  given: GivenSettings,
  sources: RunSources,
  recorded: LukeConfig | undefined,
): Promise<StartingModel | undefined> {
  const { bertModelName, modelFile, resumeHfCheckpointFile: weights } = given;
  // Upstream's command lines name the base model beside a LUKE: the LUKE has its own shape and weights.
  const option = modelFile ? "modelFile" : "bertModelName";
  const name = given[option];
  if (!name) {
    if (!weights) return undefined;
    throw new UserError(
      `--resume-hf-checkpoint-file ${weights}: holds weights alone; name the model whose shape and tokenizer it has by ` +
        "--bert-model-name",
    );
  }
  if (modelFile && weights) {
    throw new UserError("--model-file and --resume-hf-checkpoint-file: both name weights; give one of them");
  }
  const takes = modelFile ? "words and entities" : "words";
  for (const setting of SETTLED) {
    if (given[setting] === undefined || setting === "entityEmbSize" && !modelFile) continue;
    throw new UserError(`${optionOf(setting)}: is settled by ${optionOf(option)} ${name}; leave it out`);
  }
  const open = async (): Promise<OpenedModel> => {
    const path = await sources.locate(name, "model");
    const model = openModel(path, weights ? { weights: await sources.locate(weights, "model") } : {});
    try {
      checkWeights(model, {
        fresh: (parameter) => mayLack(model, takes, parameter),
        ignoreUnexpected: true,
        source: weights ? `--resume-hf-checkpoint-file ${weights}` : `${optionOf(option)} ${name}`,
      });
    } catch (error) {
      model[Symbol.dispose]();
      throw error;
    }
    return model;
  };
  const isFile = statSync(name, { throwIfNoEntry: false })?.isFile() ?? false;
  const home = isFile ? dirname(name) : name;
  const holdsEntities = isFile && isArchive(name);
  const start = {
    named: `${optionOf(option)} ${name}`,
    takes,
    tokenizer: modelFile && bertModelName ? bertModelName : home,
    entityVocab: holdsEntities ? name : home,
    open,
  } as const;
  if (recorded !== undefined) return { ...start, shape: recorded };
  using model = await open();
  if (modelFile && model.config.entityVocabSize === 0) {
    throw new UserError(`${start.named}: has no entities; name it by --bert-model-name`);
  }
  if (modelFile) knownEntities(model); // before hours of corpus, not after
  return { ...start, shape: model.config };
}

/** Options that a pretrained model leaves no choice about. */
const SETTLED = [
  "modelType",
  "numLayers",
  "hiddenSize",
  "numAttentionHeads",
  "intermediateSize",
  "entityEmbSize",
] as const;

/** Upstream's learning rate for weights that are pretrained, and its width of new entities. */
const PRETRAINED_DEFAULTS = { learningRate: 1e-5, entityEmbSize: 256 } as const;

/** Defaults of a run that starts from a model: its shape, its tokenizer and, of a LUKE, its entity vocabulary. */
export function startingDefaults(
  { shape, takes, tokenizer, entityVocab }: StartingModel,
  defaults: PretrainSettings,
): PretrainSettings {
  return {
    ...defaults,
    ...PRETRAINED_DEFAULTS,
    tokenizer,
    modelType: shape.baseModelType,
    numLayers: shape.numHiddenLayers,
    hiddenSize: shape.hiddenSize,
    numAttentionHeads: shape.numAttentionHeads,
    intermediateSize: shape.intermediateSize,
    dropout: shape.hiddenDropoutProb,
    ...(takes === "words and entities" && { entityVocab, entityEmbSize: shape.entityEmbSize }),
  };
}

/** What has been taken from a model, for people. */
export interface Taken {
  /** A line. */
  readonly summary: string;
  /** What a user should know about the model's files. */
  readonly notices: readonly string[];
}

/**
 * Streams a model's weights into a network that has been initialized from `seed`. Words are taken row by row; entities by
 * title, wherever the model's vocabulary has them; what the model does not have keeps or gets random values.
 *
 * @throws {UserError} when the model's tokenizer is not that of the data, or a tensor is missing or of another shape.
 */
export async function takeStartingModel(
  network: LukeNetwork,
  start: StartingModel,
  data: Pick<OpenDatasets, "dataset" | "tokenizer" | "vocab">,
  seed: number,
): Promise<Taken> {
  using model = await start.open();
  await checkTokenizer(start, model, data);
  const tensors = new Map<string, StoredTensor>();
  const { vocabSize, entityVocabSize } = network.config;
  const takes = entityVocabSize === 0 ? "words" : start.takes;
  for (const [name, tensor] of model.tensors) {
    if (!network.parameterShapes.has(name) || isOfEntities(name) && takes === "words") continue;
    tensors.set(name, OF_WORDS.includes(name) ? rowsOf(tensor, [[0, vocabSize]]) : tensor);
  }
  const found = takes === "words" ? 0 : mapEntities(tensors, model, network, data.vocab, seed);
  network.loadParameters(tensors, { fresh: (name) => mayLack(model, takes, name), source: model.path });
  const entities = entityVocabSize === 0
    ? "no entities"
    : takes === "words"
    ? `${quantity(data.vocab.size)} entities are new`
    : `${quantity(found)} of ${quantity(data.vocab.size)} entities`;
  return {
    summary: `${model.path} (${model.modelType}): words of ${network.config.numHiddenLayers} layers${
      hasHead(model) ? "" : " without a head"
    }, ${entities}`,
    notices: model.report.notices,
  };
}

const OF_WORDS: readonly string[] = [
  "luke.embeddings.word_embeddings.weight",
  "lm_head.decoder.weight",
  "lm_head.bias",
];
const ENTITY_TABLE = "luke.entity_embeddings.entity_embeddings.weight";

function hasHead(model: OpenedModel): boolean {
  return model.tensors.has("lm_head.dense.weight");
}

/** Whether a run begins without a parameter of its model: entities where it takes words alone, a head that the model has not. */
function mayLack(model: OpenedModel, takes: StartingModel["takes"], name: string): boolean {
  return isOfEntities(name) && takes === "words" || !hasHead(model) && name.startsWith("lm_head.");
}

function isOfEntities(name: string): boolean {
  return name.startsWith("luke.entity_embeddings.") || name.startsWith("entity_predictions.");
}

/** The model's entities. @throws {UserError} when they are not those of its weights, or cannot be read. */
function knownEntities(model: OpenedModel): EntityVocab {
  const known = EntityVocab.load(model.entityVocabPath ?? model.path);
  const { entityVocabSize } = model.config;
  if (known.size <= entityVocabSize) return known;
  throw new UserError(
    `${model.path}: has ${quantity(entityVocabSize)} entities, its vocabulary ${quantity(known.size)}; ` +
      "use the vocabulary that belongs to the weights",
  );
}

/** Puts the rows of entities where the run's vocabulary has them. Returns how many of its entities the model knows. */
function mapEntities(
  tensors: Map<string, StoredTensor>,
  model: OpenedModel,
  network: LukeNetwork,
  vocab: EntityVocab,
  seed: number,
): number {
  const known = knownEntities(model);
  const rows = new Int32Array(vocab.size).fill(-1);
  let found = 0;
  for (const { id, entities } of vocab.entries()) {
    for (const [title, language] of entities) {
      const row = known.getId(title, language);
      if (row === undefined) continue;
      rows[id] = row;
      found++;
      break;
    }
  }
  const { initializerRange } = network.config;
  const drawn = (row: Float32Array, index: number): void =>
    row.set(normalArray(row.length, initializerRange, Math.imul(seed + 1, 0x9e3779b1) ^ index));
  for (const name of [ENTITY_TABLE, "entity_predictions.bias"]) {
    const tensor = tensors.get(name);
    if (tensor) tensors.set(name, mappedRows(tensor, rows, name === ENTITY_TABLE ? drawn : undefined));
  }
  return found;
}

/** Ids mean the same words in the model and in the data. */
async function checkTokenizer(
  start: StartingModel,
  model: OpenedModel,
  { dataset, tokenizer }: Pick<OpenDatasets, "dataset" | "tokenizer">,
): Promise<void> {
  const data = join(dataset.datasets[0]?.directory ?? "", "tokenizer.json");
  const { vocabSize } = model.config;
  if (vocabSize < tokenizer.vocabSize) {
    throw new UserError(
      `${start.named}: has ${quantity(vocabSize)} words, ${data} ${
        quantity(tokenizer.vocabSize)
      }; build the data with the model's own tokenizer`,
    );
  }
  if (model.tokenizerPath === undefined) return;
  const own = await openTokenizer(model.tokenizerPath);
  const size = Math.min(own.vocabSize, tokenizer.vocabSize);
  for (let id = 0; id < size; id++) {
    if (own.token(id) === tokenizer.token(id)) continue;
    throw new UserError(
      `${start.named}: word ${id} is ${JSON.stringify(own.token(id))}, in ${data} ${
        JSON.stringify(tokenizer.token(id))
      }; build the data with the model's own tokenizer`,
    );
  }
}
