import { deepEqual, equal, throws } from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { WORD_PIECE_LAYOUT } from "./special_token_layout.ts";
import { tokenizerFromJson } from "./kitoken_tokenizer.ts";
import { trainWordPiece, type TrainWordPieceOptions } from "./train_wordpiece.ts";

function vocabulary(texts: Iterable<string>, options: TrainWordPieceOptions): string[] {
  const { vocab } = trainWordPiece(texts, options).model;
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(vocab)) tokens[id] = token;
  return tokens;
}

/** The same rule without bookkeeping: every pair is counted again before every merge. */
function plainMerges(words: string[], alphabet: string[], vocabSize: number, minFrequency: number): string[] {
  const tokens = [...alphabet];
  let spellings = words.map((word) =>
    [...word].map((character, i) => i === 0 ? character : `##${character}`)
  );
  while (tokens.length < vocabSize) {
    const counts = new Map<string, { pair: [number, number]; count: number }>();
    for (const spelling of spellings) {
      for (let i = 0; i + 1 < spelling.length; i++) {
        const pair: [number, number] = [
          tokens.indexOf(spelling[i] ?? ""),
          tokens.indexOf(spelling[i + 1] ?? ""),
        ];
        const entry = counts.get(pair.join()) ?? { pair, count: 0 };
        entry.count++;
        counts.set(pair.join(), entry);
      }
    }
    const [best] = [...counts.values()]
      .sort((a, b) => b.count - a.count || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1]);
    if (best === undefined || best.count < minFrequency) break;
    const [left = "", right = ""] = best.pair.map((id) => tokens[id]);
    const merged = left + right.slice(2);
    if (!tokens.includes(merged)) tokens.push(merged);
    spellings = spellings.map((spelling) => {
      const result: string[] = [];
      for (let i = 0; i < spelling.length; i++) {
        if (spelling[i] === left && spelling[i + 1] === right) {
          result.push(merged);
          i++;
        } else {
          result.push(spelling[i] ?? "");
        }
      }
      return result;
    });
  }
  return tokens;
}

Deno.test("trainWordPiece() puts special tokens first, then the alphabet, its ## forms, and merges", () => {
  deepEqual(vocabulary(["ab ab b", "ab."], { vocabSize: 12 }), [
    ...["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
    ...[".", "a", "b", "##b", "ab"],
  ]);
});

Deno.test("trainWordPiece() merges as a plain recount does, ties by the smallest pair of ids", () => {
  const words = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 7 }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(
      words,
      fc.integer({ min: 11, max: 40 }),
      fc.integer({ min: 1, max: 3 }),
      (list, vocabSize, minFrequency) => {
        const trained = vocabulary([list.join(" ")], { vocabSize, minFrequency });
        const alphabet = trained.filter((token) =>
          [...token.replace(/^##/, "")].length === 1 || token.startsWith("[")
        );
        deepEqual(trained, plainMerges(list, alphabet, vocabSize, minFrequency));
      },
    ),
  );
});

Deno.test("trainWordPiece() reaches exactly the size asked for, the same whatever the order of the texts", () => {
  const word = fc.string({ unit: fc.constantFrom(..."abcdefgh"), minLength: 1, maxLength: 9 });
  fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), fc.nat(60), (words, extra) => {
    const everything = vocabulary(words, { vocabSize: 10_000, minFrequency: 1 });
    const base = vocabulary(words, { vocabSize: 10_000, minFrequency: Infinity }).length;
    const vocabSize = base + extra;
    const trained = vocabulary(words.toReversed(), { vocabSize, minFrequency: 1 });
    equal(trained.length, Math.min(vocabSize, everything.length));
    deepEqual(trained, everything.slice(0, vocabSize));
  }));
});

Deno.test("trainWordPiece() keeps the most frequent characters and drops the others from words", () => {
  const tokens = vocabulary(["aa ab ac ax xa", "bb"], { vocabSize: 100, limitAlphabet: 2, minFrequency: 1 });
  deepEqual(tokens.slice(5), ["a", "b", "##a", "##b", "aa", "ab", "bb"]);
});

Deno.test("trainWordPiece() refuses a size below special tokens and alphabet, and texts without words", () => {
  throws(
    () => trainWordPiece(["abc"], { vocabSize: 9 }),
    (error) => error instanceof UserError && /10 tokens/.test(error.message),
  );
  throws(() => trainWordPiece(["", " \n"], { vocabSize: 9 }), UserError);
  throws(() => trainWordPiece([], { vocabSize: 9 }), UserError);
});

Deno.test("trainWordPiece() lower-cases on request, takes other special tokens, reports progress", () => {
  const seen: [number, number | undefined][] = [];
  const first = ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]"];
  const json = trainWordPiece(["Ü u Ù uu"], {
    vocabSize: 9,
    lowercase: true,
    minFrequency: 1,
    layout: { ...WORD_PIECE_LAYOUT, first, last: ["[MASK]"] },
    progress: (...state) => seen.push(state),
  });
  deepEqual(json.model.vocab, {
    "[PAD]": 0,
    "[unused1]": 1,
    "[UNK]": 2,
    "[CLS]": 3,
    "[SEP]": 4,
    u: 5,
    "##u": 6,
    uu: 7,
    "[MASK]": 8,
  });
  deepEqual(seen, [[8, 8]]);
  const tokenizer = tokenizerFromJson(json);
  equal(tokenizer.maskId, 8);
  deepEqual(tokenizer.encodeSegment("ÜU û [MASK]", false), [7, 5, 2, 2, 2]);
});

Deno.test("tokenizers from trainWordPiece() spell every word of the texts and decode to it", () => {
  const word = fc.string({ unit: fc.constantFrom(..."abcdeéßжあ"), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
      const text = words.join(" ");
      const tokenizer = tokenizerFromJson(trainWordPiece([text], { vocabSize: 60 }));
      const ids = tokenizer.encodeSegment(text, false);
      equal(tokenizer.decode(ids), text);
      equal(ids.filter((id) => !tokenizer.isSubword(id)).length, words.length);
    }),
    { numRuns: 50 },
  );
});
