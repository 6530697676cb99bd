/** The commands that build data sets, on a real dump and on files, as a user runs them. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { DumpDB } from "@lukeforge/corpus";
import { Dataset, type StoredItem } from "@lukeforge/train";
import { EntityVocab } from "@lukeforge/vocab";
import { digests, runHere, type Said, TemporaryDirectory, TINY } from "./command_line.ts";

const dump = (name: string): string =>
  fileURLToPath(new URL(`../../shared/data/wikidumps/${name}`, import.meta.url));
const SMALLWIKI = dump("smallwiki-latest-pages-articles.xml.bz2");
const ENWIKI = dump("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2");

/** Runs a command that has to succeed. */
async function succeed(...args: string[]): Promise<Said> {
  const said = await runHere(args);
  assert.equal(said.code, undefined, said.errors.join("\n"));
  return said;
}

/** Runs a command that has to fail in one line. */
async function fail(args: readonly string[], expected: RegExp): Promise<void> {
  const { code, errors } = await runHere(args);
  assert.deepEqual([code, errors.length], [1, 1], errors.join("\n"));
  assert.match(errors[0] ?? "", expected);
}

function itemsOf(directory: string): { items: StoredItem[]; metadata: Dataset["metadata"] } {
  using dataset = Dataset.open(directory);
  dataset.checkFiles();
  return {
    items: Array.from({ length: dataset.size }, (_, i) => dataset.item(i)),
    metadata: dataset.metadata,
  };
}

const sorted = (items: readonly StoredItem[]): string[] => items.map((item) => JSON.stringify(item)).sort();

