import { statSync } from "node:fs";
import { join } from "node:path";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import { textLines } from "./text_lines.ts";

/** Title of the padding entity. */
export const PAD_ENTITY = "[PAD]";
/** Title of the entity that stands for all that have no entry of their own. */
export const UNK_ENTITY = "[UNK]";
/** Title of the entity that replaces a masked one. */
export const MASK_ENTITY = "[MASK]";
/** The special entities in the order of their ids in vocabularies built here: 0, 1, 2. */
export const SPECIAL_ENTITIES: readonly string[] = [PAD_ENTITY, UNK_ENTITY, MASK_ENTITY];

/** One id of an entity vocabulary. */
export interface EntityVocabEntry {
  /** Its row in the entity embedding table. */
  readonly id: number;
  /** The titles of this id with their languages; more than one in a multilingual vocabulary. `null`: language not recorded. */
  readonly entities: readonly (readonly [title: string, language: string | null])[];
  /** How many links to it were counted; 0 for the specials. */
  readonly count: number;
}

/**
 * The entities a model knows: (title, language) to id and back. Ids run from 0 without gaps; the special entities are found
 * by title, whatever their ids (the released mLUKE has `[MASK]` = 0).
 */
export class EntityVocab {
  /** Number of ids, specials included: the row count of the entity embedding table. */
  readonly size: number;
  /** Id of `[PAD]`. */
  readonly padId: number;
  /** Id of `[UNK]`. */
  readonly unkId: number;
  /** Id of `[MASK]`. */
  readonly maskId: number;
  /** The languages of the entries other than specials; `null` stands for "not recorded". */
  readonly languages: ReadonlySet<string | null>;

  // A million ids: flat arrays, the titles of id i are those from #starts[i] to #starts[i + 1].
  readonly #titles: string[] = [];
  readonly #titleLanguages: (string | null)[] = [];
  readonly #starts: number[] = [0];
  readonly #counts: number[] = [];
  readonly #idsByLanguage = new Map<string | null, Map<string, number>>();
  readonly #specials = new Map<string, number>();

