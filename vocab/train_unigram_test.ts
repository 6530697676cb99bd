import { deepEqual, equal, throws } from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { forEachRepeat } from "./repeated_substrings.ts";
import { readSentencePieceModel } from "./sentence_piece_model.ts";
import { sentencePieceModel } from "./sentence_piece_writer.ts";
import { PieceLattice } from "./piece_lattice.ts";
import { tokenizerFromJson } from "./kitoken_tokenizer.ts";
import { trainUnigram } from "./train_unigram.ts";

function codesOf(text: string): Int32Array {
  return Int32Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

Deno.test("forEachRepeat() finds the repeated substrings that go on in more than one way", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(fc.uniqueArray(word, { minLength: 1 }), fc.integer({ min: 1, max: 6 }), (words, most) => {
      const expected = new Map<string, { count: number; next: Set<string> }>();
      for (const one of words) {
        for (let start = 0; start < one.length; start++) {
          for (let end = start + 1; end <= one.length; end++) {
            const entry = expected.get(one.slice(start, end)) ?? { count: 0, next: new Set() };
            entry.count++;
            entry.next.add(one.charAt(end));
            expected.set(one.slice(start, end), entry);
          }
        }
      }
      const repeats = [...expected].filter(([piece, { next }]) => next.size > 1 && piece.length <= most)
        .map(([piece, { count }]): [string, number] => [piece, count]);
      const found: [string, number][] = [];
      const codes = Int32Array.from(words.flatMap((one) => [...codesOf(one), 0]));
      forEachRepeat(codes, most + 1, (start, length, count) => {
        if (length <= most) {
          found.push([String.fromCodePoint(...codes.subarray(start, start + length)), count]);
        }
      });
      deepEqual(found.sort(), repeats.sort());
    }),
  );
});

Deno.test("PieceLattice: expected uses and best spelling are those of all spellings listed one by one", () => {
  const spelling = ["a", "b", "ab", "ba", "aba", "bb"];
  const scores = fc.array(fc.double({ min: -8, max: -0.1, noNaN: true }), { minLength: 6, maxLength: 6 });
  const word = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 9 });
  const spellings = (rest: string): number[][] =>
    rest === ""
      ? [[]]
      : spelling.flatMap((piece, id) =>
        rest.startsWith(piece) ? spellings(rest.slice(piece.length)).map((more) => [id, ...more]) : []
      );
  fc.assert(fc.property(scores, word, (logs, one) => {
    const lattice = new PieceLattice(
      spelling.map((piece, id) => ({ codes: codesOf(piece), score: logs[id] ?? 0 })),
    );
    const all = spellings(one).map((pieces) => ({
      pieces,
      score: pieces.reduce((sum, id) => sum + (logs[id] ?? 0), 0),
    }));
    const total = all.reduce((sum, { score }) => sum + Math.exp(score), 0);
    const expected = new Float64Array(6);
    lattice.addExpected(codesOf(one), 0, 3, expected);
    spelling.forEach((_, id) => {
      const often = all.reduce(
        (sum, { pieces, score }) => sum + Math.exp(score) * pieces.filter((piece) => piece === id).length,
        0,
      );
      equal(Math.abs((expected[id] ?? 0) - 3 * often / total) < 1e-9, true);
    });
    const best = Math.max(...all.map(({ score }) => score));
    equal(Math.abs(lattice.best(codesOf(one), 0).score - best) < 1e-9, true);
  }));
});

const TEXTS = ["the lake and the lakes", "a lake in the lowlands, 東京", "the isle in the lake"];

Deno.test("trainUnigram() has special tokens in their places, every character, and pieces by probability", () => {
  const json = trainUnigram(TEXTS, { vocabSize: 40 });
  const { vocab } = json.model;
  equal(vocab.length <= 40, true);
  deepEqual(vocab.slice(0, 4).map(([piece]) => piece), ["<s>", "<pad>", "</s>", "<unk>"]);
  equal(vocab.at(-1)?.[0], "<mask>");
  const pieces = vocab.slice(4, -1);
  deepEqual(pieces, pieces.toSorted((a, b) => b[1] - a[1]));
  const known = new Set(pieces.map(([piece]) => piece));
  for (const character of TEXTS.join("").replaceAll(" ", "▁")) equal(known.has(character), true);
  equal([...known].some((piece) => piece.length > 1), true);
  const tokenizer = tokenizerFromJson(json);
  for (const text of TEXTS) equal(tokenizer.decode(tokenizer.encodeSegment(text, true)), text);
  deepEqual(trainUnigram(TEXTS, { vocabSize: 40 }), json);
});

Deno.test("trainUnigram() drops rare characters beyond the limit, and refuses what cannot be", () => {
  const { vocab } = trainUnigram(["aaa aab z \0 a\0b"], { vocabSize: 12, limitAlphabet: 3 }).model;
  equal(vocab.some(([piece]) => /[z\0]/.test(piece)), false);
  throws(
    () => trainUnigram(TEXTS, { vocabSize: 12 }),
    (error) => error instanceof UserError && /alone are 21 tokens/.test(error.message),
  );
  throws(() => trainUnigram([" "], { vocabSize: 12 }), UserError);
  throws(() => trainUnigram(TEXTS, { vocabSize: 40, shrinkingFactor: 1 }), RangeError);
});

Deno.test("sentencePieceModel() is what readSentencePieceModel() reads", () => {
  const { pieces, precompiledCharsmap } = readSentencePieceModel(
    sentencePieceModel([["▁lake", -1.5], ["東", Math.fround(-7.1)]]),
    "model",
  );
  deepEqual(pieces, [
    { piece: "<unk>", score: 0, type: "unknown" },
    { piece: "<s>", score: 0, type: "control" },
    { piece: "</s>", score: 0, type: "control" },
    { piece: "▁lake", score: -1.5, type: "normal" },
    { piece: "東", score: Math.fround(-7.1), type: "normal" },
  ]);
  equal(precompiledCharsmap.length, 0);
});
