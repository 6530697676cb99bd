import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import type { ShardEntry } from "./dataset_shard.ts";
import type { PageItemCounts } from "./page_items.ts";

/** `format` of the `metadata.json` that {@linkcode Dataset} reads. */
export const DATASET_FORMAT = "lukeforge-dataset-1";

/** `metadata.json` of a dataset directory. The first seven fields are upstream's. */
export interface DatasetMetadata {
  /** Items of all shards. */
  readonly number_of_items: number;
  /** Limit of the build: words of an item with `[CLS]` and `[SEP]`. */
  readonly max_seq_length: number;
  /** Limit of the build: entities of an item. */
  readonly max_entity_length: number;
  /** Limit of the build: words of a mention. */
  readonly max_mention_length: number;
  /** Limit of the build: words of the shortest sentence. */
  readonly min_sentence_length: number;
  /** Hugging Face class of the tokenizer, e.g. `RobertaTokenizer`. */
  readonly tokenizer_class: string;
  /** Language under which titles were looked up; `null`: none. */
  readonly language: string | null;
  /** Marks a directory that {@linkcode Dataset} reads. */
  readonly format: typeof DATASET_FORMAT;
  /** Words of the longest item, without `[CLS]` and `[SEP]`. */
  readonly longest_item: number;
  /** Entities of the item that has most. */
  readonly most_entities: number;
  /** Words of the longest mention. */
  readonly longest_mention: number;
  /** Words of all items, without `[CLS]` and `[SEP]`. */
  readonly total_words: number;
  /** Entities of all items. */
  readonly total_entities: number;
  /** Rows of the word embedding table that the ids need. */
  readonly vocab_size: number;
  /** Rows of the entity embedding table that the ids need. */
  readonly entity_vocab_size: number;
  /** The shards in the order of their items. */
  readonly shards: readonly ShardEntry[];
  /** Where the data come from: the page database's metadata and the options of the build. */
  readonly provenance: Readonly<Record<string, unknown>>;
  /** Pages used, and what became of their links and sentences. */
  readonly counts: PageItemCounts & { readonly pages: number };
}

const NUMBERS = [
  "number_of_items",
  "max_seq_length",
  "max_entity_length",
  "max_mention_length",
  "min_sentence_length",
  "longest_item",
  "most_entities",
  "longest_mention",
  "total_words",
  "total_entities",
  "vocab_size",
  "entity_vocab_size",
] as const;

/**
 * Reads `metadata.json` of a dataset directory.
 *
 * @throws {UserError} when it is missing, no JSON, or of another format.
 */
export function readDatasetMetadata(directory: string): DatasetMetadata {
  const path = join(directory, "metadata.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw new UserError(
      `${path}: no such file; ${directory} is no data set: make one with build-wikipedia-pretraining-dataset`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${path}: not valid JSON; build the data set again`);
  }
  if (!isMetadata(value)) {
    throw new UserError(
      `${path}: not the metadata of a ${DATASET_FORMAT} data set (upstream's dataset.tf cannot be read); build it again from the page database`,
    );
  }
  return value;
}

function isMetadata(value: unknown): value is DatasetMetadata {
  if (!isRecord(value) || value.format !== DATASET_FORMAT || !Array.isArray(value.shards)) return false;
  return NUMBERS.every((name) => Number.isSafeInteger(value[name])) &&
    value.shards.every((shard: unknown) =>
      isRecord(shard) && typeof shard.name === "string" && /^shard-\d+$/.test(shard.name) &&
      Number.isSafeInteger(shard.items) && Number.isSafeInteger(shard.bytes)
    );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
