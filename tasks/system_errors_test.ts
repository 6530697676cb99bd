import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { systemErrorLine } from "./system_errors.ts";

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

Deno.test("systemErrorLine() adds a remedy to errors of the system and of SQLite, and knows no others", () => {
  assert.match(systemErrorLine(thrownBy(() => readFileSync("/"))) ?? "", /^EISDIR: .*; name a file$/);
  const open = (): void => void new DatabaseSync("/none/pages.db");
  assert.match(systemErrorLine(thrownBy(open)) ?? "", /unable to open.*pages\.db; check the path/);
  assert.match(
    systemErrorLine(thrownBy(() => Deno.openSync("/none/a"))) ?? "",
    /os error.*; check the path$/,
  );
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  assert.match(systemErrorLine(full) ?? "", /; free space on the disk/);
  assert.equal(systemErrorLine(new TypeError("x is not a function")), undefined);
});
