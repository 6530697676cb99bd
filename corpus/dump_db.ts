import { existsSync, statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { fromCodePointOffsets, hasSurrogates, toCodePointOffsets } from "./code_points.ts";
import { FORMAT } from "./dump_db_schema.ts";
import type { Heading, Paragraph, WikiLink } from "./paragraph_builder.ts";
import { UserError } from "./user_error.ts";

/** An article. */
export interface WikiPage {
  /** Its number in the wiki, under which `?curid=` finds it; absent where the dump had none. */
  id?: number;
  /** Its title. */
  title: string;
  /** Whether it is a disambiguation page. */
  isDisambiguation: boolean;
  /** Its headings. */
  headings: Heading[];
  /** Its prose; empty when it has none. */
  paragraphs: Paragraph[];
}

/**
 * A database of the articles and redirects of a Wikipedia, as `build-dump-db` writes it. Read only: any number of threads and processes
 * may have one open. Its tables, for other programs, are described in the README.
 */
export class DumpDB implements Disposable {
  readonly #database: DatabaseSync;
  readonly #pageId: StatementSync;
  readonly #pageTitle: StatementSync;
  readonly #pagesAt: StatementSync;
  readonly #redirect: StatementSync;
  readonly #paragraphs: StatementSync;

  /** What the database says about itself: `language`, `dump_file`, `dump_date`, `lukeforge`, `options`, `siteinfo`, … */
  readonly meta: Readonly<Record<string, string>>;
  /** Number of articles. */
  readonly pageCount: number;
  /** Number of redirects. */
  readonly redirectCount: number;

  private constructor(database: DatabaseSync, meta: Record<string, string>) {
    this.#database = database;
    this.meta = meta;
    this.#pageId = database.prepare("SELECT id, is_disambiguation, headings FROM page WHERE title = ?");
    this.#pageTitle = database.prepare("SELECT title FROM page WHERE id = ?");
    this.#pagesAt = database.prepare(
      "SELECT id, title, is_disambiguation, headings FROM page WHERE id BETWEEN ? AND ? ORDER BY id",
    );
    this.#redirect = database.prepare("SELECT target FROM redirect WHERE source = ?");
    this.#paragraphs = database.prepare(
      "SELECT text, abstract, heading, links FROM paragraph WHERE page_id = ? ORDER BY position",
    );
    this.pageCount = Number(meta["pages"]);
    this.redirectCount = Number(meta["redirects"]);
  }

  /**
   * Opens the database at `path`.
   *
   * @throws {UserError} when it is missing or no page database of this version.
   */
  static open(path: string): DumpDB {
    if (!existsSync(path)) {
      throw new UserError(`${path}: no such file: build it with \`deno task build-dump-db DUMP ${path}\``);
    }
    const rebuild = `build it again with \`deno task build-dump-db DUMP ${path}\``;
    let database: DatabaseSync | undefined;
    try {
      database = openReadOnly(path);
      const rows = database.prepare("SELECT key, value FROM meta").all();
      const meta = Object.fromEntries(rows.map(({ key, value }) => [String(key), String(value)]));
      if (meta["format"] !== FORMAT) {
        const found = meta["format"] ?? "none";
        throw new UserError(`${path}: a page database of format ${found}, not ${FORMAT}: ${rebuild}`);
      }
      if (sizeOf(database) > statSync(path).size) throw new UserError(`${path}: cut off: ${rebuild}`);
      return new DumpDB(database, meta);
    } catch (error) {
      database?.close();
      if (error instanceof UserError) throw error;
      throw new UserError(
        `${path}: not a page database, or damaged (${(error as Error).message}): ${rebuild}`,
      );
    }
  }

  /** The titles of all articles, by UTF-8 bytes. */
  *titles(): Generator<string, void, void> {
    for (const { title } of this.#database.prepare("SELECT title FROM page ORDER BY title").iterate()) {
      yield String(title);
    }
  }

  /** All articles, in the order of the dump; one is held at a time. */
  *pages(): Generator<WikiPage, void, void> {
    const rows = this.#database.prepare(
      "SELECT id, title, wiki_id, is_disambiguation, headings FROM page ORDER BY id",
    )
      .iterate();
    const paragraphs = this.#database.prepare(
      "SELECT text, abstract, heading, links FROM paragraph WHERE page_id = ? ORDER BY position",
    );
    for (const { id, title, wiki_id, is_disambiguation, headings } of rows) {
      yield {
        ...(wiki_id !== null && { id: Number(wiki_id) }),
        title: String(title),
        isDisambiguation: is_disambiguation === 1,
        headings: decodeHeadings(headings),
        paragraphs: paragraphs.all(id ?? null).map(decodeParagraph),
      };
    }
  }

  /**
   * The articles at the places `first` to `last`, in the order of the dump; one is held at a time.
   *
   * @param isWanted leaves out articles by their title before their text is read.
   */
  *pagesAt(
    first: number,
    last: number,
    isWanted: (title: string) => boolean = () => true,
  ): Generator<Omit<WikiPage, "id">, void, void> {
    for (const { id, title, is_disambiguation, headings } of this.#pagesAt.all(first, last)) {
      if (!isWanted(String(title))) continue;
      yield {
        title: String(title),
        isDisambiguation: is_disambiguation === 1,
        headings: decodeHeadings(headings),
        paragraphs: this.#paragraphs.all(id ?? null).map(decodeParagraph),
      };
    }
  }

  /**
   * The paragraphs of the article `title`.
   *
   * @throws {Error} when there is no such article.
   */
  paragraphs(title: string): Paragraph[] {
    return this.#paragraphs.all(this.#page(title).id).map(decodeParagraph);
  }

  /**
   * The headings of the article `title`.
   *
   * @throws {Error} when there is no such article.
   */
  headings(title: string): Heading[] {
    return this.#page(title).headings;
  }

  /** Whether `title` is an article (not a redirect). */
  has(title: string): boolean {
    return this.#pageId.get(title) !== undefined;
  }

  /**
   * Whether the article `title` is a disambiguation page.
   *
   * @throws {Error} when there is no such article.
   */
  isDisambiguation(title: string): boolean {
    return this.#page(title).isDisambiguation;
  }

  /** All redirects, source and target, by UTF-8 bytes of the source. */
  *redirects(): Generator<[source: string, target: string], void, void> {
    for (
      const { source, target } of this.#database.prepare(
        "SELECT source, target FROM redirect ORDER BY source",
      ).iterate()
    ) {
      yield [String(source), String(target)];
    }
  }

  /**
   * Where the chain of redirects from `title` ends, however long it is: at an article, or at a title that is neither article nor
   * redirect. `title` itself when it is no redirect, or when the chain runs into a loop.
   */
  resolveRedirect(title: string): string {
    let at = title;
    let seen: Set<string> | undefined;
    for (;;) {
      const row = this.#redirect.get(at);
      if (row === undefined) return at;
      at = String(row["target"]);
      seen ??= new Set([title]);
      if (seen.has(at)) return title;
      seen.add(at);
    }
  }

  /** The last place of an article. Places begin at 1, in the order of the dump; some may be empty. */
  get lastPlace(): number {
    return Number(this.#database.prepare("SELECT max(id) AS last FROM page").get()?.["last"] ?? 0);
  }

  /** The place of the article `title` in the database; undefined when there is none. */
  placeOf(title: string): number | undefined {
    const row = this.#pageId.get(title);
    return row === undefined ? undefined : Number(row["id"]);
  }

  /** The title of the article at a place; undefined when there is none. */
  titleAt(place: number): string | undefined {
    const row = this.#pageTitle.get(place);
    return row === undefined ? undefined : String(row["title"]);
  }

  /** The places of all articles, by UTF-8 bytes of their titles. */
  *placesByTitle(): Generator<number, void, void> {
    for (const { id } of this.#database.prepare("SELECT id FROM page ORDER BY title").iterate()) {
      yield Number(id);
    }
  }

  /**
   * What the articles at the places `first` to `last` link to, in order, a title as often as it is linked to; redirects are not
   * followed. Articles without links are left out.
   */
  *linkTargets(first: number, last: number): Generator<{ title: string; targets: string[] }, void, void> {
    const rows = this.#database.prepare(
      "SELECT id, title, links FROM page JOIN paragraph ON page_id = id WHERE id BETWEEN ? AND ? AND links <> '[]' ORDER BY id, position",
    ).iterate(first, last);
    let place: unknown;
    let page: { title: string; targets: string[] } | undefined;
    for (const { id, title, links } of rows) {
      if (page === undefined || id !== place) {
        if (page !== undefined) yield page;
        page = { title: String(title), targets: [] };
        place = id;
      }
      const stored: StoredLink[] = JSON.parse(String(links));
      for (const [target] of stored) page.targets.push(target);
    }
    if (page !== undefined) yield page;
  }

  /** The sources of the redirects to any of `titles`, one step, by UTF-8 bytes. Looks through all redirects once. */
  redirectsTo(titles: readonly string[]): string[] {
    return this.#database.prepare(
      "SELECT source FROM redirect WHERE target IN (SELECT value FROM json_each(?)) ORDER BY source",
    ).all(JSON.stringify(titles)).map(({ source }) => String(source));
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }

  #page(title: string): { id: number; isDisambiguation: boolean; headings: Heading[] } {
    const row = this.#pageId.get(title);
    if (row === undefined) throw new Error(`no page ${JSON.stringify(title)} in the database`);
    return {
      id: Number(row["id"]),
      isDisambiguation: row["is_disambiguation"] === 1,
      headings: decodeHeadings(row["headings"]),
    };
  }
}

