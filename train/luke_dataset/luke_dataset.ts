import { closeSync, createReadStream, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { UserError } from "@lukeforge/corpus";
import type { DatasetItem, ItemEntity } from "../building/page_items.ts";
import { int64Features } from "./tf_example.ts";
import { readTfRecords, type TfRecord } from "./tf_record.ts";

/** What `metadata.json` of a dataset directory of LUKE's own builder says. */
export interface LukeDatasetMetadata {
  /** Items of `dataset.tf`. */
  readonly number_of_items: number;
  /** Most words of an item with `[CLS]` and `[SEP]`. */
  readonly max_seq_length: number;
  /** Most entities of an item. */
  readonly max_entity_length: number;
  /** Positions that are stored for each mention. */
  readonly max_mention_length: number;
  /** Words of the shortest sentence. */
  readonly min_sentence_length: number;
  /** Class of the tokenizer; older directories do not name it. */
  readonly tokenizer_class?: string | null;
  /** Older directories do not name it. */
  readonly language?: string | null;
}

/** Numbers of ids that items may have. */
export interface LukeDatasetVocabularies {
  /** One more than the highest word id. */
  readonly words: number;
  /** One more than the highest entity id. */
  readonly entities: number;
}

const NUMBERS = [
  "number_of_items",
  "max_seq_length",
  "max_entity_length",
  "max_mention_length",
  "min_sentence_length",
] as const;

/**
 * Reads `metadata.json` of a dataset directory of LUKE's own builder.
 *
 * @throws {UserError} when the directory is something else, or a field is missing.
 */
export function readLukeDatasetMetadata(directory: string): LukeDatasetMetadata {
  const path = join(directory, "metadata.json");
  for (const name of ["metadata.json", "dataset.tf"]) {
    if (existsSync(join(directory, name))) continue;
    throw new UserError(
      `${
        join(directory, name)
      }: no such file; name a directory that build-wikipedia-pretraining-dataset of LUKE wrote`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UserError(`${path}: not valid JSON (${(error as Error).message}); copy it again`);
  }
  const fields = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  for (const name of NUMBERS) {
    const number: unknown = fields.get(name);
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) continue;
    throw new UserError(`${path}: ${name} is no whole number; give the metadata that belong to dataset.tf`);
  }
  for (const name of ["tokenizer_class", "language"]) {
    const text: unknown = fields.get(name);
    if (text === undefined || text === null || typeof text === "string") continue;
    throw new UserError(`${path}: ${name} is no text; give the metadata that belong to dataset.tf`);
  }
  return value as LukeDatasetMetadata;
}

/**
 * The items of a directory of LUKE's own builder: `dataset.tf`, a TFRecord file of `tf.train.Example`, gzipped or not. Some at a
 * time, in the order of the file; memory does not grow with it.
 *
 * @param progress takes the bytes of the file that were read, and its size.
 * @throws {UserError} naming the record and its place when the file is damaged or cut off, an id is beyond the vocabularies, the
 * positions of a mention are not contiguous, or there are none or not as many items as `metadata.json` says.
 */
export async function* readLukeDataset(
  directory: string,
  metadata: LukeDatasetMetadata,
  vocabularies: LukeDatasetVocabularies,
  progress?: (done: number, total: number) => void,
): AsyncGenerator<DatasetItem[], void, void> {
  const path = join(directory, "dataset.tf");
  let items = 0;
  for await (const records of readTfRecords(unpacked(path, progress), path)) {
    items += records.length;
    yield records.map((record) => itemOf(record, path, metadata, vocabularies));
  }
  if (items === 0) throw new UserError(`${path}: holds no items; build it again`);
  if (items !== metadata.number_of_items) {
    throw new UserError(
      `${path}: holds ${items} items, but metadata.json says ${metadata.number_of_items}; copy both again from where they came from`,
    );
  }
}

/** The contents of a file, gzipped or not. */
async function* unpacked(
  path: string,
  progress: ((done: number, total: number) => void) | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const total = statSync(path).size;
  let read = 0;
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const counted = async function* (): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of file as AsyncIterable<Uint8Array>) {
      read += chunk.length;
      progress?.(read, total);
      yield chunk;
    }
  };
  if (!isGzip(path)) return yield* counted();
  try {
    yield* pipeline(counted(), createGunzip({ chunkSize: 1 << 18 }), () => {}); // the error comes out of the stream as well
  } catch (error) {
    if (!(error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))) throw error;
    const what = error.code === "Z_BUF_ERROR" ? "cut off at" : `damaged (${error.message}) before`;
    throw new UserError(`${path}: ${what} byte ${read}; copy it again from where it came from`);
  }
}

