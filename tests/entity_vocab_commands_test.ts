/** The commands about entity vocabularies as a user runs them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { buildDumpDB, sampleDumpPath } from "@lukeforge/corpus";
import { EntityVocab } from "@lukeforge/vocab";
import { run, TemporaryDirectory } from "./command_line.ts";

async function printed(...args: string[]): Promise<string> {
  const { code, stdout, errors } = await run(args);
  assert.equal(code, 0, errors.join("\n"));
  return stdout;
}

async function refused(pattern: RegExp, ...args: string[]): Promise<void> {
  const { code, errors } = await run(args);
  assert.equal(code, 1);
  assert.equal(errors.length, 1, errors.join("\n"));
  assert.match(errors[0] ?? "", pattern);
}

Deno.test("build-entity-vocab writes each format twice the same, and explains titles", async () => {
  using directory = new TemporaryDirectory();
  const db = directory.file("pages.db");
  await buildDumpDB(sampleDumpPath(), db);
  writeFileSync(directory.file("first.txt"), "wick_Haven\nNo such page\n");
  const first = ["-w", directory.file("first.txt"), "--vocab-size", "20"];
  for (const format of ["jsonl", "tsv", "json"]) {
    const out = directory.file(`a.${format}`);
    const text = await printed(
      "build-entity-vocab",
      db,
      out,
      ...first,
      "--pool-size",
      "2",
      "--chunk-size",
      "10",
    );
    assert.match(text, /20 entities, 3 special ones included; 1 of the white list, left out: 1 no page/);
    await printed("build-entity-vocab", db, directory.file(`b.${format}`), ...first);
    assert.deepEqual(readFileSync(out), readFileSync(directory.file(`b.${format}`)));
    const vocab = EntityVocab.load(out);
    const mask2 = format === "json" ? 1 : 0; // which Hugging Face demands
    assert.deepEqual([vocab.size, vocab.titleOf(3)], [20 + mask2, "Wick Haven"]);
    assert.match(await printed("build-entity-vocab", db, out, ...first), /already there/);
  }
  const why = await printed("build-entity-vocab", db, "--explain", "anstrow", "--explain", "Category:Isles");
  assert.match(why, /^Anstrow: in the vocabulary, id \d+: \d+ links, number \d+ by count of \d+ pages/);
  assert.match(why, /Category:Isles: not in the vocabulary: a category/);
  await refused(/name the file to write/, "build-entity-vocab", db);
  await refused(/must be named/, "build-entity-vocab", db, directory.file("v.txt"));
  writeFileSync(directory.file("latin1.txt"), Uint8Array.of(0x41, 0x0a, 0xe9, 0x0a));
  const latin1 = ["build-entity-vocab", db, directory.file("c.jsonl"), "-w", directory.file("latin1.txt")];
  await refused(/latin1\.txt, line 2: is not UTF-8/, ...latin1);
  assert.ok(!readdirSync(directory.path).some((name) => name.includes("partial")));
});

Deno.test("build-interwiki-db and build-multilingual-entity-vocab merge vocabularies of two languages", async () => {
  using directory = new TemporaryDirectory();
  const sitelinks = (titles: Record<string, string>): string =>
    JSON.stringify({
      type: "item",
      id: "Q1",
      sitelinks: Object.fromEntries(Object.entries(titles).map(([site, title]) => [site, { site, title }])),
    });
  const lines = [
    "[",
    `${sitelinks({ enwiki: "Japan", jawiki: "日本" })},`,
    sitelinks({ enwiki: "Cat" }),
    "]",
  ];
  writeFileSync(directory.file("wikidata.json"), lines.join("\n"));
  const vocab = (language: string, ...titles: string[]): string => {
    const all = ["[PAD]", "[UNK]", "[MASK]", ...titles];
    const path = directory.file(`${language}.jsonl`);
    const line = (title: string, id: number): string =>
      JSON.stringify({ id, entities: [[title, language]], count: id < 3 ? 0 : 10 - id });
    writeFileSync(path, all.map(line).join("\n"));
    return path;
  };
  const db = directory.file("interwiki.db");
  assert.match(
    await printed("build-interwiki-db", directory.file("wikidata.json"), db, "-l", "en", "-l", "ja"),
    /2 items, 3 titles in 2 languages/,
  );
  await refused(/interwiki\.db: exists already/, "build-interwiki-db", directory.file("wikidata.json"), db);
  const files = ["-v", vocab("en", "Japan", "Cat"), "-v", vocab("ja", "日本")];
  const out = directory.file("merged.jsonl");
  const merge = (output: string, ...options: string[]): string[] => [
    ...["build-multilingual-entity-vocab", ...files, "-i", db, "-o", output, ...options],
  ];
  const text = await printed(...merge(out));
  assert.match(text, /5 entities, 3 special ones included, in 2 languages/);
  assert.match(text, /ja\.jsonl: 1 entities in ja, 1 of them in the interwiki database/);
  const merged = EntityVocab.load(out);
  assert.deepEqual([merged.getId("日本", "ja"), merged.getId("Cat", "en"), merged.countOf(3)], [3, 4, 14]);
  await printed(...merge(directory.file("two.json"), "--min-num-languages", "2"));
  assert.equal(EntityVocab.load(directory.file("two.json")).size, 5);
  await refused(/--min-num-languages/, ...merge(directory.file("x.jsonl"), "--min-num-languages", "3"));
  await refused(/build-interwiki-db/, ...merge(directory.file("x.jsonl"), "-i", directory.file("none.db")));
});

Deno.test("entity-vocab-info and convert-entity-vocab open every format; another language is no empty dataset", async () => {
  using directory = new TemporaryDirectory();
  const db = directory.file("pages.db");
  await buildDumpDB(sampleDumpPath(), db);
  const vocab = directory.file("v.jsonl");
  await printed("build-entity-vocab", db, vocab, "--vocab-size", "40");
  const text = await printed("entity-vocab-info", vocab, "--db", db, "--top", "2");
  assert.match(
    text,
    /v\.jsonl: 40 ids, 37 titles, special entities aside\n {2}special entities: \[PAD\] 0, \[UNK\] 1, \[MASK\] 2/,
  );
  assert.match(text, /titles by language: en 37\n {2}ids by number of titles: 1: 37\n/);
  assert.match(text, /pages\.db, language en\n {4}in the vocabulary: [\d,]+ of [\d,]+ \(\d\d\.\d %\) links/);
  for (const format of ["tsv", "json", "jsonl"]) {
    const converted = directory.file(`w.${format}`);
    await printed("convert-entity-vocab", vocab, converted);
    const facts = JSON.parse(await printed("entity-vocab-info", converted, "--json", "--db", db));
    assert.deepEqual(
      [facts.size, facts.specials["[MASK2]"], facts.top.length],
      format === "json" ? [41, 40, 10] : [40, undefined, 10],
    );
    assert.equal(facts.coverage.lookedUpIn, format === "tsv" ? null : "en");
    assert.equal(facts.coverage.coveredPages, 37);
  }
  assert.deepEqual(readFileSync(directory.file("w.jsonl")), readFileSync(vocab));
  await refused(/w\.tsv: exists already/, "convert-entity-vocab", vocab, directory.file("w.tsv"));
  const german = directory.file("german.jsonl");
  await printed("build-entity-vocab", db, german, "--language", "de");
  assert.match(
    await printed("entity-vocab-info", german, "--db", db),
    /language en: the vocabulary has no titles in it\n {4}in the vocabulary: 0 of/,
  );
  const tokenizer = directory.file("tokenizer");
  await printed("train-tokenizer", db, tokenizer, "--vocab-size", "300");
  const dataset = ["build-wikipedia-pretraining-dataset", db, tokenizer, german, directory.file("set")];
  await refused(
    /no titles in en, the language looked up, only in de; pass the vocabulary's --language/,
    ...dataset,
  );
  await printed(...dataset, "--language", "de", "--max-num-documents", "5");
});
