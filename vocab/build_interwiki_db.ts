import { rmSync } from "node:fs";
import { basename } from "node:path";
import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite";
import { cannotWrite, commitRename, syncFile, UserError } from "@lukeforge/corpus";
import { INTERWIKI_FORMAT, siteLanguage } from "./interwiki_db.ts";
import { readWikidataItems } from "./wikidata_dump.ts";

/** Options of {@linkcode buildInterwikiDB}. */
export interface BuildInterwikiDBOptions {
  /** Languages to keep, as `en` or `zh_min_nan`; all where it is empty. */
  readonly languages?: readonly string[];
  /** Bytes of the dump read and in all. */
  readonly progress?: (done: number, total: number) => void;
}

/** What was written. */
export interface InterwikiDBSummary {
  /** Items of the dump: ids run below it. */
  readonly items: number;
  /** Titles that were kept. */
  readonly titles: number;
  /** Their languages. */
  readonly languages: number;
}

/**
 * Titles stand by item in the order of the dump, so that they are appended; the index by title is made at the end, by sorting. Both
 * take bounded memory.
 */
const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE language (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);
  CREATE TABLE item (id INTEGER PRIMARY KEY, qid INTEGER NOT NULL);
  CREATE TABLE title (item INTEGER NOT NULL, language INTEGER NOT NULL, title TEXT NOT NULL, PRIMARY KEY (item, language)) WITHOUT ROWID;
`;

/** Titles between two commits: bounds what SQLite keeps in memory. */
const TRANSACTION = 100_000;

/**
 * Makes an interwiki database of a Wikidata JSON dump (`.json`, `.json.gz`, `.json.bz2`), in bounded memory. Sitelinks whose site
 * ends in `wiki` are kept; the language is the site without it.
 *
 * @throws {UserError} naming the line that is no entity, two items with one title, that nothing was kept, or that there is no room.
 */
export async function buildInterwikiDB(
  dump: string,
  output: string,
  { languages = [], progress }: BuildInterwikiDBOptions = {},
): Promise<InterwikiDBSummary> {
  const kept = new Set(languages.map(siteLanguage));
  const partial = `${output}.partial`;
  rmSync(partial, { force: true });
  const database = openForWriting(partial, output);
  try {
    const addTitle = database.prepare("INSERT INTO title VALUES (?, ?, ?)");
    const addItem = database.prepare("INSERT INTO item VALUES (?, ?)");
    const addLanguage = database.prepare("INSERT INTO language VALUES (?, ?)");
    const numbers = new Map<string, number>();
    let items = 0;
    let titles = 0;
    for await (const { qid, sitelinks } of readWikidataItems(dump, progress)) {
      const before = titles;
      for (const [site, title] of sitelinks) {
        if (!site.endsWith("wiki")) continue;
        const code = site.slice(0, -4);
        if (kept.size > 0 && !kept.has(code)) continue;
        let number = numbers.get(code);
        if (number === undefined) {
          numbers.set(code, number = numbers.size);
          addLanguage.run(number, code);
        }
        addTitle.run(items, number, title);
        if (++titles % TRANSACTION === 0) database.exec("COMMIT; BEGIN");
      }
      if (qid !== undefined && titles > before) addItem.run(items, qid);
      items++;
    }
    checkKept(dump, items, titles, kept, numbers);
    index(database, dump);
    const summary = { items, titles, languages: numbers.size };
    const meta = {
      interwiki_format: INTERWIKI_FORMAT,
      dump_file: basename(dump),
      kept: [...kept].sort().join(" "),
      ...summary,
    };
    const addMeta = database.prepare("INSERT INTO meta VALUES (?, ?)");
    for (const [key, value] of Object.entries(meta)) addMeta.run(key, String(value));
    database.exec("COMMIT");
    database.close();
    syncFile(partial);
    commitRename(partial, output);
    return summary;
  } catch (error) {
    if (database.isOpen) database.close();
    rmSync(partial, { force: true });
    const isFull = error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
    throw isFull ? cannotWrite(output, error) : error;
  }
}

function openForWriting(partial: string, output: string): DatabaseSync {
  try {
    const database = new DatabaseSync(partial, withoutDefence);
    // Neither journal nor flushes: a broken-off file is thrown away, and the whole one is flushed before its renaming.
    database.exec(
      "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -131072",
    );
    database.exec(SCHEMA);
    database.exec("BEGIN");
    return database;
  } catch (error) {
    rmSync(partial, { force: true });
    throw cannotWrite(output, error);
  }
}

/** SQLite as Node sets it up refuses to go without a journal. */
const withoutDefence: DatabaseSyncOptions & { defensive: boolean } = { defensive: false };

function checkKept(
  dump: string,
  items: number,
  titles: number,
  kept: ReadonlySet<string>,
  found: ReadonlyMap<string, number>,
): void {
  const missing = [...kept].filter((code) => !found.has(code));
  if (missing.length > 0) {
    throw new UserError(
      `--language ${
        missing.join(", ")
      }: no item of ${dump} has a title there; languages are named as the sites, en for enwiki`,
    );
  }
  if (titles === 0) {
    throw new UserError(`${dump}: ${items} items, none with a title on a Wikipedia; give a Wikidata dump`);
  }
}

function index(database: DatabaseSync, dump: string): void {
  try {
    database.exec("CREATE UNIQUE INDEX title_item ON title (language, title)");
  } catch (error) {
    const twice = database.prepare(
      "SELECT code, title, min(item) AS a, max(item) AS b FROM title JOIN language ON id = language GROUP BY language, title HAVING count(*) > 1 LIMIT 1",
    ).get();
    if (twice === undefined) throw error;
    throw new UserError(
      `${dump}: items ${Number(twice["a"])} and ${Number(twice["b"])} (from 0) both have the title ${
        String(twice["title"])
      } on ${String(twice["code"])}wiki; a dump has it once: take one dump, not two`,
    );
  }
}