  /**
   * Takes the entries in the order of their ids, 0, 1, 2, …
   *
   * @throws {UserError} when ids have gaps, a title stands at two ids, or a special entity is missing or stands at two.
   * @param source what messages name: the file.
   */
  constructor(entries: Iterable<EntityVocabEntry>, source = "entity vocabulary") {
    const languages = new Set<string | null>();
    for (const { id, entities, count } of entries) {
      if (id !== this.#counts.length) {
        throw new UserError(
          `${source}: no entry has id ${this.#counts.length}; ids must run from 0 without gaps: build the vocabulary again`,
        );
      }
      for (const [title, language] of entities) {
        let ids = this.#idsByLanguage.get(language);
        if (ids === undefined) this.#idsByLanguage.set(language, ids = new Map());
        const known = ids.get(title);
        if (known !== undefined && known !== id) {
          throw new UserError(
            `${source}: ids ${known} and ${id} both hold ${
              JSON.stringify([title, language])
            }; remove one of them`,
          );
        }
        ids.set(title, id);
        this.#titles.push(title);
        this.#titleLanguages.push(language);
        if (!SPECIAL_ENTITIES.includes(title)) {
          languages.add(language);
          continue;
        }
        const special = this.#specials.get(title);
        if (special !== undefined && special !== id) {
          throw new UserError(
            `${source}: ids ${special} and ${id} both hold the special entity ${title}; remove one of them`,
          );
        }
        this.#specials.set(title, id);
      }
      this.#starts.push(this.#titles.length);
      this.#counts.push(count);
    }
    const missing = SPECIAL_ENTITIES.filter((title) => !this.#specials.has(title));
    if (missing.length > 0) {
      throw new UserError(`${source}: lacks the special entities ${missing.join(", ")}; add a line for each`);
    }
    this.size = this.#counts.length;
    this.padId = this.#specials.get(PAD_ENTITY) ?? 0;
    this.unkId = this.#specials.get(UNK_ENTITY) ?? 0;
    this.maskId = this.#specials.get(MASK_ENTITY) ?? 0;
    this.languages = languages;
  }

  /**
   * Reads a vocabulary: `.jsonl` (one `{"id", "entities": [[title, language]], "count"}` a line, in any order), `.tsv` (the
   * older `title<TAB>count`; id = line index, language `null`), or a directory that holds `entity_vocab.tsv` or
   * `entity_vocab.jsonl` (the first wins, as upstream).
   *
   * @throws {UserError} naming file and line when something is missing or malformed.
   */
  static load(path: string): EntityVocab {
    const file = vocabFile(path);
    return new EntityVocab(file.endsWith(".tsv") ? readTsv(file) : readJsonl(file), file);
  }

  /** Writes the vocabulary as jsonl in id order, non-ASCII characters as they are; the same entries give the same bytes. */
  save(path: string): void {
    writeFileAtomic(path, this.#jsonl());
  }

  /**
   * The id of a title, or `undefined`. Specials are found in any language. A title is looked up in `language` first; where the
   * file or the caller has no language (`null`), it still matches if that leaves one meaning: a file without languages
   * answers for every language, a file with a single language answers a caller without one. Upstream found nothing then and
   * built empty datasets.
   */
  getId(title: string, language: string | null = null): number | undefined {
    const id = this.#idsByLanguage.get(language)?.get(title) ?? this.#specials.get(title);
    if (id !== undefined) return id;
    if (language !== null) return this.#idsByLanguage.get(null)?.get(title);
    if (this.languages.size !== 1) return undefined;
    for (const only of this.languages) return this.#idsByLanguage.get(only)?.get(title);
  }

  /** Whether {@linkcode EntityVocab.getId} finds the title. */
  has(title: string, language: string | null = null): boolean {
    return this.getId(title, language) !== undefined;
  }

  /** The first title of an id; in `language` if it has one there. @throws {RangeError} when there is no such id. */
  titleOf(id: number, language?: string | null): string {
    this.#check(id);
    const start = this.#starts[id] ?? 0;
    const end = this.#starts[id + 1] ?? start;
    for (let i = start; language !== undefined && i < end; i++) {
      if (this.#titleLanguages[i] === language) return this.#titles[i] ?? "";
    }
    return this.#titles[start] ?? "";
  }

  /** How often an id was linked to in the counted pages. @throws {RangeError} when there is no such id. */
  countOf(id: number): number {
    this.#check(id);
    return this.#counts[id] ?? 0;
  }

  /** All entries in id order. */
  *entries(): Generator<EntityVocabEntry> {
    for (let id = 0; id < this.size; id++) {
      const entities: [string, string | null][] = [];
      for (let i = this.#starts[id] ?? 0; i < (this.#starts[id + 1] ?? 0); i++) {
        entities.push([this.#titles[i] ?? "", this.#titleLanguages[i] ?? null]);
      }
      yield { id, entities, count: this.#counts[id] ?? 0 };
    }
  }

  *#jsonl(): Generator<string> {
    let lines = "";
    for (const entry of this.entries()) {
      lines += JSON.stringify(entry) + "\n";
      if (lines.length > 1 << 16) {
        yield lines;
        lines = "";
      }
    }
    yield lines;
  }

  #check(id: number): void {
    if (!Number.isInteger(id) || id < 0 || id >= this.size) {
      throw new RangeError(`entity id ${id} is not in 0…${this.size - 1}`);
    }
  }
}

function vocabFile(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UserError(`${path}: no such entity vocabulary; check the path`);
  if (!stat.isDirectory()) {
    if (path.endsWith(".jsonl") || path.endsWith(".tsv")) return path;
    throw new UserError(`${path}: an entity vocabulary must be named *.jsonl or *.tsv; rename the file`);
  }
  for (const name of ["entity_vocab.tsv", "entity_vocab.jsonl"]) {
    const file = join(path, name);
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
  }
  throw new UserError(
    `${path}: holds neither entity_vocab.jsonl nor entity_vocab.tsv; give the vocabulary file itself`,
  );
}

function* readTsv(file: string): Generator<EntityVocabEntry> {
  let id = 0;
  for (const line of textLines(file)) {
    const tab = line.lastIndexOf("\t");
    const count = line.slice(tab + 1).trim();
    if (tab < 1 || !/^\d+$/.test(count)) {
      throw new UserError(`${file}, line ${id + 1}: expected "title<TAB>count"; correct the line`);
    }
    yield { id: id++, entities: [[line.slice(0, tab), null]], count: Number(count) };
  }
}

function readJsonl(file: string): EntityVocabEntry[] {
  const entries: EntityVocabEntry[] = [];
  const lineOfId = new Map<number, number>();
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
    const earlier = lineOfId.get(entry.id);
    if (earlier !== undefined) {
      throw new UserError(
        `${file}, line ${number}: id ${entry.id} is already on line ${earlier}; remove one of them`,
      );
    }
    lineOfId.set(entry.id, number);
    entries.push(entry);
  }
  return entries.sort((a, b) => a.id - b.id);
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
