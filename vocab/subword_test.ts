import { deepEqual } from "node:assert/strict";
import { isByteLevelSubword, isUnigramSubword, isWordPieceSubword } from "./subword.ts";

Deno.test("isWordPieceSubword() goes by ##", () => {
  deepEqual(["##ing", "ing", "#", "##"].map(isWordPieceSubword), [true, false, false, true]);
});

Deno.test("isByteLevelSubword() goes by the leading space and the first character of the spelling", () => {
  deepEqual(
    ["ĠTokyo", "yo", ".", "'s", "âĢĶ", "¡", "Ċ", "</s>", "Ġ", "1", "$", "+", "##", "#"].map(
      isByteLevelSubword,
    ),
    [
      ...[false, true, false, false, true, false, true, false, false, true, false, false, true, false],
    ],
  );
});

Deno.test("isUnigramSubword() goes by the mark, punctuation, and scripts without spaces", () => {
  deepEqual(["▁Tokyo", "kyo", "▁", ".", "</s>", "é", "ий", "1"].map(isUnigramSubword), [
    ...[false, true, false, false, false, true, true, true],
  ]);
  deepEqual(["東京", "です", "カー", "ー", "。", "กรุง", "ကို", "한국"].map(isUnigramSubword), [
    ...[false, false, false, false, false, false, false, true],
  ]);
});
