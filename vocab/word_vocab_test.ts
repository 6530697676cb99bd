import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { WordCounts } from "./word_counts.ts";
import { type WordSegmentation, wordSegmenter } from "./word_segmenter.ts";
import { WordVocab } from "./word_vocab.ts";

const PLAIN: WordSegmentation = { segmenter: "whitespace", language: "und", lower: false };

function built(text: string, segmentation: WordSegmentation, minFreq: number): WordVocab {
  const counts = new WordCounts(wordSegmenter(segmentation));
  counts.add(text);
  return WordVocab.fromCounts(counts, segmentation, minFreq);
}

function entries(vocab: WordVocab): [string, number][] {
  return Array.from({ length: vocab.size }, (_, id) => [vocab.word(id), vocab.count(id)]);
}

Deno.test("WordVocab has the special tokens first, then words by frequency, ties by code point", () => {
  const vocab = built("b a \u{1f600} \uff01 b a c <unk> The the <unk>", { ...PLAIN, lower: true }, 1);
  deepEqual(entries(vocab), [
    ...[["<unk>", 2], ["<bos>", 0], ["<eos>", 0], ["<pad>", 0]],
    ...[["a", 2], ["b", 2], ["the", 2], ["c", 1], ["\uff01", 1], ["\u{1f600}", 1]],
  ]);
  deepEqual(entries(built("b a b", PLAIN, 2)).slice(4), [["b", 2]]);
  throws(() => built(" ", PLAIN, 1), UserError);
});

Deno.test("WordVocab.encode() and decode(): unknown words, sentences filled and cut with their <eos>", () => {
  const vocab = built("the lake the lake lies", PLAIN, 2);
  deepEqual(vocab.encode("the lake lies"), [5, 4, 0]);
  deepEqual(vocab.encodeSentence("the lake", 6), [1, 5, 4, 2, 3, 3]);
  deepEqual(vocab.encodeSentence("the lake the lake", 4), [1, 5, 4, 2]);
  equal(vocab.decode([1, 5, 4, 0, 2, 3]), "the lake <unk>");
  throws(() => vocab.decode([6]), RangeError);
  throws(() => vocab.encodeSentence("the", 1), RangeError);
  deepEqual([vocab.id("lake"), vocab.id("lies"), vocab.id("<pad>")], [4, undefined, 3]);
});

Deno.test("wordSegmenter() cuts languages without spaces; punctuation is a word", () => {
  const segmentation = { segmenter: "intl", language: "ja", lower: true } as const;
  deepEqual(wordSegmenter(segmentation)("東京は日本の首都。 OK"), [
    "東京",
    "は",
    "日本",
    "の",
    "首都",
    "。",
    "ok",
  ]);
  throws(() => wordSegmenter({ ...segmentation, language: "not a language" }), UserError);
});

Deno.test("WordVocab.load() reads what save() wrote, plain and gzipped", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const vocab = built("東京 は 東京 # \u0085x", { segmenter: "intl", language: "ja", lower: true }, 1);
    for (const name of ["words.tsv", "words.tsv.gz"]) {
      const path = join(directory, name);
      vocab.save(path);
      const loaded = await WordVocab.load(path);
      deepEqual([entries(loaded), loaded.segmentation], [entries(vocab), vocab.segmentation]);
      deepEqual(loaded.encode("東京は"), vocab.encode("東京は"));
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("WordVocab.load() names the line of what is damaged", async () => {
  const directory = Deno.makeTempDirSync();
  const path = join(directory, "words.tsv");
  const head =
    '{"format":"lukeforge word vocabulary 1","segmenter":"whitespace","language":"und","lower":false}\n';
  const specials = "<unk>\t0\n<bos>\t0\n<eos>\t0\n<pad>\t0\n";
  try {
    for (
      const [content, pattern] of [
        ["", /cut off/],
        ["word\t1\n", /words\.tsv: is no word vocabulary/],
        [`${head}<unk>\t0\n`, /cut off/],
        [`${head}<unk>\t0\na\t1\n`, /line 3: expected <bos>/],
        [`${head}${specials}a\t1\nb\n`, /line 7: expected a word, a tab and its count/],
        [`${head}${specials}a\t1\na\t1\n`, /line 7: repeats the word "a" of line 6/],
      ] as const
    ) {
      Deno.writeTextFileSync(path, content);
      await rejects(
        WordVocab.load(path),
        (error) => error instanceof UserError && pattern.test(error.message),
      );
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
