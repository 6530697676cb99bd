import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  abandonRun,
  beginRun,
  continueRun,
  openRun,
  readRun,
  type RunConfig,
  type RunIdentity,
} from "./run_directory.ts";

const environment = { device: { kind: "cpu", description: "cpu", choices: {} }, deno: "2.9.6" } as const;
const identity: RunIdentity = {
  input: { dump: "a.xml", language: null },
  settings: { seed: 1, vocab_size: 10 },
};

const changed = (settings: RunIdentity["settings"]): RunIdentity => ({
  ...identity,
  settings: { ...identity.settings, ...settings },
});

class RunDirectory implements Disposable {
  readonly path: string = join(mkdtempSync(join(tmpdir(), "lukeforge-")), "run");

  add(...names: string[]): void {
    mkdirSync(join(this.path, ...names), { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(join(this.path, ".."), { recursive: true });
  }
}

Deno.test("openRun() lets an option change until something that it shapes exists, then names it", () => {
  using directory = new RunDirectory();
  const { path } = directory;
  assert.equal(openRun(path, identity), undefined);
  beginRun(path, identity, environment);
  directory.add("pages.db.partial");
  const german = { ...identity, input: { dump: "a.xml", language: "de" } };
  assert.equal(openRun(path, german), undefined);

  directory.add("pages.db");
  assert.throws(
    () => openRun(path, german),
    /was made with no --language, not --language de;.*remove pages.db there/,
  );
  assert.equal(openRun(path, changed({ vocab_size: 20 })), undefined);

  directory.add("dataset");
  assert.throws(
    () => openRun(path, changed({ vocab_size: 20 })),
    /--vocab-size 10, not --vocab-size 20;.*remove dataset/,
  );
  directory.add("checkpoints", "step-5.partial");
  assert.equal(openRun(path, changed({ seed: 2 })), undefined);
  assert.equal(openRun(path, identity), undefined);

  directory.add("checkpoints", "step-5");
  assert.equal(openRun(path, identity)?.deno, "2.9.6");
  // A flag that the run's version did not know.
  assert.equal(openRun(path, changed({ new_flag: false }))?.deno, "2.9.6");
  assert.throws(() => openRun(path, changed({ new_flag: true })), /no --new-flag, not --new-flag;/);
  assert.equal(
    openRun(path, { ...identity, input: { dump: "./x/../a.xml", language: null } })?.deno,
    "2.9.6",
  );
  assert.throws(
    () => openRun(path, changed({ seed: 2 })),
    /was made with --seed 1, not --seed 2;.*remove checkpoints/,
  );
  assert.equal(openRun(path, changed({ recompute: true }))?.deno, "2.9.6", "the bits are the same");
});

Deno.test("openRun() refuses a directory of something else", () => {
  using directory = new RunDirectory();
  directory.add("photos");
  assert.throws(
    () => openRun(directory.path, identity),
    /holds files, but no run .*give another --output-dir/,
  );
  assert.throws(() => readRun(directory.path), /holds files, but no run .*name the --output-dir of pretrain/);
  writeFileSync(join(directory.path, "config.json"), "{");
  assert.throws(() => openRun(directory.path, identity), /not the configuration/);
});

Deno.test("abandonRun() takes config.json away unless a stage is finished", () => {
  using directory = new RunDirectory();
  const config = join(directory.path, "config.json");
  beginRun(directory.path, identity, environment);
  abandonRun(directory.path);
  assert.ok(!existsSync(config));
  beginRun(directory.path, identity, environment);
  directory.add("pages.db");
  abandonRun(directory.path);
  assert.ok(existsSync(config));
});

Deno.test("continueRun() records what a run goes on with that is not what it had", () => {
  using directory = new RunDirectory();
  directory.add("checkpoints", "step-5");
  const plain = { ...identity, settings: { ...identity.settings, recompute: false } };
  const recomputing = { ...identity, settings: { ...identity.settings, recompute: true } };
  const config = (): RunConfig => {
    const found = openRun(directory.path, plain);
    assert.ok(found);
    return found;
  };
  beginRun(directory.path, plain, environment);
  continueRun(directory.path, config(), plain, environment);
  assert.equal(config().continued, undefined);

  const other = { ...environment, device: { ...environment.device, choices: { blas: "wasm" } } };
  continueRun(directory.path, config(), recomputing, other);
  continueRun(directory.path, config(), recomputing, other);
  assert.deepEqual(config().continued, [{ step: 5, settings: { recompute: true }, ...other }]);
  assert.deepEqual(config().device, environment.device);
  assert.equal(readRun(directory.path).settings.recompute, true);

  continueRun(directory.path, config(), plain, environment);
  assert.equal(config().continued?.length, 2);
});
