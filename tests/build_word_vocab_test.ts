import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { WordVocab } from "@lukeforge/vocab";
import { digests, run, TemporaryDirectory } from "./command_line.ts";

Deno.test("build-word-vocab counts words of texts and JSON lines, twice the same, plain and gzipped", async () => {
  using directory = new TemporaryDirectory();
  const text = directory.file("a.txt");
  writeFileSync(text, "The lake . The isle .\nthe lake\n");
  const plain = directory.file("words.tsv");
  const args = ["build-word-vocab", text, plain, "--min-freq", "2", "--lower", "--is-tokenized"];
  const first = await run(args);
  assert.deepEqual([first.code, first.errors], [0, []]);
  assert.match(first.stdout, /word vocabulary: 7 words, 4 special ones included, of 4 different ones/);
  assert.match((await run(args)).stdout, /already there/);
  const vocab = await WordVocab.load(plain);
  assert.deepEqual(vocab.encode("The isle ."), [4, 0, 5]);
  assert.deepEqual([vocab.count(4), vocab.word(6)], [3, "lake"]);

  const lines = directory.file("b.jsonl");
  writeFileSync(lines, '{"text":"東京は日本の首都。"}\n');
  const gzipped = directory.file("words.tsv.gz");
  const intl = [
    ...["build-word-vocab", lines, gzipped, "--min-freq", "1"],
    ...["--segmenter", "intl", "--language", "ja"],
  ];
  assert.equal((await run(intl)).code, 0);
  assert.match((await run(intl)).stdout, /already there/);
  assert.equal((await WordVocab.load(gzipped)).id("東京") !== undefined, true);
  assert.equal(Object.keys(digests(directory.file("."))).some((name) => name.includes("partial")), false);
});

Deno.test("build-word-vocab says in one line what is wrong", async (t) => {
  using directory = new TemporaryDirectory();
  const text = directory.file("a.txt");
  writeFileSync(text, "a b\n");
  const empty = directory.file("empty.txt");
  writeFileSync(empty, "\n");
  const out = directory.file("out.tsv");
  const cases: [name: string, args: string[], expected: RegExp][] = [
    ["an empty corpus", [empty, out], /the corpus holds no words; check it/],
    ["no corpus", [directory.file("none"), out], /none: cannot be read/],
    [
      "two segmenters",
      [text, out, "--is-tokenized", "--segmenter", "intl"],
      /--is-tokenized: does not go with/,
    ],
    [
      "no language tag",
      [text, out, "--segmenter", "intl", "--language", "no tag"],
      /"no tag": is no language tag/,
    ],
  ];
  for (const [name, args, expected] of cases) {
    await t.step(name, async () => {
      const { code, errors } = await run(["build-word-vocab", ...args]);
      assert.deepEqual([code, errors.length], [1, 1], errors.join("\n"));
      assert.match(errors[0] ?? "", expected);
    });
  }
});
