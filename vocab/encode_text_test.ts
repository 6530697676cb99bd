import { deepEqual, equal, throws } from "node:assert/strict";
import { tokenizerFromJson } from "./kitoken_tokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { byteLevelBpeTokenizerJson, wordPieceTokenizerJson } from "./tokenizer_json.ts";

const bytes = ["Ġ", "l", "a", "k", "e", "s", "Ã", "©", "ð", "Ł", "ĺ", "Ģ", "m", "<", ">"];
const bpeTokens = ["<s>", "<pad>", "</s>", "<unk>", ...bytes, "la", "Ġla", "ke", "<mask>"];
const bpe = tokenizerFromJson(
  byteLevelBpeTokenizerJson(Object.fromEntries(bpeTokens.map((token, id) => [token, id])), [
    "l a",
    "Ġ la",
    "k e",
  ]),
);
const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "lake", "##s", "the", ".", "caf", "##e"];
const uncased = tokenizerFromJson(wordPieceTokenizerJson(pieces, true));

function spelled(tokenizer: Tokenizer, text: string): [string, number, number][] {
  const { ids, offsets } = tokenizer.encodeText(text, { addSpecialTokens: false });
  return ids.map((id, i) => [tokenizer.token(id), ...(offsets[i] ?? [0, 0])]);
}

Deno.test("Tokenizer.encodeText() recognises special tokens; a mask of RoBERTa takes the space before it", () => {
  const { ids, offsets, isSpecial } = bpe.encodeText("lake <mask> la");
  deepEqual(ids.map((id) => bpe.token(id)), ["<s>", "la", "ke", "<mask>", "Ġla", "</s>"]);
  deepEqual(offsets, [[0, 0], [0, 2], [2, 4], [5, 11], [12, 14], [0, 0]]);
  deepEqual(isSpecial, [true, false, false, false, false, true]);
  deepEqual(uncased.encodeText("The [MASK].").ids, [2, 7, 4, 8, 3]);
});

Deno.test("Tokenizer.encodeText() gives the places of byte-level tokens, several to a character", () => {
  deepEqual(spelled(bpe, " é 😀s"), [
    ["Ġ", 1, 1],
    ["Ã", 1, 2],
    ["©", 1, 2],
    ["Ġ", 3, 3],
    ["ð", 3, 5],
    ["Ł", 3, 5],
    ["ĺ", 3, 5],
    ["Ģ", 3, 5],
    ["s", 5, 6],
  ]);
  deepEqual(bpe.encodeText("😀s", { addSpecialTokens: false }).codePointOffsets, [
    [0, 1],
    [0, 1],
    [0, 1],
    [0, 1],
    [1, 2],
  ]);
});

Deno.test("Tokenizer.encodeText() gives the places of WordPiece tokens in the text before it was normalized", () => {
  deepEqual(spelled(uncased, "\u200bCafé\tLAKES x."), [
    ["caf", 1, 4],
    ["##e", 4, 5],
    ["lake", 6, 10],
    ["##s", 10, 11],
    ["[UNK]", 12, 13],
    [".", 13, 14],
  ]);
});

Deno.test("Tokenizer.encodeText() cuts the text at mentions, their leading space with them", () => {
  const { ids, spans } = bpe.encodeText("la lake s", { spans: [[3, 7], [0, 2], [5, 5]] });
  deepEqual(ids.map((id) => bpe.token(id)), ["<s>", "la", "Ġla", "ke", "Ġ", "s", "</s>"]);
  deepEqual(spans, [[2, 4], [1, 2], [3, 3]]);
  deepEqual(bpe.encodeText("", { spans: [[0, 0]] }).spans, [[1, 1]]);
});

Deno.test("Tokenizer.encodeText() refuses spans outside the text and within a character", () => {
  for (const span of [[0, 4], [-1, 1], [2, 1], [0, 0.5]] as const) {
    throws(() => bpe.encodeText("las", { spans: [span] }), RangeError);
  }
  throws(() => bpe.encodeText("l😀", { spans: [[0, 2]] }), RangeError);
});

Deno.test("Tokenizer.decode() cleans up as transformers does, and leaves special tokens out on request", () => {
  const ids = [2, 7, 5, 6, 8, 3];
  equal(uncased.decode(ids), "[CLS] the lakes. [SEP]");
  equal(uncased.decode(ids, { skipSpecialTokens: true }), "the lakes.");
  equal(bpe.decode([0, 4, 20, 2], { cleanUp: true }), "<s>  la</s>");
});
