import { deepEqual, equal } from "node:assert/strict";
import { rememberingWords } from "./word_ids.ts";

Deno.test("rememberingWords() asks once for a word, and again after it had to forget", () => {
  const asked: string[] = [];
  const wordEnd = (text: string, start: number): number => text.indexOf(" ", start) + 1 || text.length;
  const encode = rememberingWords(wordEnd, (word) => {
    asked.push(word.trim());
    return Array.from(word.trim(), (letter) => letter.charCodeAt(0));
  }, 3);
  deepEqual(encode("a bc a "), [97, 98, 99, 97]);
  deepEqual(encode("bc a d "), [98, 99, 97, 100]);
  deepEqual(asked, ["a", "bc", "d"]);
  deepEqual(encode("e a "), [101, 97]);
  deepEqual(asked, ["a", "bc", "d", "e", "a"]);
  equal(encode("x".repeat(100)).length, 100);
  equal(encode("x".repeat(100)).length, 100);
  equal(asked.filter((word) => word.length === 100).length, 2);
});
