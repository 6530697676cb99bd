import { equal } from "node:assert/strict";
import fc from "fast-check";
import { compareCodePoints } from "./code_point_order.ts";

Deno.test("compareCodePoints() orders as the UTF-8 bytes do", () => {
  const encoder = new TextEncoder();
  const character = fc.oneof(
    fc.constantFrom("a", "b", "é", "\uE000", "\uFFFD", "\u{10000}", "\u{1F600}"),
    fc.string({ unit: "grapheme" }),
  );
  const text = fc.array(character, { maxLength: 4 }).map((parts) => parts.join(""));
  fc.assert(fc.property(text, text, (a, b) => {
    equal(Math.sign(compareCodePoints(a, b)), Math.sign(compareBytes(encoder.encode(a), encoder.encode(b))));
  }));
});

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
