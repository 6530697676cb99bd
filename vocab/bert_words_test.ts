import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { bertPieceEnd } from "./bert_words.ts";
import { tokenizerFromJson } from "./kitoken_tokenizer.ts";
import { BERT_SPECIAL_TOKENS, wordPieceTokenizerJson } from "./tokenizer_json.ts";

function pieces(text: string): string[] {
  const found: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = bertPieceEnd(text, start);
    found.push(text.slice(start, end));
    start = end;
  }
  return found;
}

Deno.test("bertPieceEnd() cuts at spaces and at ASCII punctuation, and loses nothing", () => {
  deepEqual(pieces("It's $5, 寿司を。 x"), ["It", "'", "s", " $", "5", ",", " 寿司を。", " x"]);
  deepEqual(pieces(" "), [" "]);
});

Deno.test("encodeSegment() of a WordPiece tokenizer does not depend on what it encoded before", () => {
  const letters = [..."aÀé.,'$寿\u0301"];
  const vocab = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    ...letters,
    "a\u0301",
    "##a",
    "##é",
    "##\u0301",
    "##aa",
  ];
  for (const lowercase of [false, true]) {
    const json = wordPieceTokenizerJson([...vocab, "##À", "e", "##e"], lowercase, BERT_SPECIAL_TOKENS);
    const plain = {
      ...json,
      pre_tokenizer: { type: "Sequence", pretokenizers: [json.pre_tokenizer, json.pre_tokenizer] },
    };
    const [remembering, whole] = [tokenizerFromJson(json), tokenizerFromJson(plain)];
    const unit = fc.constantFrom(...letters, " ", "  ", "\u00a0", "\ufeff", "[MASK]", "😀");
    const texts = fc.array(unit, { maxLength: 12 }).map((units) => units.join(""));
    fc.assert(
      fc.property(texts, (text) => {
        deepEqual(
          remembering.encodeSegment(text, false),
          whole.encodeSegment(text, false),
          JSON.stringify(text),
        );
      }),
      { numRuns: 1000 },
    );
  }
});
