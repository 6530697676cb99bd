import { existsSync, rmSync, statSync } from "node:fs";
import { DatabaseSync, type DatabaseSyncOptions, type StatementSync } from "node:sqlite";
import { SCHEMA } from "./dump_db_schema.ts";
import { type ArticleRow, type DumpRow, PARAGRAPH_COLUMNS, type RedirectRow } from "./dump_rows.ts";
import { UserError } from "./user_error.ts";

/** Pages and redirects between two commits: bounds what SQLite keeps in memory. */
const TRANSACTION = 2000;

/** Paragraphs of one article that are inserted at once, which takes two thirds of the time. */
const BATCH = 8;

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

/** SQLite as Node sets it up refuses to go without a journal. */
const withoutDefence: DatabaseSyncOptions & { defensive: boolean } = { defensive: false };

const LOCK = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE";

/** Writes a new page database, which no other process can write meanwhile. It is no use before {@link DumpDBWriter.finish}: the file is not safe against a kill until then. */
export class DumpDBWriter {
  readonly #path: string;
  /** Number of the file, by which it is known again should someone replace it. */
  readonly #inode: number;
  readonly #database: DatabaseSync;
  readonly #statements: Record<
    | "page"
    | "paragraph"
    | "paragraphs"
    | "redirect"
    | "replaceRedirect"
    | "find"
    | "links"
    | "drop"
    | "dropPage"
    | "dropRedirect",
    StatementSync
  >;
  readonly #counts: DumpDBCounts = { pages: 0, redirects: 0, paragraphs: 0, links: 0 };
  #pending = 0;

  /**
   * Starts the database at `path`, over what a killed process left there.
   *
   * @throws {UserError} when a living process is writing it.
   */
  constructor(path: string) {
    this.#path = path;
    removeAbandoned(path);
    const database = new DatabaseSync(path, withoutDefence);
    this.#database = database;
    // Neither journal nor flushes: a broken-off file is thrown away, and the whole one is flushed before its renaming.
    database.exec(
      "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -131072",
    );
    database.exec(SCHEMA);
    database.exec(LOCK);
    this.#inode = statSync(path).ino;
    this.#statements = {
      page: database.prepare(
        "INSERT OR IGNORE INTO page (title, wiki_id, is_disambiguation, headings) VALUES (?, ?, ?, ?)",
      ),
      paragraph: database.prepare(insertParagraphs(1)),
      paragraphs: database.prepare(insertParagraphs(BATCH)),
      redirect: database.prepare("INSERT OR IGNORE INTO redirect VALUES (?, ?)"),
      replaceRedirect: database.prepare("UPDATE redirect SET target = ? WHERE source = ?"),
      find: database.prepare("SELECT id FROM page WHERE title = ?"),
      links: database.prepare(
        "SELECT count(*) AS paragraphs, sum(json_array_length(links)) AS links FROM paragraph WHERE page_id = ?",
      ),
      drop: database.prepare("DELETE FROM paragraph WHERE page_id = ?"),
      dropPage: database.prepare("DELETE FROM page WHERE id = ?"),
      dropRedirect: database.prepare("DELETE FROM redirect WHERE source = ?"),
    };
  }

  /** Writes facts about the whole. */
  meta(entries: Readonly<Record<string, string>>): void {
    const insert = this.#database.prepare("INSERT INTO meta VALUES (?, ?)");
    for (const [key, value] of Object.entries(entries)) insert.run(key, value);
  }

  /** Writes articles and redirects; former ones with the same titles go. */
  write(rows: readonly DumpRow[]): void {
    for (const row of rows) {
      if (row.kind === "article") this.#article(row);
      else this.#redirect(row);
      if (++this.#pending % TRANSACTION === 0) this.#database.exec("COMMIT; BEGIN");
    }
  }

  #article({ title, wikiId, isDisambiguation, headings, paragraphs, links }: ArticleRow): void {
    const { page, dropRedirect } = this.#statements;
    const row = [title, wikiId, isDisambiguation ? 1 : 0, headings];
    let inserted = page.run(...row);
    if (inserted.changes === 0) {
      this.#forget(title);
      inserted = page.run(...row);
    }
    this.#counts.redirects -= Number(dropRedirect.run(title).changes);
    const count = paragraphs.length / PARAGRAPH_COLUMNS;
    this.#paragraphs(inserted.lastInsertRowid, paragraphs, count);
    this.#counts.pages++;
    this.#counts.paragraphs += count;
    this.#counts.links += links;
  }

  #paragraphs(page: number | bigint, columns: readonly (string | number)[], count: number): void {
    const { paragraph, paragraphs } = this.#statements;
    const from = (position: number, number: number): readonly (string | number)[] =>
      columns.slice(position * PARAGRAPH_COLUMNS, (position + number) * PARAGRAPH_COLUMNS);
    let position = 0;
    for (; position + BATCH <= count; position += BATCH) {
      paragraphs.run(page, position, ...from(position, BATCH));
    }
    for (; position < count; position++) paragraph.run(page, position, ...from(position, 1));
  }

  #redirect({ title, target }: RedirectRow): void {
    this.#forget(title);
    if (this.#statements.redirect.run(title, target).changes > 0) this.#counts.redirects++;
    else this.#statements.replaceRedirect.run(target, title);
  }

  /** What has been written so far. */
  get counts(): DumpDBCounts {
    return { ...this.#counts };
  }

  /**
   * Writes the counts into `meta`, commits and closes.
   *
   * @throws {UserError} when another process has taken the file away.
   */
  finish(): DumpDBCounts {
    this.meta(Object.fromEntries(Object.entries(this.#counts).map(([key, count]) => [key, String(count)])));
    this.#database.exec("COMMIT");
    this.#database.close();
    if (!this.#isOwn()) throw inUse(this.#path);
    return this.counts;
  }

  /** Closes, and removes the file. */
  abandon(): void {
    if (this.#database.isOpen) this.#database.close();
    if (this.#isOwn()) rmSync(this.#path, { force: true });
  }

  #isOwn(): boolean {
    return statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode;
  }

  #forget(title: string): void {
    const found = this.#statements.find.get(title);
    if (found === undefined) return;
    const id = Number(found["id"]);
    const counts = this.#statements.links.get(id);
    this.#counts.pages--;
    this.#counts.paragraphs -= Number(counts?.["paragraphs"]);
    this.#counts.links -= Number(counts?.["links"]);
    this.#statements.drop.run(id);
    this.#statements.dropPage.run(id);
  }
}

/** Inserts `count` paragraphs: of page `?1`, positions from `?2` on, then the columns of each. */
function insertParagraphs(count: number): string {
  const rows = Array.from({ length: count }, (_, i) => {
    const text = 3 + i * PARAGRAPH_COLUMNS;
    return `(?1, ?2 + ${i}, ?${text}, ?${text + 1} < 0, ?${text + 1}, ?${text + 2})`;
  });
  return `INSERT INTO paragraph VALUES ${rows.join(", ")}`;
}

/** Removes a file that no process has locked. */
function removeAbandoned(path: string): void {
  if (!existsSync(path)) return;
  try {
    using abandoned = new DatabaseSync(path);
    abandoned.exec(LOCK);
  } catch (error) {
    if ((error as Error).message.includes("locked")) throw inUse(path);
    // Any other: a file broken off anywhere need not be a database.
  }
  rmSync(path, { force: true });
  rmSync(`${path}-journal`, { force: true }); // or it would be played back into the new file
}

function inUse(path: string): UserError {
  return new UserError(`${path}: another process is building it: wait for that, or give another output file`);
}
