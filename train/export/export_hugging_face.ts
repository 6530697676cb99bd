import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import {
  type Format,
  type LukeConfig,
  lukeForMaskedLM,
  type SourceModel,
  WORD_MODELS,
  wordModel,
  type WordModelClass,
  writeWeights,
  type WriteWeightsOptions,
  type WrittenModel,
} from "@lukeforge/model";
import { writeDirectoryAtomic } from "../atomic_directory.ts";
import {
  type ExportedVocab,
  type HuggingFaceEntities,
  huggingFaceEntities,
  specialEntities,
} from "./hugging_face_entities.ts";
import {
  checkTokenizer,
  type ExportedTokenizer,
  type LukeTokenizerClass,
  lukeWords,
  writeLukeTokenizer,
  writeWordTokenizer,
} from "./hugging_face_words.ts";
import { type ModelCard, modelCard } from "./model_card.ts";

/** The classes of transformers that a model can be written for. */
export const MODEL_CLASSES = ["LukeForMaskedLM", ...Object.keys(WORD_MODELS) as WordModelClass[]] as const;

/** One of {@linkcode MODEL_CLASSES}. */
export type ModelClass = typeof MODEL_CLASSES[number];

/** What is exported, and how. Weights are read while they are written. */
export interface HuggingFaceExport extends SourceModel, WriteWeightsOptions {
  /** The model's tokenizer. */
  readonly tokenizer: ExportedTokenizer;
  /** What the model card tells besides the shape. */
  readonly card?: ModelCard;
}

/** A LUKE, and how it is exported. */
export interface LukeExport extends HuggingFaceExport {
  /** The model's entity vocabulary. */
  readonly vocab: ExportedVocab;
  /** Prepares fine-tuning with entity-aware attention: its queries are copies of the pretrained ones. Default false.
   * A network that has entity-aware attention keeps its own. */
  readonly useEntityAwareAttention?: boolean;
  /** Keeps only the special entities. Default false. */
  readonly removeEntityEmbeddings?: boolean;
  /** transformers' tokenizer. Default: the one for the tokenizer's kind. */
  readonly tokenizerClass?: LukeTokenizerClass;
  /** Most entities of a text, for transformers' tokenizer. Default 32, as there. */
  readonly maxEntityLength?: number;
  /** Most words of a mention, for transformers' tokenizer. Default 30, as there. */
  readonly maxMentionLength?: number;
  /** The model that the words started from. */
  readonly bertModelName?: string;
}

/**
 * Writes a directory that transformers opens as `LukeForMaskedLM`: `config.json`, `model.safetensors` (or shards),
 * `entity_vocab.json`, tokenizer files, `README.md`. It appears as a whole or not at all, in the place of what was there.
 *
 * As upstream's converter does, `[MASK2]` follows the entities as a copy of `[MASK]`, `<ent>` and `<ent2>` follow the words as
 * copies of `@` and `#`, for fine-tuning; where the model has them they stay. Entity titles are `language:Title`, bare where the
 * vocabulary names no language.
 *
 * @throws {UserError} when vocabulary, tokenizer and network do not go together.
 * @throws {WeightsError} when a parameter is missing or a value does not fit the element type.
 */
export async function exportHuggingFace(directory: string, model: LukeExport): Promise<void> {
  const { config, vocab, tokenizer } = model;
  if (vocab.size !== config.entityVocabSize) {
    throw new UserError(
      `the network has ${config.entityVocabSize} entities, the vocabulary ${vocab.size}; export with that of the run`,
    );
  }
  const words = lukeWords(tokenizer, config.vocabSize);
  const entities: HuggingFaceEntities = model.removeEntityEmbeddings
    ? specialEntities(vocab)
    : huggingFaceEntities(vocab);
  const written = lukeForMaskedLM(model, {
    specialWords: tokenizer,
    words: words.rows,
    entities: entities.rows,
    ...(model.useEntityAwareAttention === undefined
      ? {}
      : { useEntityAwareAttention: model.useEntityAwareAttention }),
    ...(model.bertModelName === undefined ? {} : { bertModelName: model.bertModelName }),
  });
  await writeModel(directory, written, model, [...vocab.languages], (partial) => {
    writeFileAtomic(join(partial, "entity_vocab.json"), entities.json);
    writeLukeTokenizer(partial, tokenizer, {
      ...(model.tokenizerClass === undefined ? {} : { tokenizerClass: model.tokenizerClass }),
      markerIds: words.markerIds,
      maxEntityLength: model.maxEntityLength ?? 32,
      maxMentionLength: model.maxMentionLength ?? 30,
      modelMaxLength: wordLimit(config),
    });
  });
}

/**
 * Writes a directory that transformers opens as a masked language model of words: a network of words only, or the word side of a
 * LUKE. It appears as a whole or not at all, in the place of what was there.
 *
 * @throws {UserError} when tokenizer and network do not go together.
 * @throws {WeightsError} when a parameter is missing or a value does not fit the element type.
 */
export async function exportWordModel(
  directory: string,
  model: HuggingFaceExport,
  name: WordModelClass,
): Promise<void> {
  checkTokenizer(model.tokenizer, model.config.vocabSize);
  const written = wordModel(model, name, model.tokenizer);
  await writeModel(directory, written, model, [], (partial) => {
    writeWordTokenizer(partial, model.tokenizer, wordLimit(model.config));
  });
}

/** Words that have a position: RoBERTa's first is pad id + 1. */
function wordLimit({ baseModelType, maxPositionEmbeddings, padTokenId }: LukeConfig): number {
  return maxPositionEmbeddings - (baseModelType === "roberta" ? padTokenId + 1 : 0);
}

/**
 * Writes the card of an exported model anew, when there is more to tell.
 *
 * @param languages of the entity vocabulary.
 */
export function writeModelCard(
  directory: string,
  config: LukeConfig,
  languages: Iterable<string | null>,
  card: ModelCard,
): void {
  const settings: Record<string, unknown> = JSON.parse(readFileSync(join(directory, "config.json"), "utf8"));
  const text = modelCard({ config, settings, languages: [...languages] }, card);
  writeFileAtomic(join(directory, "README.md"), text);
}

async function writeModel(
  directory: string,
  { settings, tensors }: WrittenModel,
  model: HuggingFaceExport,
  languages: readonly (string | null)[],
  writeMore: (partial: string) => void,
): Promise<void> {
  const config = { ...settings, dtype: TORCH_DTYPES[model.dtype ?? "f32"] };
  const card = modelCard({ config: model.config, settings: config, languages }, model.card);
  await writeDirectoryAtomic(directory, (partial) => {
    writeFileAtomic(join(partial, "config.json"), JSON.stringify(config, null, 2) + "\n");
    writeWeights(partial, tensors, model);
    writeMore(partial);
    writeFileAtomic(join(partial, "README.md"), card);
  });
}

const TORCH_DTYPES: Readonly<Record<Format, string>> = {
  f32: "float32",
  f16: "float16",
  bf16: "bfloat16",
};
