import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { buildDumpDB } from "./build_dump_db.ts";
import { DumpDB } from "./dump_db.ts";
import { DumpDBWriter } from "./dump_db_writer.ts";
import { UserError } from "./user_error.ts";

const page = (title: string, text: string, redirect?: string, ns = 0): string =>
  `<page><title>${title}</title><ns>${ns}</ns>${
    redirect === undefined ? "" : `<redirect title="${redirect}" />`
  }` +
  `<revision><text>${text}</text></revision></page>`;
const dump = (...pages: string[]): string =>
  `<mediawiki version="0.11" xml:lang="xx"><siteinfo><namespaces><namespace key="14">Katégorie</namespace></namespaces></siteinfo>${
    pages.join("")
  }</mediawiki>`;

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "dump-db-"));
  try {
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("buildDumpDB() and DumpDB keep pages, links and redirects", () =>
  inDirectory(async (directory) => {
    const [source, target] = [join(directory, "a.xml"), join(directory, "pages.db")];
    writeFileSync(
      source,
      dump(
        page("Ä", "🤩🤩 [[x|yé]]𐐨 🤩 [[Z]]\n==h ''i''==\n[[x]]{{disambig}}"),
        page("Z", "first"),
        page("A", "", "b_c#d"),
        page("B c", "", "Z"),
        page("L", "", "M"),
        page("M", "", "L"),
        page("Katégorie:Q", "x", undefined, 14),
        page("Empty", ""),
        page("Z", "second [[a]] [[b]]"),
      ),
    );
    const summary = await buildDumpDB(source, target);
    assert.deepEqual({ ...summary, bytes: 0 }, { pages: 3, redirects: 4, paragraphs: 3, links: 5, bytes: 0 });
    assert.ok(summary.bytes > 0);
    assert.deepEqual(readdirSync(directory).sort(), ["a.xml", "pages.db"]);

    using db = DumpDB.open(target);
    assert.equal(db.meta["language"], "xx");
    assert.equal(db.meta["dump_file"], "a.xml");
    assert.ok(JSON.parse(db.meta["category_namespaces"] ?? "").includes("katégorie"));
    assert.equal(db.pageCount, 3);
    assert.equal(db.redirectCount, 4);
    assert.deepEqual([...db.titles()], ["Empty", "Z", "Ä"]);
    assert.deepEqual([...db.pages()].map(({ title }) => title), ["Ä", "Empty", "Z"]);
    assert.deepEqual(db.paragraphs("Ä"), [
      {
        text: "🤩🤩 yé𐐨 🤩 Z",
        links: [{ title: "X", text: "yé𐐨", start: 5, end: 9, trail: 2 }, {
          title: "Z",
          text: "Z",
          start: 13,
          end: 14,
          trail: 0,
        }],
        abstract: true,
        heading: -1,
      },
      {
        text: "x",
        links: [{ title: "X", text: "x", start: 0, end: 1, trail: 0 }],
        abstract: false,
        heading: 0,
      },
    ]);
    assert.deepEqual(db.headings("Ä"), [{ title: "h i", level: 2 }]);
    assert.deepEqual([...db.pages()][0]?.headings, db.headings("Ä"));
    assert.equal(db.paragraphs("Z")[0]?.text, "second a b");
    assert.deepEqual(db.paragraphs("Empty"), []);
    assert.throws(() => db.paragraphs("A"), /no page "A"/);
    assert.equal(db.has("Ä") && !db.has("A") && !db.has("Katégorie:Q"), true);
    assert.equal(db.isDisambiguation("Ä"), true);
    assert.equal(db.isDisambiguation("Z"), false);
    assert.deepEqual([...db.redirects()], [["A", "B c"], ["B c", "Z"], ["L", "M"], ["M", "L"]]);
    assert.deepEqual(["A", "B c", "Z", "red link", "L"].map((title) => db.resolveRedirect(title)), [
      "Z",
      "Z",
      "Z",
      "red link",
      "L",
    ]);
  }));

Deno.test("buildDumpDB() leaves nothing behind when it fails, and the former database as it was", () =>
  inDirectory(async (directory) => {
    const [source, target] = [join(directory, "a.xml"), join(directory, "pages.db")];
    const whole = dump(page("A", "a"), page("B", "b"));
    writeFileSync(source, whole.slice(0, -30));
    await assert.rejects(buildDumpDB(source, target), /a\.xml: cut off at .*--allow-truncated/);
    assert.deepEqual(readdirSync(directory), ["a.xml"]);
    assert.equal((await buildDumpDB(source, target, { allowTruncated: true })).pages, 1);
    writeFileSync(source, dump(page("Katégorie:A", "a", undefined, 14)));
    await assert.rejects(buildDumpDB(source, target), /a\.xml: no articles in it/);
    using db = DumpDB.open(target);
    assert.deepEqual([...db.titles()], ["A"]);
    assert.deepEqual(readdirSync(directory).sort(), ["a.xml", "pages.db"]);
  }));

Deno.test("buildDumpDB() counts the last page of a title, whether article or redirect", () =>
  inDirectory(async (directory) => {
    const [source, target] = [join(directory, "a.xml"), join(directory, "pages.db")];
    const pages = [page("A", "", "B"), page("A", "now [[B]]"), page("B", "x [[A]]"), page("B", "", "A")];
    writeFileSync(source, dump(...pages));
    const summary = await buildDumpDB(source, target);
    assert.deepEqual({ ...summary, bytes: 0 }, { pages: 1, redirects: 1, paragraphs: 1, links: 1, bytes: 0 });
    using db = DumpDB.open(target);
    assert.deepEqual([...db.titles()], ["A"]);
    assert.deepEqual([...db.redirects()], [["B", "A"]]);
  }));

Deno.test("buildDumpDB() builds over what a killed build left", () =>
  inDirectory(async (directory) => {
    const [source, target] = [join(directory, "a.xml"), join(directory, "pages.db")];
    writeFileSync(source, dump(page("A", "a")));
    for (const left of ["", "broken off".repeat(1000)]) {
      writeFileSync(`${target}.partial`, left);
      writeFileSync(`${target}.partial-journal`, left);
      assert.equal((await buildDumpDB(source, target)).pages, 1);
      assert.deepEqual(readdirSync(directory).sort(), ["a.xml", "pages.db"]);
    }
  }));

Deno.test("buildDumpDB() refuses to build what another is building", () =>
  inDirectory(async (directory) => {
    const [source, target] = [join(directory, "a.xml"), join(directory, "pages.db")];
    writeFileSync(source, dump(page("A", "a")));
    const writer = new DumpDBWriter(`${target}.partial`);
    await assert.rejects(buildDumpDB(source, target), /pages\.db\.partial: another process is building it/);
    writer.page("B", {
      isDisambiguation: false,
      headings: [],
      paragraphs: [{ text: "b", links: [], abstract: true, heading: -1 }],
    });
    assert.equal(writer.finish().pages, 1);
  }));

Deno.test("buildDumpDB() says when it cannot write, or has nothing to", () =>
  inDirectory(async (directory) => {
    const source = join(directory, "a.xml");
    const refused = (what: RegExp) => (error: unknown): boolean =>
      error instanceof UserError && what.test(error.message) && !error.message.includes("\n");
    writeFileSync(source, dump(page("A", "a")));
    await assert.rejects(
      buildDumpDB(source, directory),
      refused(/: is a directory: give the name of a file/),
    );
    await assert.rejects(
      buildDumpDB(source, join(directory, "none", "pages.db")),
      refused(/none.pages\.db: cannot be written \(.*\): check that its folder exists/),
    );
    writeFileSync(source, dump(page("A", ""), page("B", "{{x}}")));
    await assert.rejects(
      buildDumpDB(source, join(directory, "pages.db")),
      refused(/a\.xml: no text in it: take a dump/),
    );
    assert.deepEqual(readdirSync(directory), ["a.xml"]);
  }));

Deno.test("DumpDB.open() tells how to get a database", () =>
  inDirectory((directory) => {
    const path = join(directory, "x.db");
    const refused = (what: RegExp) => (error: unknown): boolean =>
      error instanceof UserError && what.test(error.message);
    assert.throws(
      () => DumpDB.open(path),
      refused(/x\.db: no such file: build it with `deno task build-dump-db DUMP /),
    );
    for (const content of ["", "not a database at all, but long enough to look at".repeat(100)]) {
      writeFileSync(path, content);
      assert.throws(
        () => DumpDB.open(path),
        refused(/x\.db: not a page database, or damaged \(.*\): build it again/),
      );
    }
    assert.ok(existsSync(path));
    return Promise.resolve();
  }));

Deno.test("DumpDB.open() refuses another format, and a file that is cut off", () =>
  inDirectory(async (directory) => {
    const [source, path] = [join(directory, "a.xml"), join(directory, "pages.db")];
    writeFileSync(source, dump(page("A", "a")));
    await buildDumpDB(source, path);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, -4096));
    assert.throws(
      () => DumpDB.open(path),
      /pages\.db: (?:cut off|not a page database, or damaged .*): build it again/,
    );
    writeFileSync(path, whole);
    const database = new DatabaseSync(path);
    database.exec("UPDATE meta SET value = '0' WHERE key = 'format'");
    database.close();
    assert.throws(() => DumpDB.open(path), /pages\.db: a page database of format 0, not 2: build it again/);
  }));
