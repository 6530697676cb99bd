import { UserError } from "@lukeforge/corpus";
import { type EntityVocabEntry, isSpecialEntity, MASK2_ENTITY } from "./entity_vocab_entry.ts";

/** How a vocabulary is written: a file ends in the name of its format. */
export type EntityVocabFormat = "jsonl" | "tsv" | "json";

/**
 * The format that the ending of a path names.
 *
 * @throws {UserError} when it names none.
 */
export function entityVocabFormat(path: string): EntityVocabFormat {
  const format = /\.(jsonl|tsv|json)$/.exec(path)?.[1];
  if (format === "jsonl" || format === "tsv" || format === "json") return format;
  throw new UserError(
    `${path}: an entity vocabulary must be named *.jsonl, *.tsv or *.json; rename the file`,
  );
}

/**
 * The text of a vocabulary in a format, in pieces:
 * - `jsonl`: all that is known, an id a line;
 * - `tsv`, which LUKE's older programs read: `title<TAB>count`, without languages;
 * - `json`, Hugging Face's `entity_vocab.json`: {@linkcode entityKeys}, with `[MASK2]`, without counts.
 *
 * @param source what messages name.
 * @throws {UserError} when the format cannot hold the vocabulary: several titles of an id or several languages as tsv.
 */
export function entityVocabText(
  entries: Iterable<EntityVocabEntry>,
  format: EntityVocabFormat,
  source: string,
): Iterable<string> {
  switch (format) {
    case "jsonl":
      return inPieces(jsonlLines(entries));
    case "tsv":
      return inPieces(tsvLines(entries, source));
    case "json":
      return jsonObjectText(entityKeys(entries));
  }
}

/**
 * The keys of Hugging Face's `entity_vocab.json` with their ids, as upstream's converter writes them: titles are bare where the
 * vocabulary names no language, else `language:Title`; special entities are always bare. Upstream writes `None:Title` for no language,
 * which `LukeTokenizer` never finds. `[MASK2]`, without which it does not open, comes after the last id where the vocabulary lacks it.
 */
export function* entityKeys(entries: Iterable<EntityVocabEntry>): Generator<[key: string, id: number]> {
  let size = 0;
  let hasMask2 = false;
  for (const { id, entities } of entries) {
    // One in each language of a multilingual vocabulary.
    const specials = new Set(entities.map(([title]) => title).filter(isSpecialEntity));
    for (const title of specials) yield [title, id];
    for (const [title, language] of entities) {
      if (!specials.has(title)) yield [language === null ? title : `${language}:${title}`, id];
    }
    hasMask2 ||= specials.has(MASK2_ENTITY);
    size = id + 1;
  }
  if (!hasMask2) yield [MASK2_ENTITY, size];
}

/** The text of a JSON object, an entry a line. Not by `JSON.stringify` of an object: a million entries, some named like numbers. */
export function* jsonObjectText(entries: Iterable<readonly [key: string, value: number]>): Generator<string> {
  const lines = function* (): Generator<string> {
    let separator = "{\n";
    for (const [key, value] of entries) {
      yield `${separator}${JSON.stringify(key)}: ${value}`;
      separator = ",\n";
    }
    yield separator === ",\n" ? "\n}\n" : "{\n}\n";
  };
  yield* inPieces(lines());
}

function* jsonlLines(entries: Iterable<EntityVocabEntry>): Generator<string> {
  for (const entry of entries) yield JSON.stringify(entry) + "\n";
}

function* tsvLines(entries: Iterable<EntityVocabEntry>, source: string): Generator<string> {
  const languages = new Set<string | null>();
  for (const { id, entities, count } of entries) {
    const titles = new Set(entities.map(([title]) => title));
    const [title = ""] = titles;
    if (!isSpecialEntity(title)) { for (const [, language] of entities) languages.add(language); }
    if (titles.size > 1 || languages.size > 1) {
      throw new UserError(
        `${source}: id ${id} has ${
          titles.size > 1 ? "several titles" : "another language"
        }, and tsv holds one title an id and no languages; write .jsonl or .json`,
      );
    }
    if (/[\t\r\n]/.test(title)) {
      throw new UserError(
        `${source}: the title of id ${id} has a tab or a line break; write .jsonl or .json`,
      );
    }
    yield `${title}\t${count}\n`;
  }
}

function* inPieces(lines: Iterable<string>): Generator<string> {
  let piece = "";
  for (const line of lines) {
    piece += line;
    if (piece.length > 1 << 16) {
      yield piece;
      piece = "";
    }
  }
  yield piece;
}
