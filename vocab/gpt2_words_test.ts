import { deepEqual, equal } from "node:assert/strict";
import { gpt2Words, withContractions } from "./gpt2_words.ts";

Deno.test("gpt2Words() splits as GPT-2's pattern does and loses nothing", () => {
  deepEqual(gpt2Words("It's  2020!? Don't\n'tis\u3000 x"), [
    ...["It", "'s", " ", " 2020", "!?", " Don", "'t", "\n", "'t", "is", "\u3000", " x"],
  ]);
  deepEqual(gpt2Words("a \t\n"), ["a", " \t\n"]);
  const odd = "\u0085'll \ufeff\u001c'd";
  equal(gpt2Words(odd).join(""), odd);
});

Deno.test("withContractions() cuts only texts with a contraction after other white space than a space", () => {
  const seen: string[] = [];
  const encode = withContractions((text) => {
    seen.push(text);
    return [text.length];
  });
  deepEqual(encode("it's 'tis"), [9]);
  deepEqual(encode("a\n'tis"), [1, 1, 2, 2]);
  deepEqual(seen, ["it's 'tis", "a", "\n", "'t", "is"]);
});
