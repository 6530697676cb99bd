import { deepEqual } from "node:assert/strict";
import { isByteLevelSubword, isWordPieceSubword } from "./subword.ts";

Deno.test("isWordPieceSubword() goes by ##", () => {
  deepEqual(["##ing", "ing", "#", "##"].map(isWordPieceSubword), [true, false, false, true]);
});

Deno.test("isByteLevelSubword() goes by the leading space and the first character of the spelling", () => {
  deepEqual(
    ["ĠTokyo", "yo", ".", "'s", "âĢĶ", "¡", "Ċ", "</s>", "Ġ", "1", "$", "+"].map(isByteLevelSubword),
    [
      ...[false, true, false, false, true, false, true, false, false, true, false, false],
    ],
  );
});
