import assert from "node:assert/strict";
import { checkHubName, isHubName } from "./hub_name.ts";

Deno.test("isHubName() takes one or two parts as the hub does", () => {
  for (
    const name of [
      "roberta-base",
      "mideind/IceBERT-igc",
      "a",
      "studio-ousia/luke-large-lite",
      "x_/y.1",
      "a/bert-v2.5",
    ]
  ) {
    assert.ok(isHubName(name), name);
  }
  for (
    const name of [
      "",
      "a/b/c",
      "/a",
      "a/",
      "./a",
      "../a",
      "a--b",
      "a..b",
      "a b",
      "-a",
      "a.",
      "a\\b",
      "a?b",
      "ä",
      "a".repeat(97),
    ]
  ) assert.ok(!isHubName(name), name);
});

Deno.test("checkHubName() takes no file for a name", () => {
  checkHubName("a/bert-v2.5");
  for (const path of ["tokenizer.json", "a/vocab.txt", "model.safetensors", "dump.xml.bz2"]) {
    assert.throws(() => checkHubName(path), /no such file or directory; check the path/);
  }
});
