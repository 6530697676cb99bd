import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { PrecompiledCharsmap } from "./precompiled_charsmap.ts";
import { UnigramModel } from "./unigram_model.ts";

const pieces: [string, number][] = [
  ["<unk>", 0],
  ["a", -1],
  ["b", -2],
  ["ab", -2.5],
  ["aa", -2],
  ["<s>", 0],
  ["😀", -3],
];
const model = new UnigramModel(pieces, 0, (id) => id === 5);

function ids(word: string): number[] {
  return model.encode(word).map(({ id }) => id);
}

Deno.test("UnigramModel.encode() takes the likeliest pieces, of equals those found first", () => {
  deepEqual(ids("ab"), [3]);
  deepEqual(ids("aa"), [4]);
  deepEqual(ids("aab"), [1, 3]);
  deepEqual(ids(""), []);
});

Deno.test("UnigramModel.encode() makes one token of neighbouring unknown characters, none of special tokens", () => {
  deepEqual(model.encode("ax𝔸yb"), [{ id: 1, length: 1 }, { id: 0, length: 4 }, { id: 2, length: 1 }]);
  deepEqual(model.encode("<s>"), [{ id: 0, length: 3 }]);
  deepEqual(model.encode("😀"), [{ id: 6, length: 2 }]);
});

Deno.test("UnigramModel.encode() covers every word with a sum that no other division exceeds", () => {
  const scores = new Map(pieces.map(([piece, score]) => [piece, score]));
  const best = (word: string): number => {
    if (word === "") return 0;
    const options = [1, 2].filter((length) => length <= word.length).flatMap((length) => {
      const score = scores.get(word.slice(0, length));
      return score === undefined ? [] : [score + best(word.slice(length))];
    });
    return Math.max(...options);
  };
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 }), (word) => {
    const found = model.encode(word);
    equal(found.reduce((length, piece) => length + piece.length, 0), word.length);
    equal(found.reduce((sum, { id }) => sum + (pieces[id]?.[1] ?? 0), 0), best(word));
  }));
});

Deno.test("PrecompiledCharsmap refuses damaged tables, and reads none beyond its end", () => {
  for (const bytes of [[], [1, 0, 0], [8, 0, 0, 0, 1], [3, 0, 0, 0, 1, 2, 3]]) {
    throws(() => new PrecompiledCharsmap(Uint8Array.from(bytes)), RangeError);
  }
  fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 40 }), fc.string(), (rest, text) => {
    const charsmap = new PrecompiledCharsmap(Uint8Array.of(4, 0, 0, 0, ...rest));
    charsmap.transform(text);
  }));
});
