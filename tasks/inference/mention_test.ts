import assert from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import { findMention, mentionText, utf16Span } from "./mention.ts";

Deno.test("utf16Span() counts a character beyond the BMP once", () => {
  assert.deepEqual(utf16Span("𝒳🙂 Tokyo", { start: 3, end: 8 }, "text 1"), [5, 10]);
  assert.deepEqual(utf16Span("𝒳🙂", { start: 0, end: 2 }, "text 1"), [0, 4]);
  assert.equal(mentionText("𝒳🙂 Tokyo", { start: 3, end: 8 }), "Tokyo");
});

Deno.test("utf16Span() refuses what is no span of the text", () => {
  const refused = (start: number, end: number): void =>
    assert.throws(
      () => utf16Span("Tokyo", { start, end }, "text 1"),
      (error: unknown) => error instanceof UserError && error.message.startsWith("text 1: the mention from "),
    );
  refused(0, 0);
  refused(3, 2);
  refused(-1, 2);
  refused(0, 6);
  refused(5, 6);
  refused(0.5, 2);
  refused(0, NaN);
});

Deno.test("findMention() finds what occurs once", () => {
  assert.deepEqual(findMention("🙂 Tokyo is big", "Tokyo", "text 1"), { start: 2, end: 7 });
  assert.throws(() => findMention("Tokyo", "Osaka", "text 1"), /text 1: does not contain "Osaka"/);
  assert.throws(() => findMention("Tokyo", "", "text 1"), UserError);
  assert.throws(
    () => findMention("🙂 aaa", "aa", "text 1"),
    /contains "aa" 2 times; give one of its places: 2 4, 3 5/,
  );
});