function isGzip(path: string): boolean {
  const handle = openSync(path, "r");
  try {
    const head = new Uint8Array(2);
    return readSync(handle, head) === 2 && head[0] === 0x1f && head[1] === 0x8b;
  } finally {
    closeSync(handle);
  }
}

function itemOf(
  { number, offset, bytes }: TfRecord,
  path: string,
  metadata: LukeDatasetMetadata,
  vocabularies: LukeDatasetVocabularies,
): DatasetItem {
  const wrong = (what: string): UserError =>
    new UserError(`${path}, item ${number} (byte ${offset} of the unpacked file): ${what}`);
  let features: Map<string, number[]>;
  try {
    features = int64Features(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw wrong(`is no tf.train.Example (${error.message}); give a dataset.tf of LUKE`);
  }
  const feature = (name: string): number[] => {
    const values = features.get(name);
    if (values === undefined) throw wrong(`has no ${name}; give a dataset.tf of LUKE`);
    return values;
  };
  const [pageId, ...morePages] = feature("page_id");
  const wordIds = feature("word_ids"), entityIds = feature("entity_ids");
  const positions = feature("entity_position_ids");
  if (pageId === undefined || morePages.length > 0 || pageId < -1 || pageId >= vocabularies.entities) {
    throw wrong(
      `page_id is ${
        listed([pageId ?? "missing", ...morePages])
      }, the entity vocabulary has ${vocabularies.entities} entities`,
    );
  }
  const word = wordIds.find((id) => id < 0 || id >= vocabularies.words);
  if (word !== undefined) {
    throw wrong(
      `word id ${word}, the tokenizer has ${vocabularies.words} words; give the tokenizer that it was built with`,
    );
  }
  const entity = entityIds.find((id) => id < 0 || id >= vocabularies.entities);
  if (entity !== undefined) {
    throw wrong(
      `entity id ${entity}, the vocabulary has ${vocabularies.entities} entities; give the vocabulary that it was built with`,
    );
  }
  const { max_seq_length, max_entity_length, max_mention_length } = metadata;
  if (wordIds.length + 2 > max_seq_length || entityIds.length > max_entity_length) {
    throw wrong(
      `${wordIds.length} words and ${entityIds.length} entities, metadata.json says at most ${
        max_seq_length - 2
      } and ` +
        `${max_entity_length}; give the metadata that belong to it`,
    );
  }
  if (positions.length !== entityIds.length * max_mention_length) {
    throw wrong(
      `${positions.length} positions of ${entityIds.length} entities, metadata.json says ${max_mention_length} each; give the ` +
        "metadata that belong to it",
    );
  }
  const entities = entityIds.map((id, mention): ItemEntity => {
    const row = positions.slice(mention * max_mention_length, (mention + 1) * max_mention_length);
    const length = row.indexOf(-1) < 0 ? row.length : row.indexOf(-1);
    const start = length === 0 ? 0 : row[0] ?? 0;
    const isRange = row.every((position, i) => position === (i < length ? start + i : -1));
    if (isRange && start >= 0 && start + length <= wordIds.length) return { id, start, length };
    throw wrong(
      `mention ${mention} has the positions ${
        listed(row)
      }, which are no range within its ${wordIds.length} words`,
    );
  });
  return { pageId, wordIds, entities };
}

/** Values in a message, the first ones of many. */
function listed(values: readonly unknown[]): string {
  return values.slice(0, 40).join(" ") + (values.length > 40 ? " …" : "");
}
