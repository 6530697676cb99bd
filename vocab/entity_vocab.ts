import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import {
  type EntityVocabContents,
  type EntityVocabEntry,
  isSpecialEntity,
  MASK2_ENTITY,
  MASK_ENTITY,
  PAD_ENTITY,
  SPECIAL_ENTITIES,
  UNK_ENTITY,
} from "./entity_vocab_entry.ts";
import { contentsOf, entityVocabFile, readEntityVocab } from "./entity_vocab_files.ts";
import { type EntityVocabFormat, entityVocabFormat, entityVocabText } from "./entity_vocab_formats.ts";
import type { EntityVocabTable } from "./entity_vocab_table.ts";

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

  /** Id of `[MASK2]`, the second masked entity of pairs; vocabularies for fine-tuning have it. */
  readonly mask2Id: number | undefined;

  readonly #table: EntityVocabTable;
  // The titles of id i are the entries #order[#starts[i]] to #order[#starts[i + 1] - 1], in the order of the file.
  readonly #starts: Uint32Array;
  readonly #order: Uint32Array;
  readonly #counts: ArrayLike<number>;
  readonly #specials = new Map<string, number>();

  /**
   * Takes the entries in the order of their ids, 0, 1, 2, …
   *
   * @throws {UserError} when it is empty, ids have gaps, a title stands at two ids, or a special entity is missing or stands at two.
   * @param source what messages name: the file.
   */
  constructor(entries: Iterable<EntityVocabEntry> | EntityVocabContents, source = "entity vocabulary") {
    const { table, counts, placeOf } = "table" in entries ? entries : contentsOf(entries, source);
    if (table.length === 0) throw new UserError(`${source}: is empty; build the vocabulary again`);
    let size = counts.length;
    for (let entry = 0; entry < table.length; entry++) size = Math.max(size, table.id(entry) + 1);
    const starts = new Uint32Array(Math.min(size, table.length + 1) + 1);
    for (let entry = 0; entry < table.length; entry++) {
      const id = table.id(entry);
      if (id < starts.length - 1) starts[id + 1] = (starts[id + 1] ?? 0) + 1;
    }
    for (let id = 0; id + 1 < starts.length; id++) {
      if (starts[id + 1] === 0) {
        throw new UserError(
          `${source}: no entry has id ${id}; ids must run from 0 without gaps: build the vocabulary again`,
        );
      }
      starts[id + 1] = (starts[id + 1] ?? 0) + (starts[id] ?? 0);
    }
    const order = new Uint32Array(table.length);
    const next = starts.slice();
    const languages = new Set<string | null>();
    for (let entry = 0; entry < table.length; entry++) {
      const id = table.id(entry);
      const at = next[id] ?? 0;
      order[at] = entry;
      next[id] = at + 1;
      const title = table.startsWithBracket(entry) ? table.title(entry) : "";
      if (!isSpecialEntity(title)) {
        languages.add(table.language(entry));
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
    const conflict = table.index();
    if (conflict !== undefined) {
      const { first, second } = conflict;
      const held = JSON.stringify([table.title(second), table.language(second)]);
      throw new UserError(
        `${source}${placeOf?.(second) ?? ""}: ids ${table.id(first)} and ${
          table.id(second)
        } both hold ${held}; remove one of them`,
      );
    }
    const missing = SPECIAL_ENTITIES.filter((title) => !this.#specials.has(title));
    if (missing.length > 0) {
      throw new UserError(`${source}: lacks the special entities ${missing.join(", ")}; add a line for each`);
    }
    this.#table = table;
    this.#starts = starts;
    this.#order = order;
    this.#counts = counts;
    this.size = starts.length - 1;
    this.padId = this.#specials.get(PAD_ENTITY) ?? 0;
    this.unkId = this.#specials.get(UNK_ENTITY) ?? 0;
    this.maskId = this.#specials.get(MASK_ENTITY) ?? 0;
    this.mask2Id = this.#specials.get(MASK2_ENTITY);
    this.languages = languages;
  }

  /**
   * Reads a vocabulary:
   * - `.jsonl`: one `{"id", "entities": [[title, language]], "count"}` a line, in any order;
   * - `.tsv`, the older kind: `title<TAB>count`; id = line index, language `null`;
   * - `.json`, Hugging Face's: one object from key to id, several keys to an id where the vocabulary is multilingual. Keys are
   *   titles, or `language:Title` where `tokenizer_config.json` beside it names `MLukeTokenizer`, or where every key but the
   *   special ones starts with the code of a Wikipedia, or with `None`, which upstream's converter wrote for no
   *   language. Counts are 0;
   * - a directory that holds `entity_vocab.tsv`, `entity_vocab.jsonl` (of these two the first wins, as upstream) or
   *   `entity_vocab.json`.
   *
   * @throws {UserError} naming file and line (or byte) when something is missing or malformed.
   */
  static load(path: string): EntityVocab {
    const file = entityVocabFile(path);
    return new EntityVocab(readEntityVocab(file), file);
  }

  /**
   * Writes the vocabulary in id order, non-ASCII characters as they are; the same entries give the same bytes.
   *
   * @param format by the ending of `path` unless it is given: see {@linkcode entityVocabText}.
   * @throws {UserError} when the format cannot hold the vocabulary, or `path` names none.
   */
  save(path: string, format: EntityVocabFormat = entityVocabFormat(path)): void {
    writeFileAtomic(path, entityVocabText(this.entries(), format, path));
  }

  /**
   * The id of a title, or `undefined`. Specials are found in any language. A title is looked up in `language` first; where the
   * file or the caller has no language (`null`), it still matches if that leaves one meaning: a file without languages
   * answers for every language, a file with a single language answers a caller without one. Upstream found nothing then and
   * built empty datasets.
   */
  getId(title: string, language: string | null = null): number | undefined {
    const id = this.#table.find(title, language) ?? this.#specials.get(title);
    if (id !== undefined) return id;
    if (language !== null) return this.#table.find(title, null);
    if (this.languages.size !== 1) return undefined;
    for (const only of this.languages) return this.#table.find(title, only);
  }

  /**
   * The language of the entries in which {@linkcode EntityVocab.getId} finds titles for a caller of `language`: that one if
   * there are such entries; else `null`, entries without a language; else, for a caller without one, the only language. Undefined
   * when no title can be found.
   */
  lookupLanguage(language: string | null): string | null | undefined {
    if (this.languages.has(language)) return language;
    if (language !== null) return this.languages.has(null) ? null : undefined;
    return this.languages.size === 1 ? [...this.languages][0] : undefined;
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
      const entry = this.#order[i] ?? 0;
      if (this.#table.language(entry) === language) return this.#table.title(entry);
    }
    return this.#table.title(this.#order[start] ?? 0);
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
        const entry = this.#order[i] ?? 0;
        entities.push([this.#table.title(entry), this.#table.language(entry)]);
      }
      yield { id, entities, count: this.#counts[id] ?? 0 };
    }
  }

  #check(id: number): void {
    if (!Number.isInteger(id) || id < 0 || id >= this.size) {
      throw new RangeError(`entity id ${id} is not in 0…${this.size - 1}`);
    }
  }
}
