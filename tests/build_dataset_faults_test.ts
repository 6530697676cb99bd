/** Building a data set where something goes wrong: nothing half-written has the final name, and one line says what to do. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { digests, run, runAndSignal, runHere, TemporaryDirectory } from "./command_line.ts";

/** A text and a tokenizer; returns the arguments of a build into `output`. */
async function corpus(directory: TemporaryDirectory, lines: number): Promise<(output: string) => string[]> {
  const [text, tokenizer] = [directory.file("text.txt"), directory.file("tokenizer")];
  const line = (i: number): string =>
    `The lake number ${i} lies in the north of the land, and has ${i % 7} islands.\n`;
  writeFileSync(text, Array.from({ length: lines }, (_, i) => line(i) + (i % 50 === 0 ? "\n" : "")).join(""));
  writeFileSync(directory.file("small.txt"), line(1));
  const { code, errors } = await runHere([
    ...["train-tokenizer", directory.file("small.txt"), tokenizer, "--vocab-size", "60"],
  ]);
  assert.equal(code, undefined, errors.join("\n"));
  return (output) => ["build-dataset-from-text", text, tokenizer, output, "--workers", "2"];
}

Deno.test({
  name: "a data set for which the disk has no room is one line, and leaves nothing behind",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using directory = new TemporaryDirectory();
    const args = (await corpus(directory, 15_000))(directory.file("set"));
    const before = readdirSync(directory.path);
    const main = fileURLToPath(new URL("../tasks/main.ts", import.meta.url));
    // A limit of the size of files, as blocks of 1024 bytes, stands for a full disk; the signal would end the process.
    const script = `trap '' XFSZ; ulimit -f 1100; exec "$@"`;
    const { code, stderr } = await new Deno.Command("bash", {
      args: ["-c", script, "bash", Deno.execPath(), "run", "-A", "--no-check", main, ...args],
      env: { NO_COLOR: "1" },
    }).output();
    const lines = new TextDecoder().decode(stderr).split("\n").filter((line) => line !== "");
    assert.equal(code, 1, lines.join("\n"));
    assert.match(
      lines.at(-1) ?? "",
      /^[^\n]*set: cannot be written \(.*\): check that its folder .* has room$/,
    );
    assert.deepEqual(readdirSync(directory.path), before);
  },
});

Deno.test("a build that is killed leaves nothing under its name; the same command builds the same afterwards", async () => {
  using directory = new TemporaryDirectory();
  const build = await corpus(directory, 40_000);
  const whole = directory.file("whole");
  assert.equal((await run(build(whole))).code, 0);
  const output = directory.file("set");
  mkdirSync(output); // an empty directory is no data set yet
  for (const milliseconds of [0, 300]) {
    let begun: number | undefined;
    const { signalled } = await runAndSignal(build(output), "SIGKILL", () => {
      if (begun === undefined && existsSync(`${output}.partial/shard-00000.bin`)) begun = performance.now();
      return begun !== undefined && performance.now() - begun >= milliseconds;
    });
    assert.ok(signalled);
    assert.ok(!existsSync(output), "half-written under its final name");
  }
  const { code, errors } = await run(build(output));
  assert.equal(code, 0, errors.join("\n"));
  assert.deepEqual(digests(output), digests(whole));
  assert.deepEqual(readdirSync(directory.path).filter((name) => name.startsWith("set")), ["set"]);
});
