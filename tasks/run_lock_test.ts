import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCK_FILE, RunLock } from "./run_lock.ts";

Deno.test("RunLock keeps a second holder out, ignores a file that a kill left, and leaves nothing behind", () => {
  const parent = mkdtempSync(join(tmpdir(), "lukeforge-"));
  const directory = join(parent, "run");
  try {
    {
      using _lock = RunLock.acquire(directory);
      assert.throws(() => RunLock.acquire(directory), {
        name: "UserError",
        message: new RegExp(`run: process ${Deno.pid} works in it .*run\\.lock.*--output-dir`),
      });
    }
    assert.ok(!existsSync(directory));

    {
      using _lock = RunLock.acquire(directory);
      writeFileSync(join(directory, "pages.db"), "");
    }
    writeFileSync(join(directory, LOCK_FILE), "1\n");
    RunLock.acquire(directory)[Symbol.dispose]();
    assert.ok(existsSync(join(directory, "pages.db")));
    assert.ok(!existsSync(join(directory, LOCK_FILE)));
  } finally {
    rmSync(parent, { recursive: true });
  }
});
