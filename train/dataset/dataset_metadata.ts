import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import { recordBytes } from "./dataset_record.ts";
import type { ShardEntry } from "./dataset_shard.ts";
import { sha256OfFile } from "./hashed_file.ts";
import type { PageItemCounts } from "../building/page_items.ts";

/** `format` of the `metadata.json` that {@linkcode Dataset} reads. */
export const DATASET_FORMAT = "lukeforge-dataset-2";

/** What a builder knows of a dataset. The first seven fields are upstream's. */
export interface DatasetDescription {
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
  /** Pages used, and what became of their links and sentences. `null`: not known. */
  readonly counts: PageItemCounts & { readonly pages: number } | null;
}

/** `metadata.json` of a dataset directory. */
export interface DatasetMetadata extends DatasetDescription {
  /** Marks a directory that {@linkcode Dataset} reads. */
  readonly format: typeof DATASET_FORMAT;
  /** SHA-256 of the tokenizer's files and the entity vocabulary, hexadecimal, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** SHA-256 of all other fields as JSON without spaces, hexadecimal. */
  readonly metadata_sha256: string;
}

const LIMITS = [
  "number_of_items",
  "max_seq_length",
  "max_entity_length",
  "max_mention_length",
  "min_sentence_length",
] as const;

const UPSTREAM_FIELDS = [...LIMITS, "tokenizer_class", "language"] as const;

const NUMBERS = [
  ...LIMITS,
  "longest_item",
  "most_entities",
  "longest_mention",
  "total_words",
  "total_entities",
  "vocab_size",
  "entity_vocab_size",
] as const;

const SHARD_NUMBERS = ["items", "words", "entities", "bytes"] as const;

/** What to do about a file that is not as it was written. */
export const COPY_AGAIN = "copy it again from where the data set came from, or build the data set again";

/**
 * Writes `metadata.json` into a directory that holds everything else: the shards, the tokenizer and the entity vocabulary, which
 * are hashed.
 */
export function writeDatasetMetadata(directory: string, description: DatasetDescription): void {
  const files: Record<string, string> = {};
  for (const name of readdirSync(directory).sort()) {
    if (name === "metadata.json" || SHARD_FILE.test(name)) continue;
    files[name] = sha256OfFile(join(directory, name));
  }
  const upstream = Object.fromEntries(UPSTREAM_FIELDS.map((name) => [name, description[name]]));
  const fields = { ...upstream, format: DATASET_FORMAT, ...description, files };
  const metadata = { ...fields, metadata_sha256: metadataHash(JSON.parse(JSON.stringify(fields))) };
  writeFileAtomic(join(directory, "metadata.json"), JSON.stringify(metadata, null, 2) + "\n");
}

const SHARD_FILE = /^shard-\d{5,}\.(?:bin|idx)$/;

function metadataHash(fields: unknown): string {
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex");
}

/**
 * Reads `metadata.json` of a dataset directory.
 *
 * @throws {UserError} when it is missing, no JSON, of another format, or not as it was written.
 */
export function readDatasetMetadata(directory: string): DatasetMetadata {
  const path = join(directory, "metadata.json");
  const value = readMetadataJson(directory);
  if (value.format !== DATASET_FORMAT) {
    throw new UserError(`${path}: ${aboutFormat(value.format, directory)}`);
  }
  const { metadata_sha256, ...fields } = value;
  const problem = problemOf(fields) ??
    (metadata_sha256 === metadataHash(fields) ? undefined : "its fields do not agree with metadata_sha256");
  if (problem !== undefined) throw new UserError(`${path}: damaged (${problem}); ${COPY_AGAIN}`);
  return value as unknown as DatasetMetadata;
}

/**
 * `number_of_items` of a dataset directory: one of this program, or of LUKE's own builder, of which `metadata.json` is enough.
 *
 * @throws {UserError} when there is none.
 */
export function numberOfItems(directory: string): number {
  const value = readMetadataJson(directory);
  if (value.format !== undefined) return readDatasetMetadata(directory).number_of_items;
  if (isCount(value.number_of_items)) return value.number_of_items;
  throw new UserError(
    `${
      join(directory, "metadata.json")
    }: has no number_of_items, as the metadata of a data set do; check the path`,
  );
}

function readMetadataJson(directory: string): Record<string, unknown> {
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
  } catch (error) {
    throw new UserError(`${path}: not valid JSON (${(error as Error).message}); ${COPY_AGAIN}`);
  }
  if (!isRecord(value)) throw new UserError(`${path}: not a JSON object; ${COPY_AGAIN}`);
  return value;
}

function aboutFormat(format: unknown, directory: string): string {
  if (format === "lukeforge-dataset-1") {
    return `a data set of the older format ${format}, without checksums of its items; build it again`;
  }
  if (typeof format === "string" && /^lukeforge-dataset-\d+$/.test(format)) {
    return `the format is ${format}, this version reads ${DATASET_FORMAT}; use the version that wrote it, or build it again`;
  }
  return existsSync(join(directory, "dataset.tf"))
    ? "a data set of LUKE's own builder (dataset.tf); take it over with convert-dataset"
    : `not the metadata of a ${DATASET_FORMAT} data set; build it again from the page database`;
}

/** What is wrong with the fields of this format; undefined when they can be relied on. */
function problemOf(value: Record<string, unknown>): string | undefined {
  const { shards, files, counts } = value;
  for (const name of NUMBERS) if (!isCount(value[name])) return `${name} is no whole number`;
  if (typeof value.tokenizer_class !== "string") return "tokenizer_class is no text";
  if (value.language !== null && typeof value.language !== "string") {
    return "language is neither text nor null";
  }
  if (!isRecord(value.provenance)) return "provenance is no object";
  if (counts !== null && !(isRecord(counts) && Object.values(counts).every(isCount))) {
    return "counts holds something else than whole numbers";
  }
  if (!isRecord(files) || !Object.entries(files).every(([name, hash]) => isFileName(name) && isHash(hash))) {
    return "files does not map names to SHA-256";
  }
  if (!Array.isArray(shards)) return "shards is no list";
  const sums = { items: 0, words: 0, entities: 0 };
  for (const [number, shard] of shards.entries()) {
    if (!isShard(shard)) return `shard ${number} lacks a field, or one is of another type`;
    if (shard.name !== `shard-${String(number).padStart(5, "0")}`) {
      return `shard ${number} is called ${JSON.stringify(shard.name)}`;
    }
    const bytes = recordBytes(shard.words, shard.entities) + recordBytes(0, 0) * (shard.items - 1);
    if (bytes !== shard.bytes) return `the numbers of shard ${number} do not agree with each other`;
    sums.items += shard.items;
    sums.words += shard.words;
    sums.entities += shard.entities;
  }
  const total = { items: "number_of_items", words: "total_words", entities: "total_entities" } as const;
  for (const unit of ["items", "words", "entities"] as const) {
    const named = value[total[unit]];
    if (sums[unit] !== named) return `${total[unit]} is ${named}, its shards have ${sums[unit]} ${unit}`;
  }
}

function isShard(value: unknown): value is ShardEntry {
  return isRecord(value) && typeof value.name === "string" &&
    SHARD_NUMBERS.every((name) => isCount(value[name])) &&
    value.items !== 0 && isHash(value.sha256) && isHash(value.index_sha256);
}

/** Names of a directory's own files only: none leads elsewhere. */
function isFileName(name: string): boolean {
  return name !== "" && !name.startsWith(".") && !/[/\\]/.test(name);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
