import { existsSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { UserError } from "@lukeforge/corpus";

/** The number of the layout that this version writes and reads. */
export const INTERWIKI_FORMAT = "1";

/** Language codes that dumps name otherwise than the site does, which Wikimedia could not rename. */
const FORMER_CODES: Readonly<Record<string, string>> = {
  "be-tarask": "be_x_old",
  "gsw": "als",
  "lzh": "zh_classical",
  "nan": "zh_min_nan",
  "rup": "roa_rup",
  "sgs": "bat_smg",
  "vro": "fiu_vro",
  "yue": "zh_yue",
};

/** How the name of a Wikipedia's site writes a language: `zh_min_nan` for `zh-min-nan` and for `nan`. */
export function siteLanguage(language: string): string {
  return (Object.hasOwn(FORMER_CODES, language) ? FORMER_CODES[language] : undefined) ??
    language.replaceAll("-", "_");
}

/**
 * Which titles of the Wikipedias belong together: a database that `build-interwiki-db` makes of a Wikidata dump. Ids are numbers
 * of items in the order of the dump from 0, as upstream's: every item takes one, also those without a kept title. Languages are
 * names of sites minus `wiki`, as `en`, `zh_min_nan` or `commons`; language codes
 * of dumps are understood, too (`zh-min-nan`, `nan`).
 */
export class InterwikiDB implements Disposable {
  readonly #database: DatabaseSync;
  readonly #item: StatementSync;
  readonly #titles: StatementSync;
  readonly #numbers: ReadonlyMap<string, number>;

  /** What the database says about itself: `dump_file`, `items`, `titles`, `languages`, … */
  readonly meta: Readonly<Record<string, string>>;
  /** The languages that titles have, in code point order. */
  readonly languages: readonly string[];

  private constructor(database: DatabaseSync) {
    this.#database = database;
    const rows = (sql: string): Record<string, unknown>[] => database.prepare(sql).all();
    this.meta = Object.fromEntries(
      rows("SELECT key, value FROM meta").map(({ key, value }) => [String(key), String(value)]),
    );
    this.#numbers = new Map(
      rows("SELECT id, code FROM language ORDER BY code").map(({ id, code }) => [String(code), Number(id)]),
    );
    this.languages = [...this.#numbers.keys()];
    this.#item = database.prepare("SELECT item FROM title WHERE language = ? AND title = ?");
    this.#titles = database.prepare(
      "SELECT title, code FROM title JOIN language ON id = language WHERE item = ? ORDER BY code",
    );
  }

  /** Opens the database at `path`. @throws {UserError} when it is missing or no interwiki database of this version. */
  static open(path: string): InterwikiDB {
    const rebuild = `build it with \`deno task build-interwiki-db WIKIDATA_DUMP ${path}\``;
    if (!existsSync(path)) throw new UserError(`${path}: no such file: ${rebuild}`);
    let database: DatabaseSync | undefined;
    try {
      const url = pathToFileURL(path);
      url.searchParams.set("immutable", "1");
      database = new DatabaseSync(url, { readOnly: true });
      const opened = new InterwikiDB(database);
      if (opened.meta["interwiki_format"] === INTERWIKI_FORMAT) return opened;
      throw new Error(`format ${opened.meta["interwiki_format"] ?? "none"}, not ${INTERWIKI_FORMAT}`);
    } catch (error) {
      if (database?.isOpen) database.close();
      throw new UserError(
        `${path}: not an interwiki database, or damaged (${(error as Error).message}): ${rebuild}`,
      );
    }
  }

  /** Whether there are titles in a language. */
  hasLanguage(language: string): boolean {
    return this.#numberOf(language) !== undefined;
  }

  /** The item of a title; undefined when there is none. */
  getId(title: string, language: string): number | undefined {
    const number = this.#numberOf(language);
    if (number === undefined) return undefined;
    const row = this.#item.get(number, title);
    return row === undefined ? undefined : Number(row["item"]);
  }

  /** The titles of an item with their languages, by language; none when there is no such item. */
  titlesOf(id: number): [title: string, language: string][] {
    return this.#titles.all(id).map(({ title, code }) => [String(title), String(code)]);
  }

  /** All titles of the item that has this title, itself included; none when there is no such title. */
  query(title: string, language: string): [title: string, language: string][] {
    const id = this.getId(title, language);
    return id === undefined ? [] : this.titlesOf(id);
  }

  /** The number of an item at Wikidata, 30 for `Q30`; undefined when the dump did not tell. */
  qidOf(id: number): number | undefined {
    const row = this.#database.prepare("SELECT qid FROM item WHERE id = ?").get(id);
    return row === undefined ? undefined : Number(row["qid"]);
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }

  #numberOf(language: string): number | undefined {
    return this.#numbers.get(language) ?? this.#numbers.get(siteLanguage(language));
  }
}