Deno.test({
  name: "build-wikipedia-pretraining-dataset honours each of its options on a real dump",
  ignore: !existsSync(SMALLWIKI),
  fn: async (t) => {
    using directory = new TemporaryDirectory();
    const [db, tokenizer, vocab] = ["pages.db", "tokenizer", "entities.jsonl"].map((name) =>
      directory.file(name)
    );
    assert.ok(db !== undefined && tokenizer !== undefined && vocab !== undefined);
    await succeed("build-dump-db", SMALLWIKI, db);
    await succeed("train-tokenizer", db, tokenizer, "--vocab-size", "600", "--limit-alphabet", "200");
    await succeed("build-entity-vocab", db, vocab, "--min-count", "3");
    let number = 0;
    const build = async (...options: string[]) => {
      const output = directory.file(`set${number++}`);
      const said = await succeed(
        "build-wikipedia-pretraining-dataset",
        db,
        tokenizer,
        vocab,
        output,
        ...options,
      );
      return { ...itemsOf(output), said, output };
    };
    const plain = await build();
    const unkId = EntityVocab.load(vocab).unkId;
    const entities = (items: readonly StoredItem[]) => items.flatMap((item) => item.entities);
    const lengths = (items: readonly StoredItem[]) => items.map(({ wordIds }) => wordIds.length);

    await t.step("the closing line and upstream's fields", () => {
      assert.match(
        plain.said.lines.join("\n"),
        /^dataset: [\d,]+ items of [\d,]+ pages, [\d,]+ words, [\d,]+ entities, [\d,]+ words\/s \(.* s\)$/,
      );
      const { number_of_items, max_seq_length, tokenizer_class, language } = plain.metadata;
      assert.deepEqual([max_seq_length, tokenizer_class, language], [512, "BertTokenizer", "ltg"]);
      assert.equal(number_of_items, plain.items.length);
      assert.ok(plain.items.every((item) => item.entities.length > 0));
      assert.ok(entities(plain.items).every(({ id }) => id !== unkId));
    });
    await t.step("pages and links are of articles alone, in the wiki's language", () => {
      using pages = DumpDB.open(db);
      const names: string[] = ["category_namespaces", "file_namespaces"].flatMap((key) =>
        JSON.parse(pages.meta[key] ?? "[]")
      );
      assert.ok(names.includes("kategoreja") && names.includes("fails"), names.join(", "));
      const isOther = (title: string): boolean =>
        names.some((name) => title.toLowerCase().startsWith(`${name}:`));
      for (const { title, paragraphs } of pages.pages()) {
        assert.ok(!isOther(title), title);
        for (const { links } of paragraphs) {
          for (const link of links) assert.ok(!isOther(link.title), link.title);
        }
      }
    });
    await t.step("--max-seq-length --max-entity-length --max-mention-length", async () => {
      const { items, metadata } = await build(
        ...["--max-seq-length", "40", "--max-entity-length", "2", "--max-mention-length", "1"],
      );
      assert.equal(Math.max(...lengths(items)), 38);
      assert.deepEqual([metadata.longest_item, metadata.most_entities, metadata.longest_mention], [38, 2, 1]);
    });
    await t.step("--min-sentence-length", async () => {
      const { items, metadata } = await build("--min-sentence-length", "25");
      assert.ok(Math.min(...lengths(items)) >= 25 && Math.min(...lengths(plain.items)) < 25);
      assert.ok(
        (metadata.counts?.shortSentencesDropped ?? 0) > (plain.metadata.counts?.shortSentencesDropped ?? 0),
      );
    });
    await t.step("--include-sentences-without-entities", async () => {
      const { items } = await build("--include-sentences-without-entities");
      const withEntities = items.filter((item) => item.entities.length > 0);
      assert.equal(
        items.length - withEntities.length,
        plain.metadata.counts?.itemsWithoutEntitiesDropped,
      );
      assert.ok(items.length > withEntities.length);
      assert.deepEqual(sorted(withEntities), sorted(plain.items));
    });
    await t.step("--include-unk-entities, --skip-unk-entities", async () => {
      const { items, metadata } = await build("--include-unk-entities");
      const found = entities(items);
      assert.ok(found.some(({ id }) => id === unkId));
      assert.ok(
        found.length > plain.metadata.total_entities && metadata.provenance["include_unk_entities"] === true,
      );
      assert.deepEqual(sorted((await build("--skip-unk-entities")).items), sorted(plain.items));
    });
    await t.step("--max-num-documents, --seed", async () => {
      const { metadata } = await build("--max-num-documents", "20");
      assert.equal(metadata.counts?.pages, 20);
      const other = await build("--seed", "1");
      assert.deepEqual(sorted(other.items), sorted(plain.items));
      assert.notDeepEqual(other.items, plain.items);
    });
    await t.step("--language: one that the vocabulary lacks is an error", async () => {
      assert.deepEqual((await build("--language", "ltg")).items, plain.items);
      const args = ["build-wikipedia-pretraining-dataset", db, tokenizer, vocab, directory.file("none")];
      for (const more of [[], ["--include-unk-entities"], ["--include-sentences-without-entities"]]) {
        await fail(
          [...args, "--language", "en", ...more],
          /no titles in en, .* only in ltg; pass .*--language/,
        );
      }
      assert.ok(!existsSync(directory.file("none")) && !existsSync(directory.file("none.partial")));
    });
    await t.step("--abstract-only", async () => {
      const { metadata } = await build("--abstract-only");
      assert.ok(metadata.total_words < plain.metadata.total_words && metadata.total_words > 0);
    });
    await t.step("--predefined-entities-only", async () => {
      const { items, metadata } = await build("--predefined-entities-only");
      assert.ok(items.every(({ pageId }) => pageId >= 3));
      using pages = DumpDB.open(db);
      const known = EntityVocab.load(vocab);
      const titles = [...pages.titles()].filter((title) => known.has(title, "ltg"));
      assert.equal(metadata.counts?.pages, titles.length);
      assert.ok(plain.items.some(({ pageId }) => pageId === -1));
    });
    await t.step("--sentence-splitter", async () => {
      const opennlp = await build("--sentence-splitter", "opennlp");
      assert.match(opennlp.said.lines[0] ?? "", /OpenNLP/);
      assert.equal(opennlp.said.lines.filter((line) => line.includes("OpenNLP")).length, 1);
      const words = [plain, opennlp].map(({ metadata }) => metadata.total_words);
      assert.ok(Math.abs((words[1] ?? 0) / (words[0] ?? 1) - 1) < 0.02, words.join());
      assert.equal(
        (await build("--sentence-tokenizer", "lv")).metadata.provenance["sentence_splitter"],
        "lv",
      );
      const ofCorpus = await build("--sentence-splitter", "icu");
      assert.equal(ofCorpus.metadata.provenance["sentence_splitter"], "ltg");
      const args = ["build-wikipedia-pretraining-dataset", db, tokenizer, vocab, directory.file("none")];
      await fail(
        [...args, "--sentence-splitter", "no locale"],
        /--sentence-splitter "no locale": not a locale/,
      );
    });
    await t.step("--held-out-fraction divides the pages", async () => {
      const [training, heldOut] = [
        await build("--held-out-fraction", "0.3"),
        await build("--held-out-fraction", "0.3", "--held-out"),
      ];
      assert.deepEqual(sorted([...training.items, ...heldOut.items]), sorted(plain.items));
      assert.ok(heldOut.items.length > 0 && training.items.length > heldOut.items.length);
    });
    await t.step("--pool-size, --chunk-size; the same command again finds what is there", async () => {
      const again = await build("--pool-size", "2", "--chunk-size", "7");
      assert.match(again.said.lines[0] ?? "", /--chunk-size has no effect/);
      assert.deepEqual(digests(again.output), digests(plain.output));
      const args = ["build-wikipedia-pretraining-dataset", db, tokenizer, vocab, plain.output];
      assert.match((await succeed(...args)).lines.join("\n"), /already there/);
      await fail(
        [...args, "--seed", "5"],
        /exists already and was made from other input or options; remove it/,
      );
      assert.deepEqual(digests(again.output), digests(plain.output));
    });
    await t.step(
      "--compat luke looks up without a language, as upstream, and finds the only one",
      async () => {
        const { metadata } = await build("--compat", "luke");
        assert.deepEqual([metadata.provenance["compat"], metadata.language], ["luke", null]);
        assert.ok(metadata.counts?.boundariesMoved === 0 && metadata.total_entities > 0);
      },
    );
  },
});

