/**
 * How long training a tokenizer takes on a large corpus, and the memory: MB of words counted a second, then merges or rounds.
 *
 *     deno run -A tests/tokenizer_training_report.ts [MEGABYTES] [VOCAB_SIZE] [TYPE…]
 *
 * The corpus is WikiText-2 (where ../shared/data is), else the sample, again and again; one word in twenty has a letter
 * changed, so that the different words grow with the corpus as they do in a real one.
 */
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { sampleDumpPath } from "@lukeforge/corpus";
import {
  byteLevelWordCounts,
  metaspaceWordCounts,
  trainByteLevelBpe,
  trainingTexts,
  trainUnigram,
  trainWordPiece,
  wordPieceWordCounts,
} from "@lukeforge/vocab";

const [megabytes = 1000, vocabSize = 30_000] = Deno.args.filter((arg) => /^\d+$/.test(arg)).map(Number);
const named = Deno.args.filter((arg) => !/^\d+$/.test(arg));
const types = {
  wordpiece: { words: wordPieceWordCounts, train: trainWordPiece },
  bpe: { words: byteLevelWordCounts, train: trainByteLevelBpe },
  unigram: { words: metaspaceWordCounts, train: trainUnigram },
};

function source(): string {
  const text = new URL("../../shared/data/text/", import.meta.url).pathname;
  if (!existsSync(text)) return readFileSync(sampleDumpPath(), "utf8");
  return ["valid", "test"].map((part) =>
    gunzipSync(readFileSync(`${text}wikitext-2-${part}.txt.gz`)).toString()
  ).join("");
}

function writeCorpus(path: string): void {
  const words = source().split(" ");
  const file = openSync(path, "w");
  let state = 1;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state >>> 8) * limit / 2 ** 24);
  };
  for (let written = 0; written < megabytes * 1e6;) {
    const changed = words.map((word) => {
      if (word.length < 4 || below(20) > 0) return word;
      const at = below(word.length);
      return word.slice(0, at) + String.fromCharCode(97 + below(26)) + word.slice(at + 1);
    });
    written += writeSync(file, new TextEncoder().encode(changed.join(" ")));
  }
  closeSync(file);
}

const directory = mkdtempSync(join(tmpdir(), "lukeforge-"));
try {
  const path = join(directory, "corpus.txt");
  writeCorpus(path);
  const size = statSync(path).size / 1e6;
  for (const [type, { words: create, train }] of Object.entries(types)) {
    if (named.length > 0 && !named.includes(type)) continue;
    const begun = performance.now();
    const words = create();
    for await (const { texts } of trainingTexts(path)) for (const text of texts) words.add(text);
    const counted = performance.now();
    const { model } = train(words, { vocabSize });
    const trained = performance.now();
    const tokens = Array.isArray(model.vocab) ? model.vocab.length : Object.keys(model.vocab).length;
    const seconds = (from: number, to: number): number => (to - from) / 1000;
    console.log(
      `${type}: ${size.toFixed(0)} MB at ${
        (size / seconds(begun, counted)).toFixed(1)
      } MB/s, ${words.size} different words; ` +
        `${tokens} tokens in ${seconds(counted, trained).toFixed(1)} s; ` +
        `${(Deno.memoryUsage().rss / 1e6).toFixed(0)} MB of memory`,
    );
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
