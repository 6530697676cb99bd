import assert from "node:assert/strict";
import { optionOf } from "./name_case.ts";

Deno.test("optionOf() spells an option from either case", () => {
  assert.equal(optionOf("maxSeqLength"), "--max-seq-length");
  assert.equal(optionOf("adam_b1"), "--adam-b1");
});
