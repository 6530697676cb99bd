import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { UserError } from "@lukeforge/corpus";
import { OutputFiles, type OutputNames, outputPath } from "./output_files.ts";

function inDirectory(run: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "output-files-"));
  try {
    run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const names = (output: string, options: Partial<OutputNames> = {}): OutputNames => ({
  output,
  isDirectory: false,
  parts: [""],
  gzip: false,
  ...options,
});

Deno.test("outputPath() names parts, numbers and compression before the extension", () => {
  const parts = ["train", "test"];
  assert.equal(outputPath(names("a/b.txt"), 0, 0), join("a", "b.txt"));
  assert.equal(outputPath(names("a/b.txt.gz", { gzip: true }), 0, 0), join("a", "b.txt.gz"));
  assert.equal(outputPath(names("b.txt", { parts, gzip: true }), 1, 0), "b.test.txt.gz");
  assert.equal(outputPath(names("b.c/d", { parts, maxFileSize: 9 }), 0, 12), join("b.c", "d.train-00012"));
  const directory = names("w", { isDirectory: true, maxFileSize: 9 });
  assert.equal(outputPath(directory, 0, 7), join("w", "AA", "wiki_07"));
  assert.equal(outputPath(directory, 0, 2699), join("w", "BA", "wiki_99"));
  assert.equal(
    outputPath({ ...directory, parts, gzip: true }, 1, 100),
    join("w", "test", "AB", "wiki_00.gz"),
  );
  const paths = new Set(Array.from({ length: 20_000 }, (_, i) => outputPath(directory, 0, i)));
  assert.equal(paths.size, 20_000);
});

Deno.test("OutputFiles keeps records whole and files under the limit", () =>
  inDirectory((directory) => {
    const files = new OutputFiles(names(join(directory, "a.txt"), { maxFileSize: 10 }));
    for (const record of ["12345\n", "678\n", "äöü\n", "a record longer than any file\n", "9\n"]) {
      files.write(0, record);
    }
    assert.deepEqual(readdirSync(directory), ["a.txt.partial"]);
    assert.equal(files.commit().length, 4);
    assert.deepEqual(readdirSync(directory).sort(), [
      "a-00000.txt",
      "a-00001.txt",
      "a-00002.txt",
      "a-00003.txt",
    ]);
    assert.deepEqual(
      readdirSync(directory).sort().map((name) => readFileSync(join(directory, name), "utf8")),
      [
        "12345\n678\n",
        "äöü\n",
        "a record longer than any file\n",
        "9\n",
      ],
    );
  }));

Deno.test("OutputFiles compresses in megabytes that any gzip reads", () =>
  inDirectory((directory) => {
    const path = join(directory, "a.txt.gz");
    const files = new OutputFiles(names(path, { gzip: true }));
    const record = `${"0123456789".repeat(30_000)}\n`;
    for (let i = 0; i < 12; i++) files.write(0, record);
    files.commit();
    assert.equal(gunzipSync(readFileSync(path)).toString(), record.repeat(12));
  }));

Deno.test("OutputFiles writes a directory as a whole, parts without pages as empty files", () =>
  inDirectory((directory) => {
    const output = join(directory, "wiki");
    const files = new OutputFiles(
      names(`${output}/`, { isDirectory: true, parts: ["train", "test"], maxFileSize: 3 }),
    );
    for (let i = 0; i < 101; i++) files.write(0, "abc");
    assert.ok(!existsSync(output));
    files.commit();
    assert.deepEqual(readdirSync(directory), ["wiki"]);
    assert.deepEqual(readdirSync(join(output, "train")).sort(), ["AA", "AB"]);
    assert.equal(readdirSync(join(output, "train", "AA")).length, 100);
    assert.equal(readFileSync(join(output, "test", "AA", "wiki_00"), "utf8"), "");
  }));

Deno.test("OutputFiles never writes over what is there, and leaves nothing when abandoned", () =>
  inDirectory((directory) => {
    const path = join(directory, "a.txt");
    const first = new OutputFiles(names(path));
    first.write(0, "x");
    first.abandon();
    assert.deepEqual(readdirSync(directory), []);
    const second = new OutputFiles(names(path));
    writeFileSync(path, "mine");
    assert.throws(
      () => second.commit(),
      (error) => error instanceof UserError && /a\.txt: exists already: remove it/.test(error.message),
    );
    second.abandon();
    assert.throws(() => new OutputFiles(names(path)), /a\.txt: exists already/);
    assert.equal(readFileSync(path, "utf8"), "mine");
    assert.throws(
      () => new OutputFiles(names(join(path, "b.txt"))),
      (error) => error instanceof UserError && /b\.txt: cannot be written/.test(error.message),
    );
  }));
