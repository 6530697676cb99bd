/**
 * The tables of a page database, SQLite; the README describes them for those who query it with other programs. `page` and
 * `paragraph` stand in the order of the dump; titles are sorted by SQLite's binary collation, by UTF-8 bytes.
 */
export const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE page (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE, wiki_id INTEGER, is_disambiguation INTEGER NOT NULL, headings TEXT NOT NULL
  );
  CREATE TABLE paragraph (
    page_id INTEGER NOT NULL, position INTEGER NOT NULL, text TEXT NOT NULL, abstract INTEGER NOT NULL,
    heading INTEGER NOT NULL, links TEXT NOT NULL,
    PRIMARY KEY (page_id, position)
  ) WITHOUT ROWID;
  CREATE TABLE redirect (source TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID;
  CREATE VIEW link AS
    SELECT page.title AS source, paragraph.page_id, paragraph.position, link.value ->> 0 AS target,
      substr(paragraph.text, 1 + (link.value ->> 1), (link.value ->> 2) - (link.value ->> 1)) AS text,
      link.value ->> 1 AS start, link.value ->> 2 AS "end", link.value ->> 3 AS trail
    FROM page JOIN paragraph ON paragraph.page_id = page.id, json_each(paragraph.links) AS link;
  CREATE VIEW heading AS
    SELECT page.id AS page_id, heading.key AS position, heading.value ->> 0 AS level, heading.value ->> 1 AS title
    FROM page, json_each(page.headings) AS heading;
`;

/** The number of the layout that this version writes and reads. */
export const FORMAT = "3";
