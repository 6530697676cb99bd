import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
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
    writer.write([{
      kind: "article",
      title: "B",
      wikiId: null,
      isDisambiguation: false,
      headings: "[]",
      paragraphs: ["b", -1, "[]"],
      links: 0,
    }]);
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
      refused(/a\.xml: no text in its articles: take a dump/),
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
    assert.throws(() => DumpDB.open(path), /pages\.db: a page database of format 0, not 3: build it again/);
  }));

Deno.test("buildDumpDB() makes the same bytes with any number of workers", () =>
  inDirectory(async (directory) => {
    const source = join(directory, "a.xml");
    const prose = "🤩 [[x|y]]s ''i'' {{lang|de|Wort}} 1 &amp;lt; 2.\n".repeat(1500);
    const pages = Array.from(
      { length: 24 },
      (_, i) => i % 5 === 4 ? page(`R${i}`, "", `P${i}`) : page(`P${i % 17}`, `${i} ${prose}== h${i} ==\nz`),
    );
    writeFileSync(source, dump(...pages));
    for (const workers of [1, 2, 5]) {
      const { pages, redirects } = await buildDumpDB(source, join(directory, `${workers}.db`), { workers });
      assert.deepEqual([pages, redirects], [15, 4]);
    }
    const whole = readFileSync(join(directory, "1.db"));
    for (const workers of [2, 5]) {
      assert.ok(whole.equals(readFileSync(join(directory, `${workers}.db`))), `${workers} workers`);
    }
  }));

Deno.test("DumpDB.resolveRedirect() follows chains to their end and detects loops", () =>
  inDirectory(async (directory) => {
    const [source, target] = [join(directory, "a.xml"), join(directory, "pages.db")];
    const chain = Array.from({ length: 100 }, (_, i) => page(`C${i}`, "", i === 99 ? "End" : `C${i + 1}`));
    const loop = Array.from({ length: 70 }, (_, i) => page(`L${i}`, "", `L${(i + 1) % 70}`));
    writeFileSync(
      source,
      dump(
        page("End", "x"),
        ...chain,
        ...loop,
        page("Into", "", "L0"),
        page("Self", "", "Self"),
        page("Section", "", "end#a b"),
        page("Missing", "", "nowhere"),
      ),
    );
    await buildDumpDB(source, target);
    using db = DumpDB.open(target);
    const ends = { C0: "End", C99: "End", L0: "L0", L33: "L33", Into: "Into", Self: "Self", Section: "End" };
    for (const [title, end] of Object.entries(ends)) assert.equal(db.resolveRedirect(title), end);
    assert.equal(db.resolveRedirect("Missing"), "Nowhere");
    assert.equal(db.resolveRedirect("Nowhere"), "Nowhere");
    assert.equal(db.redirectCount, 174);
  }));

Deno.test("DumpDB counts by place: titles, what articles link to, and what redirects there", () =>
  inDirectory(async (directory) => {
    const source = join(directory, "a.xml");
    writeFileSync(
      source,
      dump(
        page("Z", "[[A]] and [[B]]\n\n[[A|again]]"),
        page("B", "no links"),
        page("A", "[[Z#x]]"),
        page("R", "", "A"),
        page("S", "", "B"),
        page("\u{1F600}", "[[R]]"),
      ),
    );
    await buildDumpDB(source, join(directory, "pages.db"));
    using db = DumpDB.open(join(directory, "pages.db"));
    assert.deepEqual([db.lastPlace, db.placeOf("A"), db.placeOf("R"), db.titleAt(1), db.titleAt(9)], [
      4,
      3,
      undefined,
      "Z",
      undefined,
    ]);
    assert.deepEqual([...db.placesByTitle()], [3, 2, 1, 4]);
    assert.deepEqual([...db.linkTargets(1, 3)], [
      { title: "Z", targets: ["A", "B", "A"] },
      { title: "A", targets: ["Z"] },
    ]);
    assert.deepEqual([...db.linkTargets(4, 99)], [{ title: "\u{1F600}", targets: ["R"] }]);
    assert.deepEqual([db.redirectsTo(["A", "B", "Q"]), db.redirectsTo([])], [["R", "S"], []]);
  }));

Deno.test("DumpDB.meta says where the database comes from", () =>
  inDirectory(async (directory) => {
    const source = join(directory, "xxwiki-20240501-pages-articles.xml");
    const target = join(directory, "pages.db");
    writeFileSync(source, dump(page("A", "[[b]]"), page("B", "", "A")));
    await buildDumpDB(source, target, { language: "yy" });
    using db = DumpDB.open(target);
    const { meta } = db;
    assert.deepEqual(JSON.parse(meta["dump_files"] ?? ""), [{
      name: "xxwiki-20240501-pages-articles.xml",
      bytes: readFileSync(source).length,
    }]);
    assert.equal(meta["dump_date"], "2024-05-01");
    assert.deepEqual(JSON.parse(meta["options"] ?? ""), { language: "yy" });
    assert.equal(JSON.parse(meta["siteinfo"] ?? "").version, "0.11");
    assert.match(meta["lukeforge"] ?? "", /^\d+\.\d+\.\d+$/);
    assert.deepEqual(
      ["pages", "redirects", "paragraphs", "links"].map((key) => meta[key]),
      ["1", "1", "1", "1"],
    );
  }));

