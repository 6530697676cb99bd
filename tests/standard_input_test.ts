/** Dumps that come through standard input: the same pages as from a file, whatever the compression. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { DumpDB, sampleDumpPath } from "@lukeforge/corpus";
import { run, runWithInput, TemporaryDirectory } from "./command_line.ts";

const ENWIKI = new URL(
  "../../shared/data/wikidumps/wikipedia2vec-enwiki-pages-articles-sample.xml.bz2",
  import.meta.url,
);
const SAMPLE = new Uint8Array(readFileSync(sampleDumpPath()));

function pagesOf(file: string): unknown[] {
  using db = DumpDB.open(file);
  return [...db.pages()];
}

async function assertSamePages(dump: string, input: Uint8Array<ArrayBuffer>): Promise<void> {
  using directory = new TemporaryDirectory();
  const [fromFile, piped] = [directory.file("file.db"), directory.file("piped.db")];
  const built = await run(["build-dump-db", dump, fromFile]);
  assert.equal(built.code, 0, built.errors.join("\n"));
  const { code, errors } = await runWithInput(input, ["build-dump-db", "-", piped]);
  assert.equal(code, 0, errors.join("\n"));
  assert.deepEqual(pagesOf(piped), pagesOf(fromFile));
}

Deno.test("build-dump-db - reads XML and gzip", async () => {
  await assertSamePages(sampleDumpPath(), SAMPLE);
  await assertSamePages(sampleDumpPath(), new Uint8Array(gzipSync(SAMPLE)));
});

Deno.test({
  name: "build-dump-db - reads bzip2",
  ignore: !existsSync(ENWIKI),
  fn: () => assertSamePages(ENWIKI.pathname, new Uint8Array(readFileSync(ENWIKI))),
});

Deno.test("build-dump-db - says where standard input was cut off, or keeps the pages before", async () => {
  using directory = new TemporaryDirectory();
  const output = directory.file("pages.db"), cut = SAMPLE.slice(0, SAMPLE.length >> 1);
  const refused = await runWithInput(cut, ["build-dump-db", "-", output]);
  assert.equal(refused.code, 1);
  assert.match(refused.errors.at(-1) ?? "", /^standard input: cut off at byte \d+ .*--allow-truncated/);
  assert.equal(existsSync(output), false);
  const { code, errors } = await runWithInput(cut, ["build-dump-db", "-", output, "--allow-truncated"]);
  assert.equal(code, 0, errors.join("\n"));
  assert.ok(pagesOf(output).length > 10);
});

Deno.test("extract-text - reads a dump", async () => {
  using directory = new TemporaryDirectory();
  const [fromFile, piped] = [directory.file("file.txt"), directory.file("piped.txt")];
  assert.equal((await run(["extract-text", sampleDumpPath(), fromFile])).code, 0);
  const { code, errors } = await runWithInput(SAMPLE, ["extract-text", "-", piped]);
  assert.equal(code, 0, errors.join("\n"));
  assert.equal(readFileSync(piped, "utf8"), readFileSync(fromFile, "utf8"));
});
