import assert from "node:assert/strict";
import { byteCount } from "./option_values.ts";

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
