import { deepEqual, equal, ok } from "node:assert/strict";
import * as fc from "fast-check";
import { OMISSION, tidyOmissions } from "./omissions.ts";
import type { WikiLink } from "./paragraph_builder.ts";

/** Text with `␀` where something was left out and `<…>` around links, tidied and written with `<…>` again. */
function tidied(marked: string): string {
  let text = "";
  const links: WikiLink[] = [];
  const omissions: number[] = [];
  let start = 0;
  for (const character of marked) {
    if (character === "␀") omissions.push(text.length);
    else if (character === "<") start = text.length;
    else if (character === ">") {
      links.push({ title: "T", text: text.slice(start), start, end: text.length, trail: 0 });
    } else {
      text += character;
    }
  }
  const result = tidyOmissions(text, links, omissions);
  let shown = "";
  let at = 0;
  for (const link of result.links) {
    equal(result.text.slice(link.start, link.end), link.text);
    shown += `${result.text.slice(at, link.start)}<${link.text}>`;
    at = link.end;
  }
  return shown + result.text.slice(at);
}

const cases: [what: string, marked: string, expected: string][] = [
  ["removes empty brackets", "Tokyo (␀) is <big>.", "Tokyo is <big>."],
  ["removes brackets with separators only", "Tokyo (␀, ␀; ␀ ) is 東京（␀、␀）は", "Tokyo is 東京は"],
  ["removes brackets around empty brackets", "a ((␀, ␀)) b ( (␀) (␀) ) c", "a b c"],
  ["removes separators beside a bracket", "<a> (␀, 'stone') b (1660; ␀)", "<a> ('stone') b (1660)"],
  ["keeps one of two separators", "called <x>, ␀, ␀, or y", "called <x>, or y"],
  [
    "removes space before punctuation",
    "dates from ␀. It weighs ␀, or ␀; so ␀ !",
    "dates from. It weighs, or; so!",
  ],
  ["keeps ellipses and decimal points", "so ␀ ... and ␀ .5", "so ... and .5"],
  ["removes separators before the first word", "␀, <a> b", "<a> b"],
  ["leaves one space", "a ␀ b ␀", "a b"],
  ["leaves nothing of a line of separators", "␀, ␀, ␀", ""],
  ["keeps what the author wrote", "f() is ( ), so , it (, b) ␀c", "f() is ( ), so , it (, b) c"],
  ["never touches a link", "a (␀<,>) (␀ <(>) ␀", "a (<,>) (<(>)"],
];
for (const [what, marked, expected] of cases) {
  Deno.test(`tidyOmissions() ${what}`, () => equal(tidied(marked), expected));
}

const piece = fc.constantFrom("(", ")", "（", "）", "[", "]", ",", ";", " ", ".", "a", "東", "␀");
const pieces = fc.array(piece, { maxLength: 12 }).map((list) => list.join(""));

Deno.test("tidyOmissions() keeps every word, every link and its offsets", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(pieces, fc.constantFrom("", "<a>", "<, >", "<()>"))), (parts) => {
      const marked = parts.flat().join("");
      const result = tidied(marked);
      const essence = (text: string): string[] => [...text].filter((character) => /[a東]/.test(character));
      deepEqual(essence(result), essence(marked));
      deepEqual(result.match(/<[^>]*>/g), marked.match(/<[^>]*>/g));
      ok(result.length <= marked.length);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("tidyOmissions() changes nothing without omissions", () => {
  fc.assert(fc.property(pieces, (text) => {
    const plain = text.replaceAll("␀", "");
    equal(tidyOmissions(plain, [], []).text, plain);
    ok(!plain.includes(OMISSION));
  }));
});
