import { deepEqual, equal } from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { sampleDumpPath } from "@lukeforge/corpus";
import {
  byteLevelWordCounts,
  metaspaceWordCounts,
  openTokenizer,
  specialTokenLayoutOf,
  tokenizerFromJson,
  type TokenizerJson,
  trainByteLevelBpe,
  trainingTexts,
  trainUnigram,
  trainWordPiece,
  UNIGRAM_LAYOUT,
  WORD_PIECE_LAYOUT,
  wordPieceWordCounts,
} from "@lukeforge/vocab";

/** What Hugging Face tokenizers trained; written by `peers/train_tokenizers.py`. */
interface Trained {
  readonly size: number;
  readonly tokens: string;
  readonly ids: string;
}
interface Answers {
  readonly wordpiece: Trained & { readonly continuing: string };
  readonly bpe: Trained & { readonly merges: string };
}

type Corpora = "encyclopedia.xml" | "wikitext-2-valid.txt.gz" | "wikiclean-ptwiki-test.xml";
const fixture = JSON.parse(
  readFileSync(new URL("fixtures/trained_tokenizers.json", import.meta.url), "utf8"),
) as Readonly<Record<Corpora, Answers>> & { readonly unigram: Readonly<Record<string, Likelihood>> };
/** Of WikiText-2's test part. */
interface Likelihood {
  readonly size: number;
  readonly tokens: number;
  readonly log_likelihood: number;
}
const shared = new URL("../../shared/data/", import.meta.url).pathname;
const wikitext = `${shared}text/wikitext-2-test.txt.gz`;
const bertBaseCased = `${shared}tokenizers/bert-base-cased`;
const corpora: readonly (readonly [name: Corpora, path: string])[] = [
  ["encyclopedia.xml", sampleDumpPath()],
  ["wikitext-2-valid.txt.gz", `${shared}text/wikitext-2-valid.txt.gz`],
  ["wikiclean-ptwiki-test.xml", `${shared}wikidumps/wikiclean-ptwiki-test.xml`],
];
const ALIGNED = [
  "[PAD]",
  ...Array.from({ length: 99 }, (_, i) => `[unused${i + 1}]`),
  ...["[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused100]", "[unused101]"],
];
const layout = { ...WORD_PIECE_LAYOUT, first: ALIGNED };

function sha256(lines: readonly string[]): string {
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

function tokensOf({ model }: TokenizerJson): string[] {
  const tokens: string[] = [];
  if (model.type !== "Unigram") { for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token; }
  return tokens;
}

/** Each line's ids, when WikiText-2 is there. */
function idsOf(json: TokenizerJson): string | undefined {
  if (!existsSync(wikitext)) return undefined;
  const tokenizer = tokenizerFromJson(json);
  return sha256(
    gunzipSync(readFileSync(wikitext)).toString().split("\n").map((line) =>
      tokenizer.encodeText(line, { addSpecialTokens: false }).ids.join(" ")
    ),
  );
}

for (const [name, path] of corpora) {
  const answers = fixture[name];
  const ignore = !existsSync(path);
  Deno.test({
    name:
      `trainWordPiece() of ${name}: the tokens and ids of Hugging Face's trainer with its order of ## forms`,
    ignore,
    async fn() {
      const words = wordPieceWordCounts();
      for await (const { texts } of trainingTexts(path)) for (const text of texts) words.add(text);
      const theirs = answers.wordpiece;
      const continuingAlphabet = [...theirs.continuing].map((character) => `##${character}`);
      const json = trainWordPiece(words, { vocabSize: 28_996, layout, continuingAlphabet });
      const tokens = tokensOf(json);
      deepEqual(tokens.slice(0, 106), ALIGNED);
      deepEqual([tokens.length, sha256(tokens)], [theirs.size, theirs.tokens]);
      equal(idsOf(json) ?? theirs.ids, theirs.ids);
      // Our own order has the same special tokens and alphabet; only which of equally frequent pairs merge first differs.
      const ours = tokensOf(trainWordPiece(words, { vocabSize: 28_996, layout }));
      const characters = (list: readonly string[]): string[] =>
        list.filter((token) => [...token].length === 1 || /^##.$/u.test(token)).sort();
      deepEqual([ours.slice(0, 106), characters(ours)], [ALIGNED, characters(tokens)]);
    },
  });
  Deno.test({
    name: `trainByteLevelBpe() of ${name}: the tokens, merges and ids of Hugging Face's trainer`,
    ignore,
    async fn() {
      const words = byteLevelWordCounts();
      for await (const { texts } of trainingTexts(path)) for (const text of texts) words.add(text);
      const json = trainByteLevelBpe(words, { vocabSize: 28_996 });
      const tokens = tokensOf(json);
      const theirs = answers.bpe;
      deepEqual([tokens.length, sha256(tokens)], [theirs.size, theirs.tokens]);
      equal(sha256(json.model.merges.map(String)), theirs.merges);
      equal(idsOf(json) ?? theirs.ids, theirs.ids);
    },
  });
}

for (const [size, theirs] of Object.entries(fixture.unigram)) {
  const valid = `${shared}text/wikitext-2-valid.txt.gz`;
  Deno.test({
    name:
      `trainUnigram() to ${size} tokens: tokens a word and log-likelihood of held-out text within 1 % of Hugging Face's`,
    ignore: !existsSync(valid) || !existsSync(wikitext),
    async fn() {
      const words = metaspaceWordCounts();
      for await (const { texts } of trainingTexts(valid)) for (const text of texts) words.add(text);
      const first = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];
      const json = trainUnigram(words, {
        vocabSize: Number(size),
        layout: { ...UNIGRAM_LAYOUT, first, last: [] },
      });
      const scores = json.model.vocab.map(([, score]) => score);
      const total = Math.log(scores.slice(first.length).reduce((sum, score) => sum + Math.exp(score), 0));
      const tokenizer = tokenizerFromJson(json);
      const ids = gunzipSync(readFileSync(wikitext)).toString().replaceAll("<unk>", "").split("\n")
        .flatMap((line) => tokenizer.encodeSegment(line, true));
      const likelihood = ids.reduce(
        (sum, id) => id < first.length ? sum : sum + (scores[id] ?? 0) - total,
        0,
      );
      const within = (ours: number, peer: number): boolean => Math.abs(ours / peer - 1) < 0.01;
      equal(within(ids.length, theirs.tokens), true, `${ids.length} tokens, theirs ${theirs.tokens}`);
      equal(
        within(likelihood, theirs.log_likelihood),
        true,
        `${likelihood}, theirs ${theirs.log_likelihood}`,
      );
      equal(scores.length, theirs.size);
    },
  });
}

Deno.test({
  name: "specialTokenLayoutOf() bert-base-cased: 106 tokens first, none last",
  ignore: !existsSync(bertBaseCased),
  async fn() {
    const { first, last, specials } = specialTokenLayoutOf(await openTokenizer(bertBaseCased));
    deepEqual([first, last, specials.mask], [ALIGNED, [], "[MASK]"]);
  },
});

Deno.test({
  name: "specialTokenLayoutOf() roberta-base: four tokens first, <mask> last",
  ignore: !existsSync(`${shared}tokenizers/roberta-base`),
  async fn() {
    const { first, last } = specialTokenLayoutOf(await openTokenizer(`${shared}tokenizers/roberta-base`));
    deepEqual([first, last], [["<s>", "<pad>", "</s>", "<unk>"], ["<mask>"]]);
  },
});
