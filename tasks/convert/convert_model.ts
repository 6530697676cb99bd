import { existsSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import { type Format, WeightsError, WORD_MODELS, type WordModelClass } from "@lukeforge/model";
import {
  exportHuggingFace,
  exportOriginal,
  exportWordModel,
  type LukeTokenizerClass,
} from "@lukeforge/train";
import { EntityVocab, openTokenizer } from "@lukeforge/vocab";
import type { ConvertedModel } from "./converted_model.ts";

/** What a model can be written as: a class of transformers, or the layout of LUKE's own repository. */
export const TARGETS = [
  "LukeForMaskedLM",
  ...Object.keys(WORD_MODELS) as WordModelClass[],
  "original",
] as const;

/** One of {@linkcode TARGETS}. */
export type Target = typeof TARGETS[number];

/** How a model is written. */
export interface ConvertOptions {
  /** The tokenizer's directory or file. */
  readonly tokenizerPath?: string | undefined;
  /** The entity vocabulary. */
  readonly entityVocabPath?: string | undefined;
  /** Element type. Default: the model's. */
  readonly dtype?: Format | undefined;
  /** Bytes of weights in one file. */
  readonly maxShardSize?: number | undefined;
  /** Keeps only the special entities. */
  readonly removeEntityEmbeddings?: boolean | undefined;
  /** What `use_entity_aware_attention` says. Default: as the network. */
  readonly useEntityAwareAttention?: boolean | undefined;
  /** transformers' tokenizer. */
  readonly tokenizerClass?: LukeTokenizerClass | undefined;
  /** The model that the words started from. */
  readonly bertModelName?: string | undefined;
  /** Called with the bytes of weights written, and the bytes of all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Writes a model in another form. Weights are read while they are written.
 *
 * @throws {UserError} when the output exists, something is missing or does not go together.
 * @throws {WeightsError} when weights are missing, cannot be read, or do not fit the element type.
 */
export async function convertModel(
  model: ConvertedModel,
  output: string,
  target: Target,
  options: ConvertOptions = {},
): Promise<void> {
  if (existsSync(output)) throw new UserError(`${output}: exists already; remove it or name another output`);
  try {
    await write(model, output, target, options);
  } catch (error) {
    // Weights are read while they are written, so what is wrong with them does not know their file.
    throw error instanceof WeightsError ? new WeightsError(`${model.path}: ${error.message}`) : error;
  }
}

async function write(
  model: ConvertedModel,
  output: string,
  target: Target,
  options: ConvertOptions,
): Promise<void> {
  const writing = {
    config: model.config,
    tensors: model.tensors,
    dtype: options.dtype ?? model.dtype,
    card: { facts: model.facts },
    ...defined({ maxShardSize: options.maxShardSize, onProgress: options.onProgress }),
  };
  if (target === "original") {
    const bertModelName = options.bertModelName ?? model.bertModelName;
    if (bertModelName === undefined) {
      throw new UserError(
        "LUKE's own repository finds the tokenizer by the name of the base model: give it by --bert-model-name",
      );
    }
    await exportOriginal(output, {
      ...writing,
      vocab: entityVocabOf(model, options),
      bertModelName,
      ...model.lengths,
    });
    return;
  }
  const tokenizerPath = options.tokenizerPath ?? model.tokenizerPath;
  if (tokenizerPath === undefined) {
    throw new UserError(`${model.path}: has no tokenizer beside it; name one by --tokenizer`);
  }
  const tokenizer = await openTokenizer(tokenizerPath);
  if (target !== "LukeForMaskedLM") {
    await exportWordModel(output, { ...writing, tokenizer }, target);
    return;
  }
  const { useEntityAwareAttention = model.config.useEntityAwareAttention } = options;
  await exportHuggingFace(output, {
    ...writing,
    config: {
      ...model.config,
      useEntityAwareAttention: useEntityAwareAttention && model.config.useEntityAwareAttention,
    },
    tokenizer,
    vocab: entityVocabOf(model, options),
    useEntityAwareAttention,
    ...defined({
      removeEntityEmbeddings: options.removeEntityEmbeddings,
      tokenizerClass: options.tokenizerClass,
      maxMentionLength: model.lengths.maxMentionLength,
      bertModelName: options.bertModelName ?? model.bertModelName,
    }),
  });
}

function entityVocabOf(model: ConvertedModel, { entityVocabPath }: ConvertOptions): EntityVocab {
  if (model.config.entityVocabSize === 0) {
    throw new UserError(
      `${model.path}: has words only; write it as ${Object.keys(WORD_MODELS).join(", ")}`,
    );
  }
  const path = entityVocabPath ?? model.entityVocabPath;
  if (path === undefined) {
    throw new UserError(`${model.path}: has no entity vocabulary beside it; name one by --entity-vocab-path`);
  }
  return EntityVocab.load(path);
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that have a value. */
function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
