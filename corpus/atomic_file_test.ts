import { deepEqual, equal, ok, throws } from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathBeside, writeFileAtomic } from "./atomic_file.ts";
import { UserError } from "./user_error.ts";

function inDirectory(run: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "atomic-"));
  try {
    run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("writeFileAtomic() writes text and bytes over what is there, and over a partial file", () =>
  inDirectory((directory) => {
    const path = join(directory, "a");
    writeFileSync(path, "old");
    writeFileSync(`${path}.partial`, "left by a kill, and longer than the new");
    writeFileAtomic(path, ["é", Uint8Array.of(10), ""]);
    equal(readFileSync(path, "utf8"), "é\n");
    deepEqual(readdirSync(directory), ["a"]);
  }));

Deno.test("writeFileAtomic() keeps the former file, and nothing else, when its source fails", () =>
  inDirectory((directory) => {
    const path = join(directory, "a");
    writeFileAtomic(path, "old");
    const failing = function* (): Generator<string> {
      yield "new";
      throw new RangeError("no more");
    };
    throws(() => writeFileAtomic(path, failing()), RangeError);
    equal(readFileSync(path, "utf8"), "old");
    deepEqual(readdirSync(directory), ["a"]);
  }));

Deno.test("writeFileAtomic() reports a folder that is missing", () =>
  inDirectory((directory) => {
    throws(
      () => writeFileAtomic(join(directory, "none", "a"), ""),
      (error) => error instanceof UserError && /a: cannot be written \(.*\): check that/.test(error.message),
    );
  }));

Deno.test({
  name: "writeFileAtomic() reports a full disk",
  ignore: !existsSync("/dev/full"),
  fn: () =>
    inDirectory((directory) => {
      symlinkSync("/dev/full", join(directory, "a.partial"));
      throws(() => writeFileAtomic(join(directory, "a"), "x"), UserError);
      deepEqual(readdirSync(directory), []);
      ok(existsSync("/dev/full"));
    }),
});

Deno.test("pathBeside() looks past a slash at the end", () => {
  deepEqual(["a/b", "a/b//", "b\\", "/", "."].map((path) => pathBeside(path, ".partial")), [
    ...["a/b.partial", "a/b.partial", "b.partial", "/.partial", "..partial"],
  ]);
});

Deno.test("UserError keeps to one line", () => {
  equal(new UserError("a\nb.xml: no\r\n such file").message, "a b.xml: no such file");
});
