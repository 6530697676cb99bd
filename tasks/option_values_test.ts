import assert from "node:assert/strict";
import { byteCount, languageCode } from "./option_values.ts";

Deno.test("byteCount() reads bytes with decimal and binary units", () => {
  const cases = [["4096", 4096], ["8GiB", 2 ** 33], ["512 MB", 512e6], ["1.5G", 1.5e9], ["2ti", 2 ** 41], [
    "4e9",
    4e9,
  ], ["7B", 7]];
  for (const [text, bytes] of cases) assert.equal(byteCount(String(text)), bytes, String(text));
  for (const text of ["", "GiB", "-1", "0", "many", "8 GiB of it", "1e400"]) {
    assert.throws(() => byteCount(text), /give bytes/, text);
  }
});

Deno.test("languageCode() reads codes of Wikipedias, and no names", () => {
  for (const text of ["en", "simple", "zh-yue", "be-x-old"]) assert.equal(languageCode(text), text);
  for (const text of ["", "EN", "en_US", "xx-bad!", "en:", "-"]) {
    assert.throws(() => languageCode(text), /such as en or zh-yue/, text);
  }
});