Deno.test({
  name: "build-wikipedia-pretraining-dataset makes the same bytes of a real dump by any number of threads",
  ignore: !existsSync(ENWIKI),
  fn: async () => {
    using directory = new TemporaryDirectory();
    const [db, tokenizer, vocab] = ["pages.db", "tokenizer", "entities.jsonl"].map((name) =>
      directory.file(name)
    );
    assert.ok(db !== undefined && tokenizer !== undefined && vocab !== undefined);
    await succeed("build-dump-db", ENWIKI, db);
    writeFileSync(directory.file("text.txt"), "The lake lies in the north.\n".repeat(9));
    await succeed("train-tokenizer", directory.file("text.txt"), tokenizer, "--vocab-size", "40");
    await succeed("build-entity-vocab", db, vocab);
    const found: unknown[] = [];
    for (const workers of ["1", "2", "3"]) {
      const output = directory.file(workers);
      await succeed(
        "build-wikipedia-pretraining-dataset",
        db,
        tokenizer,
        vocab,
        output,
        "--workers",
        workers,
      );
      found.push(digests(output));
      rmSync(output, { recursive: true });
    }
    assert.deepEqual(found[1], found[0]);
    assert.deepEqual(found[2], found[0]);
  },
});

/** What a data set does not settle. */
const NETWORK = TINY.slice(TINY.indexOf("--num-layers"));

const SENTENCES = ["The 😀 lake lies in Finland.", "Finland has many lakes.", "Nothing is mentioned here."];

/** Lines in which lakes and Finland are mentioned. */
function jsonLines(texts: readonly string[]): string {
  return texts.map((text, id) => {
    const mentions = [...text.matchAll(/Finland|lakes?/g)].map(([found], i) => {
      const at = [...text.slice(0, [...text.matchAll(/Finland|lakes?/g)][i]?.index)].length;
      return { start: at, end: at + found.length, entity: found.startsWith("lake") ? "Lake" : found };
    });
    return JSON.stringify({ id, text, mentions }) + "\n";
  }).join("");
}