Deno.test("buildDumpDB() shows captions, tables and templates that are asked for, and records it", () =>
  inDirectory(async (directory) => {
    const [source, target] = [join(directory, "a.xml"), join(directory, "pages.db")];
    writeFileSync(
      source,
      dump(page("A", "{{mine|a|[[b]]}}[[File:c|thumb|d [[e]]]]\n{|\n| f=g | h || [[i]]\n|}")),
    );
    const templateTexts = { table: "$2 <- mine", file: "mine.txt" };
    await buildDumpDB(source, target, { includeCaptions: true, includeTables: true, templateTexts });
    using db = DumpDB.open(target);
    assert.deepEqual(db.paragraphs("A").map(({ text, links }) => [text, links.length]), [
      ["b", 1],
      [
        "d e",
        1,
      ],
      ["h", 0],
      ["i", 1],
    ]);
    assert.deepEqual(JSON.parse(db.meta["options"] ?? ""), {
      includeCaptions: true,
      includeTables: true,
      templateTexts: "$2 <- mine",
    });
    const wrong = buildDumpDB(source, join(directory, "b.db"), {
      templateTexts: { table: "mine", file: "mine.txt" },
    });
    await assert.rejects(wrong, { name: "UserError", message: /^mine\.txt: line 1: write PATTERN/ });
    assert.deepEqual(readdirSync(directory).sort(), ["a.xml", "pages.db"]);
  }));

Deno.test("SCHEMA has views of links and headings for other programs", () =>
  inDirectory(async (directory) => {
    const [source, target] = [join(directory, "a.xml"), join(directory, "pages.db")];
    writeFileSync(
      source,
      dump(page("A", "🤩 [[b|🤩c]]s [[d]]\n== One ==\n=== ''Two'' ===\n[[b]]"), page("E", "[[a]]")),
    );
    await buildDumpDB(source, target);
    using database = new DatabaseSync(target, { readOnly: true });
    const rows = (query: string): unknown[] => database.prepare(query).all().map((row) => ({ ...row }));
    assert.deepEqual(rows("SELECT * FROM link WHERE target = 'B'"), [
      { source: "A", page_id: 1, position: 0, target: "B", text: "🤩cs", start: 2, end: 5, trail: 1 },
      { source: "A", page_id: 1, position: 1, target: "B", text: "b", start: 0, end: 1, trail: 0 },
    ]);
    assert.deepEqual(rows("SELECT target, count(*) AS n FROM link GROUP BY target ORDER BY target"), [
      { target: "A", n: 1 },
      { target: "B", n: 2 },
      { target: "D", n: 1 },
    ]);
    assert.deepEqual(rows("SELECT * FROM heading"), [
      { page_id: 1, position: 0, level: 2, title: "One" },
      { page_id: 1, position: 1, level: 3, title: "Two" },
    ]);
  }));

Deno.test("DumpDB can be open in several threads and processes, where nothing can be written", () =>
  inDirectory(async (directory) => {
    const [source, target] = [join(directory, "a.xml"), join(directory, "100% #1?.db")];
    writeFileSync(source, dump(...Array.from({ length: 50 }, (_, i) => page(`P${i}`, `text ${i}`))));
    await buildDumpDB(source, target);
    chmodSync(target, 0o444);
    chmodSync(directory, 0o555);
    try {
      using _here = DumpDB.open(target);
      const module = new URL("./dump_db.ts", import.meta.url).href;
      const count = `const { DumpDB } = await import(${JSON.stringify(module)});
        const count = (path) => { using db = DumpDB.open(path); return [...db.pages()].length; };`;
      const worker = new Worker(
        `data:text/javascript,${
          encodeURIComponent(`${count} onmessage = (e) => postMessage(count(e.data));`)
        }`,
        { type: "module" },
      );
      const inThread = new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
      worker.postMessage(target);
      const inProcess = new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-check", `${count} console.log(count(${JSON.stringify(target)}));`],
      }).output();
      assert.equal(await inThread, 50);
      worker.terminate();
      assert.equal(new TextDecoder().decode((await inProcess).stdout).trim(), "50");
    } finally {
      chmodSync(directory, 0o755);
    }
  }));

Deno.test("buildDumpDB() reads the parts of a dump in order, and keeps the numbers of pages", () =>
  inDirectory(async (directory) => {
    const numbered = (id: number, title: string, text: string): string =>
      page(title, text).replace("<ns>", `<id>${id}</id><ns>`);
    const parts = [
      dump(numbered(12, "B", "b"), page("C", "first")),
      dump(numbered(7, "A", "a"), page("C", "second")),
    ].map((xml, i) => {
      const path = join(directory, `xxwiki-20240501-pages-articles${i + 1}.xml`);
      writeFileSync(path, xml);
      return path;
    });
    const target = join(directory, "pages.db");
    assert.equal((await buildDumpDB(parts, target)).pages, 3);
    using db = DumpDB.open(target);
    assert.deepEqual([...db.pages()].map(({ id, title }) => [id, title]), [[12, "B"], [7, "A"], [
      undefined,
      "C",
    ]]);
    assert.equal(db.paragraphs("C")[0]?.text, "second");
    assert.equal(JSON.parse(db.meta["dump_files"] ?? "").length, 2);
  }));

Deno.test("buildDumpDB() names file and byte of what a worker cannot read", () =>
  inDirectory(async (directory) => {
    const [source, target] = [join(directory, "a.xml"), join(directory, "pages.db")];
    const long = "prose ".repeat(200_000);
    const xml = Buffer.from(
      dump(...["A", "B", "C", "D", "E"].map((title) => page(title, `${title} ${long}`))),
    );
    xml[xml.length - 500] = 0xff;
    writeFileSync(source, xml);
    for (const workers of [1, 2]) {
      await assert.rejects(buildDumpDB(source, target, { workers }), (error) => {
        return error instanceof UserError && error.message.startsWith(`${source}: `) &&
          error.message.includes(String(xml.length - 500)) && !error.message.includes("\n");
      });
      assert.deepEqual(readdirSync(directory), ["a.xml"]);
    }
  }));
