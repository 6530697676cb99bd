import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { datasetDirectories } from "./dataset_directories.ts";

Deno.test("datasetDirectories() takes paths, patterns and lists with commas, in the order given", async () => {
  const home = mkdtempSync(join(tmpdir(), "datasets-"));
  try {
    const at = (...names: string[]): string[] => names.map((name) => join(home, name));
    for (const path of at("en", "is", "ltg", "a,b")) mkdirSync(path);
    writeFileSync(join(home, "enough"), "");
    assert.deepEqual(await datasetDirectories(at("ltg", "en")), at("ltg", "en"));
    assert.deepEqual(await datasetDirectories([at("ltg", "e*").join(",")]), at("ltg", "en"));
    assert.deepEqual(await datasetDirectories(at("a,b")), at("a,b"));
    assert.deepEqual(await datasetDirectories(at("{is,ltg}")), at("is", "ltg"));
    assert.deepEqual((await datasetDirectories(at("*"))).length, 4);
    await assert.rejects(
      datasetDirectories([at("en", "xx").join(",")]),
      (error) => error instanceof UserError && /xx: no such dataset directory/.test(error.message),
    );
  } finally {
    rmSync(home, { recursive: true });
  }
});
