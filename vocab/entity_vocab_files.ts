import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { interwikiOf, UserError } from "@lukeforge/corpus";
import {
  type EntityVocabContents,
  type EntityVocabEntry,
  MASK2_ENTITY,
  MASK_ENTITY,
  PAD_ENTITY,
  UNK_ENTITY,
} from "./entity_vocab_entry.ts";
import { CONFIG_WITH_VOCAB, entityVocabOffset } from "./entity_vocab_in_config.ts";
import { readEntityKeys } from "./entity_vocab_json.ts";
import { EntityVocabTable } from "./entity_vocab_table.ts";
import { textLines } from "./text_lines.ts";

/**
 * The vocabulary file that a path names: itself, or the one in a directory.
 *
 * @throws {UserError} when there is none.
 */
export function entityVocabFile(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UserError(`${path}: no such entity vocabulary; check the path`);
  if (!stat.isDirectory()) {
    if (/\.(jsonl|tsv|json)$/.test(path)) return path;
    throw new UserError(
      `${path}: an entity vocabulary must be named *.jsonl, *.tsv or *.json; rename the file`,
    );
  }
  for (const name of ["entity_vocab.tsv", "entity_vocab.jsonl", "entity_vocab.json"]) {
    const file = join(path, name);
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
  }
  const config = join(path, CONFIG_WITH_VOCAB);
  if (entityVocabOffset(config) !== undefined) return config;
  throw new UserError(
    `${path}: holds neither entity_vocab.jsonl, entity_vocab.tsv nor entity_vocab.json; give the vocabulary file itself`,
  );
}

/** Reads a vocabulary file of any kind. @throws {UserError} naming file and line (or byte) when it is malformed. */
export function readEntityVocab(file: string): EntityVocabContents {
  const table = new EntityVocabTable(statSync(file).size);
  if (file.endsWith(".json")) return readHuggingFace(file, table);
  return file.endsWith(".tsv") ? readTsv(file, table) : readJsonl(file, table);
}

/** Takes entries in the order of their ids. @throws {UserError} when one is missing. */
export function contentsOf(entries: Iterable<EntityVocabEntry>, source: string): EntityVocabContents {
  const table = new EntityVocabTable();
  const counts: number[] = [];
  for (const { id, entities, count } of entries) {
    if (id !== counts.length) {
      throw new UserError(
        `${source}: no entry has id ${counts.length}; ids must run from 0 without gaps: build the vocabulary again`,
      );
    }
    for (const [title, language] of entities) table.add(title, language, id);
    counts.push(count);
  }
  return { table, counts };
}

function readTsv(file: string, table: EntityVocabTable): EntityVocabContents {
  const counts: number[] = [];
  for (const line of textLines(file)) {
    const tab = line.lastIndexOf("\t");
    const count = line.slice(tab + 1).trim();
    if (tab < 1 || !/^\d+$/.test(count)) {
      throw new UserError(`${file}, line ${counts.length + 1}: expected "title<TAB>count"; correct the line`);
    }
    table.add(line.slice(0, tab), null, counts.length);
    counts.push(Number(count));
  }
  return { table, counts };
}

function readJsonl(file: string, table: EntityVocabTable): EntityVocabContents {
  const counts: number[] = [];
  const lineOfId: number[] = [];
  let number = 0;
  for (const line of textLines(file)) {
    number++;
    if (line.trim() === "") continue;
    const entry = parseEntry(line);
    if (entry === undefined) {
      throw new UserError(
        `${file}, line ${number}: expected {"id": int, "entities": [[title, language or null], …], "count": int}; correct the line`,
      );
    }
    const earlier = lineOfId[entry.id];
    if (earlier !== undefined) {
      throw new UserError(
        `${file}, line ${number}: id ${entry.id} is already on line ${earlier}; remove one of them`,
      );
    }
    lineOfId[entry.id] = number;
    counts[entry.id] = entry.count;
    for (const [title, language] of entry.entities) table.add(title, language, entry.id);
  }
  return { table, counts };
}

function readHuggingFace(file: string, table: EntityVocabTable): EntityVocabContents {
  const offset = entityVocabOffset(file);
  readEntityKeys(file, (bytes, from, to, id) => table.addBytes(bytes, from, to, id), offset);
  const isSpecial = (entry: number): boolean =>
    table.startsWithBracket(entry) && SPECIALS.has(table.title(entry));
  table.splitLanguages(
    (prefix) =>
      prefix === prefix.toLowerCase() && interwikiOf(`${prefix.replaceAll("_", "-")}:`) === "language",
    isSpecial,
    isMultilingual(join(dirname(file), "tokenizer_config.json")),
  );
  return { table, counts: [], placeOf: (entry) => `, byte ${positionOf(file, entry, offset)}` };
}

const SPECIALS: ReadonlySet<string> = new Set([PAD_ENTITY, UNK_ENTITY, MASK_ENTITY, MASK2_ENTITY]);

/** Where an entry starts. Positions are not kept while reading: 14 million of them for the sake of a message. */
function positionOf(file: string, entry: number, offset: number | undefined): number {
  let seen = 0;
  let found = 0;
  readEntityKeys(file, (_bytes, _from, _to, _id, position) => {
    if (seen++ === entry) found = position;
  }, offset);
  return found;
}

function isMultilingual(configFile: string): boolean {
  if (!statSync(configFile, { throwIfNoEntry: false })?.isFile()) return false;
  try {
    const config: unknown = JSON.parse(readFileSync(configFile, "utf8"));
    return typeof config === "object" && config !== null && "tokenizer_class" in config &&
      config.tokenizer_class === "MLukeTokenizer";
  } catch (error) {
    throw new UserError(
      `${configFile}: cannot be read as JSON (${(error as Error).message}); replace the file`,
    );
  }
}

function parseEntry(line: string): EntityVocabEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { id, entities, count } = value as Record<string, unknown>;
  if (!isCount(id) || !isCount(count) || !Array.isArray(entities) || entities.length === 0) return undefined;
  return entities.every(isTitleAndLanguage) ? { id, entities, count } : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isTitleAndLanguage(value: unknown): value is [string, string | null] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string" &&
    (value[1] === null || typeof value[1] === "string");
}
