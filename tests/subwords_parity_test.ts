import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { maskingTables } from "@lukeforge/train";
import { openTokenizer } from "@lukeforge/vocab";

/** By name of the tokenizer; written by `peers/subwords.py`. */
type Fixture = Readonly<
  Record<string, { readonly vocab_size: number; readonly subwords: number; readonly bits: string }>
>;

const fixture = JSON.parse(
  readFileSync(new URL("fixtures/subwords.json", import.meta.url), "utf8"),
) as Fixture;
const tokenizers = new URL("../../shared/data/tokenizers/", import.meta.url).pathname;

for (const [name, answer] of Object.entries(fixture)) {
  Deno.test({
    name: `maskingTables() knows each subword of ${name} by upstream's rule`,
    ignore: !existsSync(`${tokenizers}${name}`),
    fn: async (): Promise<void> => {
      const tokenizer = await openTokenizer(`${tokenizers}${name}`);
      const { subwords, vocabSize } = maskingTables(tokenizer);
      equal(vocabSize, answer.vocab_size);
      const bits = inflateSync(Uint8Array.fromBase64(answer.bits));
      const different: string[] = [];
      for (let id = 0; id < vocabSize; id++) {
        if (subwords[id] !== ((bits[id >> 3] ?? 0) >> (id & 7) & 1)) different.push(tokenizer.token(id));
      }
      deepEqual(different, []);
      equal(subwords.reduce((sum, bit) => sum + bit, 0), answer.subwords);
      // The mark is a matter of Unigram tokenizers alone.
      const byMark = maskingTables(tokenizer, { xlmRWholeWords: true }).subwords;
      equal(subwords.every((bit, id) => bit === byMark[id]), true);
    },
  });
}

Deno.test("maskingTables() finds the words of an XLM-RoBERTa by the mark, only where asked to", async () => {
  const tokenizer = await openTokenizer(
    new URL("fixtures/tokenizers/xlm_roberta/sentencepiece.bpe.model", import.meta.url).pathname,
  );
  ok(maskingTables(tokenizer).subwords.every((bit) => bit === 0));
  const { subwords } = maskingTables(tokenizer, { xlmRWholeWords: true });
  const words = (text: string): string[] => {
    const found: string[] = [];
    for (const id of tokenizer.encodeSegment(text, true)) {
      const piece = tokenizer.token(id);
      if (subwords[id] === 1) found.push(`${found.pop() ?? ""}${piece}`);
      else found.push(piece);
    }
    return found.map((word) => word.replaceAll("▁", ""));
  };
  deepEqual(words("Tokyo is the capital of Japan and its largest metropolis"), [
    ..."Tokyo is the capital of Japan and its largest metropolis".split(" "),
  ]);
  ok(words("東京は日本の首都です").length > 1);
  for (const id of [tokenizer.clsId, tokenizer.sepId, tokenizer.padId, tokenizer.maskId, tokenizer.unkId]) {
    equal(subwords[id], 0);
  }
});
