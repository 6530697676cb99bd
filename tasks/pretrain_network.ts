import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import type { LukeConfig } from "@lukeforge/model";
import { checkSameVocabularies, ConcatenatedDatasets, Dataset, type DatasetMetadata } from "@lukeforge/train";
import { EntityVocab, openTokenizer, type Tokenizer } from "@lukeforge/vocab";
import { checkMasksEntities, type TrainingSettings } from "./pretrain_settings.ts";
import type { StartingModel } from "./starting_model.ts";

/** An open dataset with what its ids mean. */
export interface OpenDataset extends Disposable {
  readonly dataset: Dataset;
  readonly tokenizer: Tokenizer;
  readonly vocab: EntityVocab;
}

/** Open datasets, one or several, with what their ids mean. */
export interface OpenDatasets extends Disposable {
  readonly dataset: ConcatenatedDatasets;
  /** What their `metadata.json` say. */
  readonly metadata: readonly DatasetMetadata[];
  /** Whether there are entities in them. */
  readonly hasEntities: boolean;
  readonly tokenizer: Tokenizer;
  readonly vocab: EntityVocab;
}

/**
 * Opens a dataset directory.
 *
 * @throws {UserError} naming what is missing, damaged, or not what the dataset was built with.
 */
export async function openDataset(directory: string): Promise<OpenDataset> {
  const dataset = Dataset.open(directory);
  dataset.checkFiles();
  return { dataset, ...await openVocabularies(dataset), [Symbol.dispose]: () => dataset.close() };
}

/**
 * Opens dataset directories that have the same tokenizer and entity vocabulary.
 *
 * @throws {UserError} naming what is missing, damaged, or not what a dataset was built with.
 */
export async function openDatasets(directories: readonly string[]): Promise<OpenDatasets> {
  const dataset = ConcatenatedDatasets.open(directories);
  for (const one of dataset.datasets) one.checkFiles();
  const [first] = dataset.datasets;
  if (first === undefined) throw new RangeError("no dataset");
  const metadata = dataset.datasets.map((one) => one.metadata);
  return {
    dataset,
    metadata,
    hasEntities: metadata.some(({ total_entities }) => total_entities > 0),
    ...await openVocabularies(first),
    [Symbol.dispose]: () => dataset.close(),
  };
}

async function openVocabularies(
  { directory, metadata }: Dataset,
): Promise<{ tokenizer: Tokenizer; vocab: EntityVocab }> {
  const tokenizer = await openTokenizer(directory);
  const vocab = EntityVocab.load(join(directory, "entity_vocab.jsonl"));
  const { vocab_size, entity_vocab_size } = metadata;
  if (tokenizer.vocabSize !== vocab_size || vocab.size !== entity_vocab_size) {
    throw new UserError(
      `${directory}: metadata.json tells of ${vocab_size} words and ${entity_vocab_size} entities, the files beside it hold ` +
        `${tokenizer.vocabSize} and ${vocab.size}; build the dataset again`,
    );
  }
  return { tokenizer, vocab };
}

/** Opens datasets to evaluate on. @throws {UserError} when a network trained on `training` cannot read one. */
export async function openHeldOut(
  directories: readonly string[],
  training: OpenDatasets,
): Promise<OpenDatasets> {
  const heldOut = await openDatasets(directories);
  try {
    const [first] = heldOut.dataset.datasets;
    const [trained] = training.dataset.datasets;
    if (first !== undefined && trained !== undefined) checkSameVocabularies(first, trained);
    const { max_seq_length } = training.dataset;
    const longer = heldOut.metadata.findIndex(({ longest_item }) => longest_item + 2 > max_seq_length);
    if (longer < 0) return heldOut;
    const longest = (heldOut.metadata[longer]?.longest_item ?? 0) + 2;
    throw new UserError(
      `${
        directories[longer]
      }: has items of ${longest} words, the network learns only ${max_seq_length} positions; build it with ` +
        `--max-seq-length ${max_seq_length}`,
    );
  } catch (error) {
    heldOut[Symbol.dispose]();
    throw error;
  }
}

/**
 * The network for datasets; it has no entities where they have none, or none are wanted. RoBERTa's positions begin behind the pad id;
 * layer norm's epsilon is that of the base model. One that starts from a model has its shape, but for the vocabularies.
 *
 * @throws {UserError} when the model that is started from has too few positions or another pad id.
 */
export function lukeConfig(
  settings: TrainingSettings,
  { dataset, hasEntities, tokenizer, vocab }: OpenDatasets,
  start?: StartingModel,
): LukeConfig {
  if (!hasEntities && settings.maskedLmProb === 0) {
    throw new UserError("--masked-lm-prob 0: leaves nothing to learn, the data have no entities; raise it");
  }
  if (hasEntities) checkMasksEntities(settings);
  const baseModelType = settings.modelType ?? (tokenizer.modelType === "bert" ? "bert" : "roberta");
  const { max_seq_length } = dataset;
  const maxPositionEmbeddings = baseModelType === "roberta"
    ? max_seq_length + tokenizer.padId + 1
    : max_seq_length;
  const sizes = {
    vocabSize: tokenizer.vocabSize,
    entityVocabSize: settings.wordOnlyTraining || !hasEntities ? 0 : vocab.size,
    entityEmbSize: settings.entityEmbSize,
  };
  if (start !== undefined) {
    const { shape, named } = start;
    if (shape.maxPositionEmbeddings < maxPositionEmbeddings) {
      throw new UserError(
        `${named}: has ${shape.maxPositionEmbeddings} word positions, items of ${max_seq_length} words need ` +
          `${maxPositionEmbeddings}; build the data with a smaller --max-seq-length`,
      );
    }
    if (shape.padTokenId !== tokenizer.padId) {
      throw new UserError(
        `${named}: fills rows with word ${shape.padTokenId}, the tokenizer of the data with ${tokenizer.padId}; build ` +
          "the data with the model's own tokenizer",
      );
    }
    const dropout = settings.dropout === shape.hiddenDropoutProb
      ? {}
      : { hiddenDropoutProb: settings.dropout, attentionProbsDropoutProb: settings.dropout };
    return { ...shape, ...sizes, ...dropout, useEntityAwareAttention: false };
  }
  return {
    ...sizes,
    baseModelType,
    hiddenSize: settings.hiddenSize,
    numHiddenLayers: settings.numLayers,
    numAttentionHeads: settings.numAttentionHeads,
    intermediateSize: settings.intermediateSize,
    maxPositionEmbeddings,
    typeVocabSize: baseModelType === "roberta" ? 1 : 2,
    layerNormEps: baseModelType === "roberta" ? 1e-5 : 1e-12,
    hiddenDropoutProb: settings.dropout,
    attentionProbsDropoutProb: settings.dropout,
    initializerRange: 0.02,
    padTokenId: tokenizer.padId,
    useEntityAwareAttention: false,
    tieWordEmbeddings: true,
  };
}