Deno.test("build-dataset-from-jsonl takes a user with a corpus and no vocabulary to pretrain", async () => {
  using directory = new TemporaryDirectory();
  const texts = Array.from({ length: 40 }, (_, i) => SENTENCES[i % 3] ?? "");
  const [a, b, tokenizer] = [
    directory.file("a.jsonl"),
    directory.file("b.jsonl.gz"),
    directory.file("tokenizer"),
  ];
  writeFileSync(a, jsonLines(texts.slice(0, 20)));
  writeFileSync(b, gzipSync(jsonLines(texts.slice(20))));
  await succeed("train-tokenizer", a, b, tokenizer, "--vocab-size", "80");
  const output = directory.file("set");
  const { lines } = await succeed(
    ...["build-dataset-from-jsonl", a, b, tokenizer, output, "--min-count", "2", "--language", "en"],
  );
  assert.match(
    lines[0] ?? "",
    /items of 40 documents, .* entities, .* words\/s; 5 entities in the vocabulary/,
  );
  const { items, metadata } = itemsOf(output);
  assert.equal(metadata.language, "en");
  assert.equal(metadata.counts?.linksInVocabulary, metadata.total_entities);
  assert.deepEqual([...EntityVocab.load(output).entries()].slice(3).map(({ entities }) => entities), [
    [["Finland", "en"]],
    [["Lake", "en"]],
  ]);
  assert.deepEqual(items[0]?.entities.map(({ id }) => id), [4, 3]);
  // The vocabulary of one data set serves another; entities outside are counted, or kept as [UNK].
  const small = directory.file("small.tsv");
  writeFileSync(small, "[PAD]\t0\n[UNK]\t0\n[MASK]\t0\nLake\t9\n");
  await succeed("build-dataset-from-jsonl", a, tokenizer, directory.file("lake"), "--entity-vocab", small);
  const lake = itemsOf(directory.file("lake"));
  assert.ok((lake.metadata.counts?.links ?? 0) > lake.metadata.total_entities);
  const withUnk = ["--entity-vocab", small, "--include-unk-entities"];
  await succeed("build-dataset-from-jsonl", a, tokenizer, directory.file("unk"), ...withUnk);
  const unk = itemsOf(directory.file("unk"));
  assert.equal(unk.metadata.total_entities, lake.metadata.counts?.links);
  const run = directory.file("run");
  await succeed("pretrain", "--dataset-dir", output, "--output-dir", run, ...NETWORK, "--max-steps", "2");
  assert.ok(existsSync(`${run}/model/model.safetensors`));
});

Deno.test("build-dataset-from-text makes items of words alone, of text and of JSON lines", async () => {
  using directory = new TemporaryDirectory();
  const [text, json, tokenizer] = [
    directory.file("a.txt"),
    directory.file("b.jsonl"),
    directory.file("tokenizer"),
  ];
  writeFileSync(text, `${SENTENCES.join("\n")}\n\n${SENTENCES[1]}\n \n`.repeat(10));
  writeFileSync(json, jsonLines(SENTENCES));
  await succeed("train-tokenizer", text, tokenizer, "--vocab-size", "80");
  const output = directory.file("set");
  const { lines } = await succeed("build-dataset-from-text", text, json, tokenizer, output);
  assert.match(lines[0] ?? "", /^dataset: 23 items of 23 documents, [\d,]+ words, 0 entities, /);
  const { items, metadata } = itemsOf(output);
  assert.deepEqual([metadata.entity_vocab_size, metadata.total_entities], [3, 0]);
  assert.ok(items.every(({ pageId, entities }) => pageId === -1 && entities.length === 0));
  const run = directory.file("run");
  await succeed("pretrain", "--dataset-dir", output, "--output-dir", run, ...NETWORK, "--max-steps", "2");
  assert.ok(existsSync(`${run}/model/model.safetensors`));
});

Deno.test("build-dataset-from-text takes an entity vocabulary, for training with data that has entities", async () => {
  using directory = new TemporaryDirectory();
  const [notes, words] = [directory.file("notes.jsonl"), directory.file("words.jsonl")];
  const [tokenizer, withEntities, without] = ["tokenizer", "a", "b"].map((name) => directory.file(name));
  assert.ok(tokenizer !== undefined && withEntities !== undefined && without !== undefined);
  const mentions = [{ start: 0, end: 7, entity: "Anstrow" }];
  const lines = Array.from(
    { length: 12 },
    (_, i) => JSON.stringify({ text: `Anstrow lies on the Ance, said ${i} men.`, mentions }),
  );
  writeFileSync(notes, lines.join("\n"));
  writeFileSync(words, jsonLines(SENTENCES));
  await succeed("train-tokenizer", words, tokenizer, "--vocab-size", "80");
  await succeed("build-dataset-from-jsonl", notes, tokenizer, withEntities);
  await succeed("build-dataset-from-text", words, tokenizer, without, "--entity-vocab", withEntities);
  const { metadata } = itemsOf(without);
  assert.deepEqual([metadata.entity_vocab_size, metadata.total_entities], [4, 0]);
  const run = directory.file("run");
  const both = ["--dataset-dir", withEntities, "--dataset-dir", without];
  await succeed("pretrain", ...both, "--output-dir", run, ...NETWORK, "--max-steps", "2", "--pack");
  assert.ok(existsSync(`${run}/model/entity_vocab.json`));
});

