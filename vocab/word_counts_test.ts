import { deepEqual, equal, throws } from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import { countedWords, WordCounts } from "./word_counts.ts";

Deno.test("WordCounts counts words in the order they are first seen", () => {
  const counts = new WordCounts((text) => text.split(" "));
  counts.add("b a b");
  counts.add("c".repeat(40) + " a");
  deepEqual([...counts], [["b", 2], ["a", 2], ["c".repeat(40), 1]]);
});

Deno.test("WordCounts forgets the rarest words when it is full, and keeps the counts of the others", () => {
  const counts = new WordCounts((text) => text.split(" "), 8);
  counts.add("a a a b b b c c d e f g h");
  equal(counts.size <= 8, true);
  counts.add("i a j b");
  const known = new Map(counts);
  deepEqual([known.get("a"), known.get("b"), known.get("c")], [4, 4, 2]);
  const all = new WordCounts((text) => text.split(" "), 8);
  for (let i = 0; i < 1000; i++) all.add(`word${i} the`);
  deepEqual([all.size <= 8, new Map(all).get("the")], [true, 1000]);
});

Deno.test("countedWords() refuses texts without words", () => {
  throws(() => countedWords([], () => new WordCounts(() => [])), UserError);
});
