import assert from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import { defaultRunDirectory } from "./pretrain_request.ts";

Deno.test("defaultRunDirectory() names a run by its dump; a dataset's run has to be named", () => {
  assert.equal(defaultRunDirectory({}), "runs/sample");
  assert.equal(
    defaultRunDirectory({ dump: "a/iswiki-latest-pages-articles.xml.bz2" }),
    "runs/iswiki-latest-pages-articles",
  );
  assert.equal(defaultRunDirectory({ dump: "small.xml" }), "runs/small");
  assert.throws(() => defaultRunDirectory({ datasetDirs: ["dataset"], heldOutDatasetDirs: [] }), UserError);
});
