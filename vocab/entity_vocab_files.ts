import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { interwikiOf, UserError } from "@lukeforge/corpus";
import { type EntityVocabContents, type EntityVocabEntry, isSpecialEntity } from "./entity_vocab_entry.ts";
import { CONFIG_WITH_VOCAB, entityVocabOffset } from "./entity_vocab_in_config.ts";
import { entityVocabFormat } from "./entity_vocab_formats.ts";
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
    entityVocabFormat(path);
    return path;
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
  return { table, counts, placeOf: (entry) => `, line ${table.id(entry) + 1}` };
}

function readJsonl(file: string, table: EntityVocabTable): EntityVocabContents {
  const counts: number[] = [];
  const lineOfId: number[] = [];
  let number = 0;
  const take = (value: unknown, place: string): void => {
    const entry = entryOf(value);
    if (entry === undefined) {
      throw new UserError(
        `${file}, ${place}: expected {"id": int, "entities": [[title, language or null], …], "count": int}; correct the line`,
      );
    }
    const earlier = lineOfId[entry.id];
    if (earlier !== undefined) {
      throw new UserError(
        `${file}, ${place}: id ${entry.id} is already on line ${earlier}; remove one of them`,
      );
    }
    lineOfId[entry.id] = number;
    counts[entry.id] = entry.count;
    for (const [title, language] of entry.entities) table.add(title, language, entry.id);
  };
  for (const line of textLines(file)) {
    number++;
    if (line.trim() === "") continue;
    const value = parseJson(line);
    if (value !== undefined) take(value, `line ${number}`);
    else {
      let object = 0;
      for (const text of objectsOf(line)) {
        take(parseJson(text), ++object === 1 ? `line ${number}` : `line ${number}, object ${object}`);
      }
    }
  }
  return { table, counts, placeOf: (entry) => `, line ${lineOfId[table.id(entry)] ?? 0}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The objects of a line that holds several, which a vocabulary is that was written without line breaks (ice-luke's was). */
function* objectsOf(line: string): Generator<string> {
  let depth = 0;
  let start = 0;
  for (let at = 0; at < line.length; at++) {
    const unit = line[at];
    if (unit === '"') { for (at++; at < line.length && line[at] !== '"'; at++) if (line[at] === "\\") at++; }
    else if (unit === "{") depth++;
    else if (unit === "}" && --depth === 0) {
      yield line.slice(start, at + 1);
      start = at + 1;
    }
  }
  const rest = line.slice(start);
  if (rest.trim() !== "") yield rest;
}

function readHuggingFace(file: string, table: EntityVocabTable): EntityVocabContents {
  const offset = entityVocabOffset(file);
  readEntityKeys(file, (bytes, from, to, id) => table.addBytes(bytes, from, to, id), offset);
  const isSpecial = (entry: number): boolean =>
    table.startsWithBracket(entry) && isSpecialEntity(table.title(entry));
  table.splitLanguages(
    (prefix) =>
      prefix === prefix.toLowerCase() && interwikiOf(`${prefix.replaceAll("_", "-")}:`) === "language",
    isSpecial,
    isMultilingual(join(dirname(file), "tokenizer_config.json")),
  );
  return { table, counts: [], placeOf: (entry) => `, byte ${positionOf(file, entry, offset)}` };
}

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

function entryOf(value: unknown): EntityVocabEntry | undefined {
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
