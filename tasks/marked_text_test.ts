import { equal } from "node:assert/strict";
import { excerpt, markedText } from "./marked_text.ts";

const TITLES = ["Jörð", "Earth", "[UNK]"];

/** Marks in a text whose words are decoded as byte-level BPE does, the space before a word being part of it. */
function marked(words: readonly string[], entities: readonly (readonly [number, number, number])[]): string {
  return markedText(
    {
      pageId: -1,
      wordIds: words.map((_, id) => id),
      entities: entities.map(([id, start, length]) => ({ id, start, length })),
    },
    (ids) => ids.map((id) => words[id] ?? "").join(""),
    (id) => TITLES[id] ?? "",
  );
}

Deno.test("markedText() puts mentions into brackets and their titles behind, spaces outside", () => {
  equal(marked(["The", " Ea", "rth", " is", " round"], [[0, 1, 2]]), "The [Earth](Jörð) is round");
  equal(marked(["Earth", ",", " Earth"], [[1, 0, 1], [2, 2, 1]]), "[Earth](Earth), [Earth]([UNK])");
  equal(marked(["A", " B"], []), "A B");
});

Deno.test("markedText() shows mentions that touch, that lie in each other, and empty ones", () => {
  equal(marked(["A", " B"], [[0, 0, 1], [1, 1, 1]]), "[A](Jörð) [B](Earth)");
  equal(marked(["A", "B", "C"], [[0, 0, 3], [1, 0, 2]]), "[[AB](Earth)C](Jörð)");
  equal(marked(["A", "B", "C"], [[0, 0, 2], [1, 1, 2]]), "[A[B](Jörð)C](Earth)");
  equal(marked(["A", "B"], [[0, 1, 0]]), "A[](Jörð)B");
});

Deno.test("excerpt() cuts at spaces, around what is to be seen", () => {
  const text = "one two\nthree four five six seven eight nine ten";
  equal(excerpt(text, 0, 100), "one two three four five six seven eight nine ten");
  equal(excerpt(text, 0, 16), "one two three …");
  equal(excerpt(text, text.indexOf("six"), 16), "… five six seven …");
  equal(excerpt(text, text.indexOf("ten"), 16), "… nine ten");
  equal(excerpt("x".repeat(50), 40, 16), "x".repeat(16) + " …");
});