Deno.test("build-dataset-from-jsonl and -text say in one line what is wrong, and write nothing", async (t) => {
  using directory = new TemporaryDirectory();
  const file = (name: string, contents: string): string => {
    writeFileSync(directory.file(name), contents);
    return directory.file(name);
  };
  const good = file("good.jsonl", jsonLines(SENTENCES));
  const tokenizer = directory.file("tokenizer");
  await succeed("train-tokenizer", good, tokenizer, "--vocab-size", "80");
  const bad = file(
    "bad.jsonl",
    jsonLines(SENTENCES) + '{"text": "x", "mentions": [{"start": 0, "end": 2, "entity": "X"}]}\n',
  );
  const other = file(
    "de.jsonl",
    [
      ...["[PAD]", "[UNK]", "[MASK]"].map((title, id) =>
        JSON.stringify({ id, entities: [[title, "de"]], count: 0 })
      ),
      '{"id": 3, "entities": [["Lake", "de"]], "count": 2}\n',
    ].join("\n"),
  );
  const none = file("none.tsv", "[PAD]\t0\n[UNK]\t0\n[MASK]\t0\nOther\t1\n");
  const text = file("a.txt", "A short text of a few words.\n");
  const plain = file("plain.jsonl", '{"text": "A short text of a few words."}\n');
  const out = directory.file("out");
  const jsonl = "build-dataset-from-jsonl";
  const cases: [name: string, args: string[], expected: RegExp][] = [
    [
      "a mention out of range",
      [jsonl, bad, tokenizer, out],
      /bad\.jsonl, line 4, mention 1 \(0 to 2\): is not within/,
    ],
    [
      "a vocabulary of another language",
      [jsonl, good, tokenizer, out, "--entity-vocab", other, "--language", "en"],
      /no titles in en, the language looked up, only in de; pass/,
    ],
    [
      "a vocabulary of other entities",
      [jsonl, good, tokenizer, out, "--entity-vocab", none, "--include-unk-entities"],
      /none of \d+ mentions is in the entity vocabulary/,
    ],
    ["no mentions", [jsonl, plain, tokenizer, out], /mention no entity; .* build-dataset-from-text/],
    ["text for JSON lines", [jsonl, text, tokenizer, out], /a\.txt: is not called \.jsonl/],
    ["no such file", [jsonl, directory.file("no.jsonl"), tokenizer, out], /no\.jsonl: no such file/],
    ["no output", [jsonl, good, tokenizer], /name the files, the tokenizer and, last, the directory/],
    ["no tokenizer", [jsonl, good, text, out], /a\.txt/],
    [
      "an option without meaning",
      [jsonl, good, tokenizer, out, "--entity-vocab", none, "--min-count", "2"],
      /--min-count: has no meaning with --entity-vocab/,
    ],
    ["too rare entities", [jsonl, good, tokenizer, out, "--min-count", "9"], /lower --min-count/],
    [
      "texts too short",
      ["build-dataset-from-text", text, tokenizer, out, "--min-sentence-length", "90"],
      /no items from 1 documents: .* --min-sentence-length 90 .*; change these$/,
    ],
    [
      "an empty text",
      ["build-dataset-from-text", file("e.txt", "\n"), tokenizer, out],
      /no documents to build/,
    ],
  ];
  const before = readdirSync(directory.path);
  for (const [name, args, expected] of cases) {
    await t.step(name, async () => {
      await fail(args, expected);
      assert.deepEqual(readdirSync(directory.path), [...new Set([...before, "e.txt"])].sort());
    });
  }
  const { lines } = await succeed(jsonl, bad, tokenizer, out, "--skip-invalid");
  assert.match(lines.at(-1) ?? "", /--skip-invalid left out 1 lines, first .*bad\.jsonl, line 4, mention 1/);
});
