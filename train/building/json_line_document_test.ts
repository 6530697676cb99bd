import { deepEqual, equal, throws } from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { jsonLineDocument } from "./json_line_document.ts";

const read = (value: unknown): ReturnType<typeof jsonLineDocument> =>
  jsonLineDocument(typeof value === "string" ? value : JSON.stringify(value), "a.jsonl, line 7", true);

Deno.test("jsonLineDocument() takes offsets in code points, mentions in any order", () => {
  const text = "😀 Äpfel from Oslo.";
  const mentions = [{ start: 13, end: 17, entity: "Oslo" }, { start: 2, end: 7, entity: "Apple" }];
  deepEqual(read({ id: 5, title: "Fruit", text, mentions, source: ["ignored"] }), {
    key: "5",
    title: "Fruit",
    paragraphs: [{
      text,
      abstract: true,
      links: [
        { title: "Apple", text: "Äpfel", start: 3, end: 8 },
        { title: "Oslo", text: "Oslo", start: 14, end: 18 },
      ],
    }],
  });
  deepEqual(jsonLineDocument(JSON.stringify({ text, mentions: "none" }), "x", false), {
    key: text,
    paragraphs: [{ text, links: [], abstract: true }],
  });
  equal(read({ text: "", title: "T" }).key, "T");
});

Deno.test("jsonLineDocument() finds the text of every mention in any text", () => {
  const texts = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
  fc.assert(fc.property(texts, fc.array(fc.nat(40), { maxLength: 8 }), (text, cuts) => {
    const points = [...text];
    const ends = [...new Set(cuts.map((cut) => Math.min(cut, points.length)))].sort((a, b) => a - b);
    const mentions = ends.slice(1).map((end, i) => ({ start: ends[i] ?? 0, end, entity: "E" }));
    const [paragraph] = read({ text, mentions }).paragraphs;
    const found = paragraph?.links.map((link) => link.text);
    deepEqual(found, mentions.map(({ start, end }) => points.slice(start, end).join("")));
  }));
});

Deno.test("jsonLineDocument() names file, line and mention of what is wrong, and the remedy", () => {
  const text = "A 😀 in it";
  const mention = (fields: unknown): unknown => ({ text, mentions: [fields] });
  const cases: [value: unknown, expected: RegExp][] = [
    ["{", /JSON over several lines; write one document a line/],
    ["[\n", /JSON over several lines/],
    ['{"text": ', /is not JSON \(.*\); correct the line/],
    ["7", /is no JSON object; write \{"text"/],
    ["[]", /is no JSON object/],
    [{ id: 1 }, /has no "text"; write/],
    [{ text: 1 }, /is not text: "text"; write/],
    [{ text, id: {} }, /"id" is neither text nor number/],
    [{ text, title: 3 }, /"title" is no text/],
    [{ text, mentions: {} }, /"mentions" is no list/],
    ['{"text": "ab\\ud83d c"}', /"text" has U\+D83D, half of a surrogate pair, at character 2; write/],
    ['{"text": "😀\\ude00"}', /"text" has U\+DE00, half of a surrogate pair, at character 1; write/],
    [mention(3), /line 7, mention 1: is no object; write/],
    [mention({ start: 0, end: 1 }), /mention 1: "entity" is missing; write a title/],
    [mention({ start: 0, end: 1, entity: "" }), /mention 1: "entity" is no title/],
    [mention({ start: 0, end: 1, entity: "\ud800" }), /mention 1: "entity" has U\+D800/],
    [mention({ start: 0, end: 1, entity: "[MASK]" }), /mention 1: "entity" is \[MASK\], which training puts/],
    [mention({ start: [], end: 1, entity: "E" }), /mention 1: "start" is a list, no whole number/],
    [mention({ start: {}, end: 1, entity: "E" }), /mention 1: "start" is of type object, no whole/],
    [mention({ start: "x".repeat(50), end: 1, entity: "E" }), /mention 1: "start" is "x{40}…", no whole/],
    [mention({ end: 1, entity: "E" }), /mention 1: "start" is missing; count characters/],
    [mention({ start: 0.5, end: 1, entity: "E" }), /mention 1: "start" is 0\.5, no whole number/],
    [mention({ start: 0, end: "1", entity: "E" }), /mention 1: "end" is "1", no whole number/],
    [
      mention({ start: -1, end: 1, entity: "E" }),
      /mention 1 \(-1 to 1\): is not within the text, which has 9/,
    ],
    [
      mention({ start: 8, end: 10, entity: "E" }),
      /mention 1 \(8 to 10\): is not within .*; count code points/,
    ],
    [mention({ start: 2, end: 2, entity: "E" }), /mention 1 \(2 to 2\): covers nothing/],
    [mention({ start: 3, end: 2, entity: "E" }), /mention 1 \(3 to 2\): ends before it starts/],
    [
      { text, mentions: [{ start: 2, end: 5, entity: "E" }, { start: 0, end: 3, entity: "F" }] },
      /line 7, mention 1 \(2 to 5\): overlaps mention 2 \(0 to 3\); remove one of them/,
    ],
  ];
  for (const [value, expected] of cases) {
    throws(() => read(value), (error) => {
      equal(error instanceof UserError, true, String(error));
      const { message } = error as UserError;
      equal(expected.test(message) && message.startsWith("a.jsonl, line 7"), true, message);
      return true;
    });
  }
});
