import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { digests, run, runHere, TemporaryDirectory, TINY } from "./command_line.ts";

/** A dump of three pages, compressed by bzip2 and cut at three quarters. */
const TRUNCATED =
  "QlpoOTFBWSZTWTIPXgIAADwfgFAD4BcwgAQKN+/dwDABLAwZSBkaaDT0gNAAZRHo0gAAAAEUhQyZPU0n6mhqaNNoRCheeioylDuVjVrrp1Du0Un1i738KABb" +
  "F2ECwQJDrfhsGlWF+9zZmg2xzDoNqPNkUZuM3WDa8pyZu6IiIbz8YIYYHQdB4Dr5uiJSZOY1DwXNHpkzam1mD20k5NHY4PpzqYMkhkmJzg96stUuHjMcScWG" +
  "yUezv9hk2HeOx8hYkvEYC8eYcjzMZekg4hh4+/Gh";
const EMPTY_DUMP =
  '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">\n<siteinfo></siteinfo>\n</mediawiki>\n';

/**
 * A command fails as a user can bear it: code 1, nothing on standard output but finished stages, one line that says what to do.
 * `env` makes it a process of its own.
 */
async function assertOneLine(
  args: readonly string[],
  expected: RegExp,
  env?: Record<string, string>,
): Promise<void> {
  const { code, errors } = env ? await run(args, env) : await runHere(args);
  assert.equal(code, 1, errors.join("\n"));
  assert.equal(errors.length, 1, errors.join("\n"));
  assert.match(errors[0] ?? "", expected);
}

Deno.test("wrong input gives one line with the remedy and code 1, and leaves nothing behind", async (t) => {
  using directory = new TemporaryDirectory();
  const file = (name: string, contents: string | Uint8Array): string => {
    const path = directory.file(name);
    writeFileSync(path, contents);
    return path;
  };
  const output = directory.file("run");
  const begin = (...args: string[]): string[] => ["pretrain", "--output-dir", output, ...TINY, ...args];
  mkdirSync(directory.file("empty"));
  mkdirSync(directory.file("photos"));
  file("photos/cat.jpg", "meow");
  const truncated = file("cut.xml.bz2", Uint8Array.from(atob(TRUNCATED), (c) => c.charCodeAt(0)));

  const cases: [name: string, args: string[], expected: RegExp, env?: Record<string, string>][] = [
    ["no such dump", begin("--dump", directory.file("none.xml")), /none\.xml: no such file; .*download/, {}],
    ["not a dump", begin("--dump", file("notes.txt", "These are notes.\n")), /notes\.txt: .*dump/],
    ["an empty file", begin("--dump", file("nothing.xml", "")), /nothing\.xml: /],
    ["a dump without pages", begin("--dump", file("empty.xml", EMPTY_DUMP)), /empty\.xml: /],
    ["a dump that is cut off", begin("--dump", truncated), /cut\.xml\.bz2: .*(download|--allow-truncated)/],
    [
      "a dataset directory without metadata",
      ["pretrain", "--dataset-dir", directory.file("empty"), "--output-dir", output, "--device", "cpu"],
      /metadata\.json: no such file; .*build-wikipedia-pretraining-dataset/,
    ],
    ["an unknown device", begin("--device", "tpu"), /--device .*tpu.*auto, cpu, webgpu/],
    [
      "webgpu without an adapter",
      begin("--device", "webgpu"),
      /no WebGPU adapter: install .* --device cpu/,
      { VK_DRIVER_FILES: "/nonexistent" },
    ],
    ["an unknown precision", begin("--precision", "f8"), /--precision .*f8.*f32, f16, bf16/],
    ["an unknown library of products", begin("--blas", "mkl"), /--blas .*mkl.*auto, wasm, system/],
    ["memory that is no number of bytes", begin("--device-memory", "lots"), /--device-memory .*8GiB/],
    ["a negative number of bytes", begin("--device-memory", "-3GiB"), /--device-memory .*8GiB/],
    ["bench of a shape that is none", ["bench", "--shape", "huge"], /--shape .*sample, small, base, large/],
    ["bench of a product without a size", ["bench", "--product", "64x64"], /--product .*three sizes/],
    ["bench of two things at once", ["bench", "--growth", "--product", "4x4x4"], /--growth.*--product.*one/],
    ["tuning the cpu", ["tune", "--device", "cpu"], /--device .*webgpu, dawn/],
    ["tuning without an adapter", ["tune"], /no WebGPU adapter: install .*driver$/, {
      VK_DRIVER_FILES: "/nonexistent",
    }],
    [
      "a plan of no run",
      ["luke-plan", "--run", directory.file("photos")],
      /photos: .*--output-dir of pretrain/,
    ],
    ["a plan of two networks", ["luke-plan", "--run", output, "--shape", "base"], /--shape and --run/],
    ["an option that does not exist", begin("--hiden-size", "16"), /--hiden-size.*--hidden-size/],
    ["a number that is none", begin("--batch-size", "many"), /--batch-size.*whole number/],
    [
      "heads that do not divide",
      begin("--num-attention-heads", "3"),
      /num-attention-heads|numAttentionHeads/,
    ],
    ["a batch that does not divide", begin("--micro-batch-size", "3"), /--batch-size 8.*micro-batch/],
    [
      "an output directory of something else",
      ["pretrain", "--output-dir", directory.file("photos")],
      /photos: .*--output-dir/,
    ],
    [
      "an output that exists",
      ["build-dump-db", directory.file("notes.txt"), truncated],
      /cut\.xml\.bz2: exists already.*remove it/,
    ],
    [
      "an output directory below a file",
      ["pretrain", "--output-dir", `${truncated}/run`, ...TINY],
      /cut\.xml\.bz2.*name a path/,
    ],
    ["a number beyond all bounds", begin("--num-epochs", "Infinity"), /--num-epochs.*give a number/],
    ["no output directory", ["pretrain", "--dataset-dir", directory.file("empty")], /--output-dir/],
    [
      "a page database that is none",
      ["build-entity-vocab", truncated, directory.file("v.jsonl")],
      /build-dump-db/,
    ],
    ["a command that does not exist", ["pretrian"], /pretrian.*pretrain/],
  ];
  const before = digests(directory.path);
  for (const [name, args, expected, env] of cases) {
    await t.step(name, async () => {
      await assertOneLine(args, expected, env);
      assert.ok(!existsSync(output));
      assert.deepEqual(digests(directory.path), before);
    });
  }
});
