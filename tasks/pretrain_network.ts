import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import type { LukeConfig } from "@lukeforge/model";
import { checkSameVocabularies, Dataset } from "@lukeforge/train";
import { EntityVocab, openTokenizer, type Tokenizer } from "@lukeforge/vocab";
import type { TrainingSettings } from "./pretrain_settings.ts";
import type { StartingModel } from "./starting_model.ts";

/** An open dataset with what its ids mean. */
export interface OpenDataset extends Disposable {
  readonly dataset: Dataset;
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
  const tokenizer = await openTokenizer(directory);
  const vocab = EntityVocab.load(join(directory, "entity_vocab.jsonl"));
  const { vocab_size, entity_vocab_size } = dataset.metadata;
  if (tokenizer.vocabSize !== vocab_size || vocab.size !== entity_vocab_size) {
    throw new UserError(
      `${directory}: metadata.json tells of ${vocab_size} words and ${entity_vocab_size} entities, the files beside it hold ` +
        `${tokenizer.vocabSize} and ${vocab.size}; build the dataset again`,
    );
  }
  return { dataset, tokenizer, vocab, [Symbol.dispose]: () => dataset.close() };
}

/** Opens a dataset to evaluate on. @throws {UserError} when a network trained on `training` cannot read it. */
export async function openHeldOut(directory: string, training: OpenDataset): Promise<OpenDataset> {
  const heldOut = await openDataset(directory);
  try {
    checkSameVocabularies(heldOut.dataset, training.dataset);
    const longest = heldOut.dataset.metadata.longest_item + 2;
    const { max_seq_length } = training.dataset.metadata;
    if (longest <= max_seq_length) return heldOut;
    throw new UserError(
      `${directory}: has items of ${longest} words, the network learns only ${max_seq_length} positions; build it with ` +
        `--max-seq-length ${max_seq_length}`,
    );
  } catch (error) {
    heldOut[Symbol.dispose]();
    throw error;
  }
}

/**
 * The network for a dataset. RoBERTa's positions begin behind the pad id; layer norm's epsilon is that of the base model. One that
 * starts from a model has its shape, but for the vocabularies.
 *
 * @throws {UserError} when the model that is started from has too few positions or another pad id.
 */
export function lukeConfig(
  settings: TrainingSettings,
  { dataset, tokenizer, vocab }: OpenDataset,
  start?: StartingModel,
): LukeConfig {
  const baseModelType = settings.modelType ?? (tokenizer.modelType === "bert" ? "bert" : "roberta");
  const { max_seq_length } = dataset.metadata;
  const maxPositionEmbeddings = baseModelType === "roberta"
    ? max_seq_length + tokenizer.padId + 1
    : max_seq_length;
  const sizes = {
    vocabSize: tokenizer.vocabSize,
    entityVocabSize: vocab.size,
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
