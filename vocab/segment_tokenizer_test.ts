import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { tokenizerFromJson } from "./kitoken_tokenizer.ts";
import { SegmentTokenizer } from "./segment_tokenizer.ts";
import { trainByteLevelBpe } from "./train_byte_level_bpe.ts";
import { trainUnigram } from "./train_unigram.ts";
import { trainWordPiece } from "./train_wordpiece.ts";

const texts = [
  "the lake and the lakes, don't the 湖 lie",
  "a lake in the lowlands — L'été 𝔘",
  "[MASK] <mask> lie",
];
const kinds = {
  "bert": trainWordPiece(texts, { vocabSize: 90 }),
  "roberta": trainByteLevelBpe(texts, { vocabSize: 290 }),
  "xlm-roberta": trainUnigram(texts, { vocabSize: 60 }),
};

for (const [kind, json] of Object.entries(kinds)) {
  Deno.test(`SegmentTokenizer has the ids and subwords of the ${kind} tokenizer that it came from`, () => {
    const tokenizer = tokenizerFromJson(json);
    const copy = new SegmentTokenizer(structuredClone(tokenizer.segmentTokenizerData()));
    equal(copy.modelType, kind);
    equal(copy.unkId, tokenizer.unkId);
    for (let id = 0; id < tokenizer.vocabSize; id++) equal(copy.isSubword(id), tokenizer.isSubword(id));
    const word = fc.constantFrom(
      ..."the lake LAKES don't [MASK] <mask> <s> 湖 é 𝔘 \u3000 \n , lowlands".split(" "),
    );
    const text = fc.array(fc.oneof(word, fc.string({ unit: "grapheme" })), { maxLength: 6 });
    fc.assert(
      fc.property(text, fc.constantFrom("", " ", "  "), fc.boolean(), (parts, between, prefixSpace) => {
        const joined = parts.join(between);
        deepEqual(copy.encodeSegment(joined, prefixSpace), tokenizer.encodeSegment(joined, prefixSpace));
      }),
      { seed: 7 },
    );
  });
}

Deno.test("encodeSegment() remembers words of Unigram models and still gives the ids of whole texts", () => {
  const tokenizer = tokenizerFromJson(kinds["xlm-roberta"]);
  const word = fc.constantFrom(
    ..."the lake LAKES don't été 호수 лес ¨ \u0301 a\u0301 ﬁ \u200b é 𝔘 … „a“ ▁ ▁a".split(" "),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string()), { minLength: 1, maxLength: 6 }), (words) => {
      const text = words.join(" ").replace(/\s+/g, " ").trim();
      const { ids } = tokenizer.encodeText(text, { addSpecialTokens: false });
      const special = /<(s|pad|\/s|unk|mask)>/.test(text);
      if (!special) deepEqual(tokenizer.encodeSegment(text, true), ids);
    }),
    { seed: 7, numRuns: 500 },
  );
  equal(tokenizer.encodeSegment(`${"a".repeat(100_000)}¨ `, true).length > 0, true); // at once
});
