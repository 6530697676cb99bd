/** `extract-text` as a user runs it. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { buildDumpDB, DumpDB, sampleDumpPath } from "@lukeforge/corpus";
import { run, runHere, TemporaryDirectory } from "./command_line.ts";

const GOLDEN = new URL("../../shared/data/golden/wikipedia2vec/smallwiki.w2v105.jsonl.gz", import.meta.url);
const SMALLWIKI = new URL(
  "../../shared/data/wikidumps/smallwiki-latest-pages-articles.xml.bz2",
  import.meta.url,
);

function lines(path: string): string[] {
  return readFileSync(path, "utf8").split("\n");
}

Deno.test("extract-text writes a dump as jsonl, whose split is disjoint and whole", async () => {
  using directory = new TemporaryDirectory();
  const whole = directory.file("all.jsonl");
  const first = await run(["extract-text", sampleDumpPath(), whole, "--format", "jsonl", "--workers", "2"]);
  assert.equal(first.code, 0, first.errors.join("\n"));
  assert.deepEqual(readdirSync(directory.path), ["all.jsonl"]);
  const [header = "", ...pages] = lines(whole).filter((line) => line !== "");
  const about = JSON.parse(header);
  assert.equal(about.language, "en");
  assert.equal(about.pages, pages.length);
  assert.ok(Object.keys(about.redirects).length > 5);
  for (const page of pages) {
    for (const { text, links } of JSON.parse(page).paragraphs) {
      const points = [...text];
      for (const [, anchor, start, end] of links) assert.equal(points.slice(start, end).join(""), anchor);
    }
  }
  const db = directory.file("pages.db");
  await buildDumpDB(sampleDumpPath(), db);
  const args = ["extract-text", db, directory.file("x.jsonl"), "--format", "jsonl", "--split", "0.8/0.2"];
  const second = await run([...args, "--seed", "5"]);
  assert.equal(second.code, 0, second.errors.join("\n"));
  const parts = ["train", "test"].map((part) =>
    lines(directory.file(`x.${part}.jsonl`)).slice(1).filter((line) => line !== "")
  );
  assert.deepEqual(parts.map((part) => part.length > 10), [true, true]);
  assert.deepEqual(parts.flat().sort(), pages.sort());
  const again = await run(args);
  assert.equal(again.code, 1);
  assert.match(again.errors.join(), /x\.train\.jsonl: exists already: remove it or name another output/);
});

Deno.test("extract-text writes text, sentences and WikiExtractor's files, in pieces and compressed", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("pages.db");
  await buildDumpDB(sampleDumpPath(), path);
  const extract = async (...args: string[]): Promise<string> => {
    const { code, stdout, errors } = await run(["extract-text", path, ...args]);
    assert.equal(code, 0, errors.join("\n"));
    return stdout;
  };
  using db = DumpDB.open(path);
  const texts = [...db.pages()].filter(({ paragraphs }) => paragraphs.length > 0)
    .map(({ paragraphs }) => paragraphs.map(({ text }) => `${text}\n`).join(""));

  await extract(directory.file("a.txt"), "--max-file-size", "20kB", "--gzip");
  const pieces = readdirSync(directory.path).filter((name) => name.startsWith("a-")).sort();
  assert.ok(pieces.length > 3);
  assert.equal(
    pieces.map((name) => gunzipSync(readFileSync(directory.file(name))).toString()).join(""),
    texts.map((text) => `${text}\n`).join(""),
  );
  await extract(directory.file("b.txt"), "--format", "sentences", "--min-text-length", "600");
  const long = texts.filter((text) => [...text.replaceAll("\n", "")].length >= 600);
  assert.ok(long.length > 10 && long.length < texts.length);
  const squeezed = (text: string): string => text.replace(/\s+/g, "");
  assert.equal(squeezed(readFileSync(directory.file("b.txt"), "utf8")), squeezed(long.join("")));
  assert.ok(lines(directory.file("b.txt")).length > 2 * long.join("").split("\n").length);

  await extract(directory.file("wiki"), "--format", "wikiextractor");
  const documents = readFileSync(directory.file("wiki", "AA", "wiki_00"), "utf8");
  assert.equal(documents.match(/^<doc id="\d+" url="[^"]*" title="[^"]*">$/gm)?.length, texts.length);
  assert.equal(documents.match(/^<\/doc>$/gm)?.length, texts.length);
});

Deno.test("extract-text takes the parts of a dump, and captions, tables and templates that are asked for", async () => {
  using directory = new TemporaryDirectory();
  const parts = ["[[File:a.png|thumb|one]]{{mine|two}}", "{|\n| three\n|}"].map((text, i) => {
    const path = directory.file(`${i}.xml`);
    writeFileSync(
      path,
      `<mediawiki version="0.11" xml:lang="en"><siteinfo><dbname>enwiki</dbname><case>first-letter</case></siteinfo>
<page><title>Page ${i}</title><ns>0</ns><id>${
        i + 1
      }</id><revision><text>zero\n${text}</text></revision></page></mediawiki>`,
    );
    return path;
  });
  const table = directory.file("templates");
  writeFileSync(table, "$1 <- mine\n");
  const wanted = ["--include-captions", "--include-tables", "--template-texts", table];
  const texts: string[] = [];
  for (const [name, options] of [["all", wanted], ["none", []]] as const) {
    const { code, errors } = await run(["extract-text", ...parts, directory.file(name), ...options]);
    assert.equal(code, 0, errors.join("\n"));
    texts.push(readFileSync(directory.file(name), "utf8"));
  }
  assert.deepEqual(texts, ["zero\ntwo\none\n\nzero\nthree\n\n", "zero\n\nzero\n\n"]);
});

Deno.test({
  name: "extract-text reads a dump through a pipe",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using directory = new TemporaryDirectory();
    const [pipe, out] = [directory.file("pipe"), directory.file("out")];
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    const writing = new Deno.Command("cp", { args: [sampleDumpPath(), pipe] }).output();
    const { code, errors } = await run(["extract-text", pipe, out]);
    assert.equal(code, 0, errors.join("\n"));
    assert.equal((await writing).code, 0);
    assert.ok(lines(out).length > 500);
  },
});

Deno.test("extract-text refuses what it cannot use, in one line", async () => {
  using directory = new TemporaryDirectory();
  const db = directory.file("pages.db");
  await buildDumpDB(sampleDumpPath(), db);
  const cases: [string[], RegExp][] = [
    [["none.db"], /give a page database or a dump, and the file to write/],
    [
      [db, sampleDumpPath(), directory.file("a")],
      /pages\.db: a page database, and 1 more inputs: give it alone/,
    ],
    [[db, directory.file("a"), "--include-tables"], /--include-tables: is settled in the page database/],
    [
      [sampleDumpPath(), directory.file("a"), "--template-texts", "none"],
      /none: cannot be read: give a text file/,
    ],
    [[directory.path, directory.file("a")], /: not a file: give a pages-articles dump/],
    [["none.db", directory.file("a")], /none\.db: no such file: give a page database/],
    [[sampleDumpPath(), directory.file("a"), "--split", "1"], /two shares or more/],
    [[sampleDumpPath(), directory.file("a", "/")], /a directory: give the name of a file/],
    [[sampleDumpPath(), directory.file("a.txt"), "--json"], /--json belongs to --format wikiextractor/],
  ];
  for (const [args, message] of cases) {
    const { code, errors } = await runHere(["extract-text", ...args]);
    assert.deepEqual([code, errors.length], [1, 1], errors.join("\n"));
    assert.match(errors[0] ?? "", message);
  }
  assert.deepEqual(readdirSync(directory.path), ["pages.db"]);
});

Deno.test({
  name: "extract-text writes jsonl in the shape of wikipedia2vec's golden files",
  ignore: !existsSync(GOLDEN) || !existsSync(SMALLWIKI),
  fn: async () => {
    using directory = new TemporaryDirectory();
    const out = directory.file("a.jsonl.gz");
    const { code, errors } = await run(["extract-text", SMALLWIKI.pathname, out, "--format", "jsonl"]);
    assert.equal(code, 0, errors.join("\n"));
    const [ours, golden] = [out, GOLDEN].map((path) =>
      gunzipSync(readFileSync(path)).toString().trimEnd().split("\n").map((line) => JSON.parse(line))
    );
    assert.ok(ours !== undefined && golden !== undefined);
    const shape = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.slice(0, 1).map(shape)
        : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).sort().map(([key, inner]) => [key, shape(inner)]))
        : typeof value;
    const { redirects, ...header } = ours[0];
    const { redirects: goldenRedirects, ...goldenHeader } = golden[0];
    assert.deepEqual(shape(header), shape(goldenHeader));
    assert.equal(header.language, goldenHeader.language);
    const missing = Object.keys(goldenRedirects).filter((title) => !(title in redirects));
    assert.ok(missing.length <= Object.keys(goldenRedirects).length / 2, missing.join(", "));
    const linked = (page: { paragraphs: { links: unknown[] }[] }): boolean =>
      (page.paragraphs[0]?.links.length ?? 0) > 0;
    assert.deepEqual(shape(ours.slice(1).find(linked)), shape(golden.slice(1).find(linked)));
    const titles = new Set(golden.slice(1).map(({ title }) => title));
    assert.ok(ours.slice(1).every(({ title }) => titles.has(title)));
  },
});