/** Opens a file that nobody writes, so that it needs neither locks nor a journal, and may lie where nothing can be written. */
function openReadOnly(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  return new DatabaseSync(url, { readOnly: true });
}

/** The bytes that the file must have by its header. */
function sizeOf(database: DatabaseSync): number {
  const size = database.prepare(
    "SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size",
  ).get();
  return Number(size?.["size"]);
}

/** A link on disk. */
type StoredLink = [title: string, start: number, end: number, trail: number];

/** The `links` column of a paragraph. */
export function encodeLinks({ text, links }: Paragraph): string {
  if (links.length === 0) return "[]";
  const offsets = hasSurrogates(text)
    ? toCodePointOffsets(text, links.flatMap(({ start, end, trail }) => [start, end - trail, end]))
    : undefined;
  const stored = links.map(({ title, start, end, trail }, i): StoredLink => {
    if (offsets === undefined) return [title, start, end, trail];
    const [first = 0, anchorEnd = 0, last = 0] = offsets.slice(3 * i, 3 * i + 3);
    return [title, first, last, last - anchorEnd];
  });
  return JSON.stringify(stored);
}

/** The `headings` column of a page. */
export function encodeHeadings(headings: readonly Heading[]): string {
  return JSON.stringify(headings.map(({ title, level }) => [level, title]));
}

function decodeHeadings(column: unknown): Heading[] {
  const stored: [level: number, title: string][] = JSON.parse(String(column));
  return stored.map(([level, title]) => ({ title, level }));
}

function decodeParagraph(row: Record<string, unknown>): Paragraph {
  const text = String(row["text"]);
  const stored: StoredLink[] = row["links"] === "[]" ? [] : JSON.parse(String(row["links"]));
  const offsets = fromCodePointOffsets(
    text,
    stored.flatMap(([, start, end, trail]) => [start, end - trail, end]),
  );
  const links = stored.map(([title], i): WikiLink => {
    const [start = 0, anchorEnd = 0, end = 0] = offsets.slice(3 * i, 3 * i + 3);
    return { title, text: text.slice(start, end), start, end, trail: end - anchorEnd };
  });
  return { text, links, abstract: row["abstract"] === 1, heading: Number(row["heading"]) };
}
