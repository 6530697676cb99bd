import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { gpt2Words } from "./gpt2_words.ts";

Deno.test("gpt2Words() splits as GPT-2's pattern does and loses nothing", () => {
  deepEqual(gpt2Words("It's  2020!? Don't\n'tis\u3000 x"), [
    ...["It", "'s", " ", " 2020", "!?", " Don", "'t", "\n", "'t", "is", "\u3000", " x"],
  ]);
  deepEqual(gpt2Words("a \t\n"), ["a", " \t\n"]);
  const odd = "\u0085'll \ufeff\u001c'd";
  equal(gpt2Words(odd).join(""), odd);
});

Deno.test("gpt2Words() equals the pattern on any text, halves of characters included", () => {
  const pattern =
    /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
  const unit = fc.oneof(
    fc.constantFrom(
      ..." aZé0²½.'!\n\t\u00a0\u3000\u0085寿\u0301\ufeff",
      "'s",
      "'ll",
      "𝒳",
      "😀",
      "𝟙",
      "\ud83d",
      "\ude00",
      "\0",
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  const texts = fc.array(unit, { maxLength: 40 }).map((units) => units.join(""));
  fc.assert(fc.property(texts, (text) => deepEqual(gpt2Words(text), text.match(pattern) ?? [])), {
    numRuns: 3000,
  });
});
