import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { abandonRun, beginRun, openRun, type RunIdentity } from "./run_directory.ts";

const environment = { device: { kind: "cpu", description: "cpu", choices: {} }, deno: "2.9.6" } as const;
const identity: RunIdentity = { input: { dump: "a.xml", language: null }, settings: { seed: 1, dropout: 0 } };

Deno.test("openRun() lets options change until a stage is finished, then names the first that differs", () => {
  const directory = join(mkdtempSync(join(tmpdir(), "lukeforge-")), "run");
  try {
    assert.equal(openRun(directory, identity), undefined);
    beginRun(directory, identity, environment);
    const other = { ...identity, settings: { seed: 2, dropout: 0 } };
    writeFileSync(join(directory, "pages.db.partial"), "");
    assert.equal(openRun(directory, other), undefined);

    writeFileSync(join(directory, "pages.db"), "");
    assert.equal(openRun(directory, identity)?.deno, "2.9.6");
    assert.throws(() => openRun(directory, other), /was made with --seed 1, not --seed 2;/);
    const german = { ...identity, input: { dump: "a.xml", language: "de" } };
    assert.throws(() => openRun(directory, german), /was made with no --language, not --language de;/);
    abandonRun(directory);
    assert.ok(existsSync(join(directory, "config.json")));

    rmSync(join(directory, "config.json"));
    assert.throws(() => openRun(directory, identity), /holds files, but no run/);
    writeFileSync(join(directory, "config.json"), "{");
    assert.throws(() => openRun(directory, identity), /not the configuration/);
  } finally {
    rmSync(join(directory, ".."), { recursive: true });
  }
});

Deno.test("abandonRun() takes away what a run without a finished stage left", () => {
  const directory = join(mkdtempSync(join(tmpdir(), "lukeforge-")), "run");
  try {
    beginRun(directory, identity, environment);
    abandonRun(directory);
    assert.ok(!existsSync(directory));
  } finally {
    rmSync(join(directory, ".."), { recursive: true });
  }
});
