import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { bertPieceEnd } from "./bert_words.ts";
import { tokenizerFromJson } from "./kitoken_tokenizer.ts";
import { BERT_SPECIAL_TOKENS, wordPieceTokenizerJson } from "./tokenizer_json.ts";

function pieces(text: string, ideographs?: boolean): string[] {
  const found: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = bertPieceEnd(text, start, ideographs);
    found.push(text.slice(start, end));
    start = end;
  }
  return found;
}

Deno.test("bertPieceEnd() cuts at spaces and at ASCII punctuation, and loses nothing", () => {
  deepEqual(pieces("It's $5, 寿司を。 x"), ["It", "'", "s", " $", "5", ",", " 寿司を。", " x"]);
  deepEqual(pieces(" "), [" "]);
  deepEqual(pieces("a寿司を 𠀀x𪜀、", true), ["a", "寿", "司", "を", " 𠀀", "x", "𪜀", "、"]);
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
  for (const [lowercase, ideographs] of [[false, true], [true, true], [false, false]] as const) {
    const bert = wordPieceTokenizerJson(
      [...vocab, "##À", "e", "##e", "##寿"],
      lowercase,
      BERT_SPECIAL_TOKENS,
    );
    const json = {
      ...bert,
      normalizer: { type: "BertNormalizer", ...bert.normalizer, handle_chinese_chars: ideographs },
    };
    const plain = {
      ...json,
      pre_tokenizer: { type: "Sequence", pretokenizers: [json.pre_tokenizer, json.pre_tokenizer] },
    };
    const [remembering, whole] = [tokenizerFromJson(json), tokenizerFromJson(plain)];
    const unit = fc.constantFrom(
      ...letters,
      " ",
      "  ",
      "\u00a0",
      "\ufeff",
      "[MASK]",
      "😀",
      "𠀀",
      "\u{2b900}",
    );
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

Deno.test("encodeSegment() of a WordPiece tokenizer takes long runs of ideographs", () => {
  const tokenizer = tokenizerFromJson(
    wordPieceTokenizerJson(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "東"], false, BERT_SPECIAL_TOKENS),
  );
  // kitoken alone would take hours.
  deepEqual(new Set(tokenizer.encodeSegment("東".repeat(1_000_000), false)), new Set([5]));
});
