import { deepEqual, throws } from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import { tokenizerFromJson } from "./kitoken_tokenizer.ts";
import {
  BYTE_LEVEL_BPE_LAYOUT,
  checkSpecialTokenLayout,
  specialTokenLayoutOf,
  WORD_PIECE_LAYOUT,
} from "./special_token_layout.ts";
import { wordPieceTokenizerJson } from "./tokenizer_json.ts";

Deno.test("checkSpecialTokenLayout() names a token that stands there twice, and one that is missing", () => {
  const refuses = (change: Partial<typeof WORD_PIECE_LAYOUT>, pattern: RegExp): void => {
    throws(
      () => checkSpecialTokenLayout({ ...WORD_PIECE_LAYOUT, ...change }),
      (error) => error instanceof UserError && pattern.test(error.message),
    );
  };
  refuses({ last: ["[PAD]"] }, /"\[PAD\]" stands there twice; name each token once/);
  refuses({ first: WORD_PIECE_LAYOUT.first.slice(0, -1) }, /\[MASK\] \(mask_token\) is not among them/);
  refuses({ last: [""] }, /one is empty/);
  checkSpecialTokenLayout(BYTE_LEVEL_BPE_LAYOUT);
});

Deno.test("specialTokenLayoutOf() takes the special and unused tokens at both ends, and others last", () => {
  const layoutOf = (tokens: string[]): string[][] => {
    const { first, last } = specialTokenLayoutOf(tokenizerFromJson(wordPieceTokenizerJson(tokens, false)));
    return [[...first], [...last]];
  };
  deepEqual(layoutOf(["[PAD]", "[unused1]", "[UNK]", "a", "[CLS]", "b", "[SEP]", "[MASK]"]), [
    ["[PAD]", "[unused1]", "[UNK]"],
    ["[SEP]", "[MASK]", "[CLS]"],
  ]);
  deepEqual(layoutOf(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"]), [
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
    [],
  ]);
});
