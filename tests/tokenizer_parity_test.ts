import { deepEqual, equal } from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { openTokenizer, type Tokenizer } from "@lukeforge/vocab";
import { compareWithAnswer, type TokenizerAnswer } from "./tokenizer_answer.ts";

const fixtures = new URL("fixtures/tokenizers/", import.meta.url).pathname;
const kinds = ["luke", "bert", "bert_cased", "xlm_roberta"] as const;
type Answers = Readonly<Record<typeof kinds[number], readonly TokenizerAnswer[]>> & {
  readonly sentencepiece: readonly { readonly text: string; readonly pieces: readonly string[] }[];
};
const answers = JSON.parse(readFileSync(`${fixtures}answers.json`, "utf8")) as Answers;

for (const kind of kinds) {
  Deno.test(`Tokenizer gives transformers' ids, places and texts: ${kind}`, async () => {
    const opened = await openTokenizer(`${fixtures}${kind}`);
    const directory = Deno.makeTempDirSync();
    try {
      opened.save(directory);
      for (const tokenizer of [opened, await openTokenizer(directory)]) {
        for (const answer of answers[kind]) deepEqual(compareWithAnswer(tokenizer, answer), []);
      }
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

function pieces(tokenizer: Tokenizer, text: string, prefixSpace: boolean): string[] {
  return tokenizer.encodeSegment(text, prefixSpace).map((id) => tokenizer.token(id));
}

Deno.test("Tokenizer of an XLM-RoBERTa: fairseq's ids around SentencePiece's pieces, no subwords", async () => {
  const tokenizer = await openTokenizer(`${fixtures}xlm_roberta/sentencepiece.bpe.model`);
  const { clsId, padId, sepId, unkId, maskId, vocabSize } = tokenizer;
  deepEqual([clsId, padId, sepId, unkId, maskId], [0, 1, 2, 3, vocabSize - 1]);
  deepEqual([tokenizer.modelType, tokenizer.token(maskId)], ["xlm-roberta", "<mask>"]);
  for (const { text, pieces: theirs } of answers.sentencepiece) {
    deepEqual(pieces(tokenizer, text, true), theirs);
  }
  for (let id = 0; id < vocabSize; id++) equal(tokenizer.isSubword(id), false);
});

Deno.test("encodeSegment() of an XLM-RoBERTa: without a prefix space no ▁, special tokens are text", async () => {
  const tokenizer = await openTokenizer(`${fixtures}xlm_roberta`);
  equal(pieces(tokenizer, "Tokyo", true).join(""), "▁Tokyo");
  equal(pieces(tokenizer, "Tokyo", false).join(""), "Tokyo");
  deepEqual(pieces(tokenizer, " Tokyo", false), pieces(tokenizer, "Tokyo", true));
  deepEqual(tokenizer.encodeSegment(" \t", true), []);
  const spelled = tokenizer.encodeSegment("<s>Tokyo<mask> </s><pad>", true);
  equal(spelled.some((id) => id < 3 || id === tokenizer.maskId), false);
});

Deno.test("Tokenizer.save() keeps the bytes of sentencepiece.bpe.model and the class", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    mkdirSync(`${directory}/mluke`);
    copyFileSync(
      `${fixtures}xlm_roberta/sentencepiece.bpe.model`,
      `${directory}/mluke/sentencepiece.bpe.model`,
    );
    Deno.writeTextFileSync(
      `${directory}/mluke/tokenizer_config.json`,
      '{"tokenizer_class": "MLukeTokenizer"}',
    );
    const opened = await openTokenizer(`${directory}/mluke`);
    equal(opened.addedTokenId("<ent2>"), opened.maskId + 2);
    mkdirSync(`${directory}/saved`);
    opened.save(`${directory}/saved`);
    const saved = await openTokenizer(`${directory}/saved`);
    equal(saved.vocabSize, opened.vocabSize);
    deepEqual(saved.encodeText("Tokyo <ent>東京<ent>").ids, opened.encodeText("Tokyo <ent>東京<ent>").ids);
    const bytes = (path: string): Uint8Array =>
      Deno.readFileSync(`${directory}/${path}/sentencepiece.bpe.model`);
    deepEqual(bytes("saved"), bytes("mluke"));
    equal(
      JSON.parse(Deno.readTextFileSync(`${directory}/saved/tokenizer_config.json`)).tokenizer_class,
      "MLukeTokenizer",
    );
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
