import { rmSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { encodeLinks, SCHEMA } from "./dump_db.ts";
import type { Paragraph } from "./paragraph_builder.ts";

/** Pages and redirects between two commits: bounds what SQLite keeps in memory. */
const TRANSACTION = 2000;

/** How many rows a page database has. */
export interface DumpDBCounts {
  /** Articles. */
  pages: number;
  /** Redirects. */
  redirects: number;
  /** Paragraphs of all articles. */
  paragraphs: number;
  /** Links of all paragraphs. */
  links: number;
}

/** Writes a new page database. It is no use before {@link DumpDBWriter.finish}: the file is not safe against a kill until then. */
export class DumpDBWriter {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: Record<
    "page" | "paragraph" | "redirect" | "find" | "links" | "drop" | "dropPage",
    StatementSync
  >;
  readonly #counts: DumpDBCounts = { pages: 0, redirects: 0, paragraphs: 0, links: 0 };
  #pending = 0;

  /** Starts the database at `path`, over what is there. */
  constructor(path: string) {
    this.#path = path;
    rmSync(path, { force: true });
    const database = new DatabaseSync(path);
    this.#database = database;
    // Neither journal nor flushes: a broken-off file is thrown away, and the whole one is flushed before its renaming.
    database.exec(
      "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144",
    );
    database.exec(SCHEMA);
    this.#statements = {
      page: database.prepare("INSERT OR IGNORE INTO page (title, is_disambiguation) VALUES (?, ?)"),
      paragraph: database.prepare("INSERT INTO paragraph VALUES (?, ?, ?, ?, ?)"),
      redirect: database.prepare("INSERT OR REPLACE INTO redirect VALUES (?, ?)"),
      find: database.prepare("SELECT id FROM page WHERE title = ?"),
      links: database.prepare(
        "SELECT count(*) AS paragraphs, sum(json_array_length(links)) AS links FROM paragraph WHERE page_id = ?",
      ),
      drop: database.prepare("DELETE FROM paragraph WHERE page_id = ?"),
      dropPage: database.prepare("DELETE FROM page WHERE id = ?"),
    };
    database.exec("BEGIN");
  }

  /** Writes facts about the whole. */
  meta(entries: Readonly<Record<string, string>>): void {
    const insert = this.#database.prepare("INSERT INTO meta VALUES (?, ?)");
    for (const [key, value] of Object.entries(entries)) insert.run(key, value);
  }

  /** Writes an article; a former one with the same title goes. */
  page(title: string, isDisambiguation: boolean, paragraphs: readonly Paragraph[]): void {
    let inserted = this.#statements.page.run(title, isDisambiguation ? 1 : 0);
    if (inserted.changes === 0) {
      this.#forget(title);
      inserted = this.#statements.page.run(title, isDisambiguation ? 1 : 0);
    }
    const id = inserted.lastInsertRowid;
    paragraphs.forEach((paragraph, position) => {
      this.#statements.paragraph.run(
        id,
        position,
        paragraph.text,
        paragraph.abstract ? 1 : 0,
        encodeLinks(paragraph),
      );
      this.#counts.links += paragraph.links.length;
    });
    this.#counts.pages++;
    this.#counts.paragraphs += paragraphs.length;
    this.#step();
  }

  /** Writes a redirect; a former one from the same title goes. */
  redirect(source: string, target: string): void {
    this.#statements.redirect.run(source, target);
    this.#step();
  }

  /** Commits and closes. */
  finish(): DumpDBCounts {
    this.#database.exec("COMMIT");
    this.#counts.redirects = Number(
      this.#database.prepare("SELECT count(*) AS count FROM redirect").get()?.["count"],
    );
    this.#database.exec("PRAGMA optimize");
    this.#database.close();
    return this.#counts;
  }

  /** Closes, and removes the file. */
  abandon(): void {
    if (this.#database.isOpen) this.#database.close();
    rmSync(this.#path, { force: true });
  }

  #forget(title: string): void {
    const id = Number(this.#statements.find.get(title)?.["id"]);
    const counts = this.#statements.links.get(id);
    this.#counts.pages--;
    this.#counts.paragraphs -= Number(counts?.["paragraphs"]);
    this.#counts.links -= Number(counts?.["links"]);
    this.#statements.drop.run(id);
    this.#statements.dropPage.run(id);
  }

  #step(): void {
    if (++this.#pending % TRANSACTION === 0) this.#database.exec("COMMIT; BEGIN");
  }
}
