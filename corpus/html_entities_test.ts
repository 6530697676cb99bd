import assert from "node:assert/strict";
import { decodeEntities } from "./html_entities.ts";
import { htmlEntityTable } from "./html_entity_table.ts";

Deno.test("decodeEntities() knows every name of HTML and MediaWiki's own, and no other", () => {
  assert.equal(
    decodeEntities("a&apos;b&lbrace;&hellip;&Afr;&acE;&CounterClockwiseContourIntegral;&lang;&AMP;"),
    "a'b{…𝔄∾̳∳⟨&",
  );
  assert.equal(decodeEntities("&רלמ;&رلم;"), "\u200f\u200f");
  for (const whole of ["&nbsp", "&none;", "&Nbsp;", "&;", "&a b;", "&amp ;"]) {
    assert.equal(decodeEntities(whole), whole);
  }
  const names = htmlEntityTable.trim().split(/\s+/).map((pair) => pair.split(":")[0] ?? "");
  assert.equal(names.length, 2125);
  for (const name of names) assert.notEqual(decodeEntities(`&${name};`), `&${name};`);
});

Deno.test("decodeEntities() decodes numbers in ten and sixteen, once", () => {
  assert.equal(
    decodeEntities("&#233;&#xE9;&#XE9;&#x1F929;&#0;&#xD800;&#x110000;"),
    "ééé🤩\ufffd\ufffd\ufffd",
  );
  assert.equal(decodeEntities("&amp;lt;"), "&lt;");
});
