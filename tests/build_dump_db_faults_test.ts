/** `build-dump-db` where something goes wrong: nothing half-written has the final name, and one line says what to do. */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildDumpDB, DumpDB, sampleDumpPath, UserError } from "@lukeforge/corpus";
import { RandomStream } from "@lukeforge/train";
import { run, TemporaryDirectory } from "./command_line.ts";
import { buildWhole, killAndBuild } from "./killed_build.ts";
import { repeatedSample } from "./repeated_sample.ts";

const SMALLWIKI = fileURLToPath(
  new URL("../../shared/data/wikidumps/smallwiki-latest-pages-articles.xml.bz2", import.meta.url),
);

Deno.test("build-dump-db that is killed leaves nothing under its name, and builds the same afterwards", async () => {
  using directory = new TemporaryDirectory();
  const dump = directory.file("sample.xml");
  writeFileSync(dump, repeatedSample(30));
  const whole = await buildWhole(dump, directory);
  for (const share of [0.5, 0.9]) await killAndBuild(dump, directory, whole, share * whole.milliseconds);
});

Deno.test({
  name: "build-dump-db on a disk that is full says so in one line and takes its file away",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using directory = new TemporaryDirectory();
    const [dump, output] = [directory.file("sample.xml"), directory.file("pages.db")];
    writeFileSync(dump, repeatedSample(30));
    const main = fileURLToPath(new URL("../tasks/main.ts", import.meta.url));
    // A limit of the size of files, as blocks of 1024 bytes, stands for a full disk; the signal would end the process.
    const script = `trap '' XFSZ; ulimit -f 1000; exec "$@"`;
    const { code, stderr } = await new Deno.Command("bash", {
      args: [
        "-c",
        script,
        "bash",
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        main,
        "build-dump-db",
        dump,
        output,
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const lines = new TextDecoder().decode(stderr).split("\n").filter((line) => line !== "");
    assert.equal(code, 1, lines.join("\n"));
    assert.match(
      lines.at(-1) ?? "",
      /pages\.db: cannot be written \(.*\): check that its folder .* has room$/,
    );
    assert.deepEqual(readdirSync(directory.path), ["sample.xml"]);
  },
});

Deno.test({
  name: "buildDumpDB() finds changed bits of a real dump, and names file and byte",
  ignore: !existsSync(SMALLWIKI),
  fn: async () => {
    using directory = new TemporaryDirectory();
    const [dump, output] = [directory.file("ltg.xml.bz2"), directory.file("pages.db")];
    const whole = readFileSync(SMALLWIKI);
    const random = new RandomStream(7);
    for (let trial = 0; trial < 5; trial++) {
      const damaged = Buffer.from(whole);
      const byte = Math.floor(random.uniform() * damaged.length);
      damaged[byte] = (damaged[byte] ?? 0) ^ (1 << Math.floor(8 * random.uniform()));
      writeFileSync(dump, damaged);
      await assert.rejects(buildDumpDB(dump, output), (error) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(
          error.message,
          /ltg\.xml\.bz2: .*byte \d+.*: (?:download it again|give) /,
          `byte ${byte}`,
        );
        return true;
      });
      assert.deepEqual(readdirSync(directory.path), ["ltg.xml.bz2"]);
    }
  },
});

Deno.test({
  name: "buildDumpDB() keeps every whole page of a real dump that is cut off, when allowed",
  ignore: !existsSync(SMALLWIKI),
  fn: async () => {
    using directory = new TemporaryDirectory();
    const [dump, output] = [directory.file("ltg.xml.bz2"), directory.file("pages.db")];
    const bytes = readFileSync(SMALLWIKI);
    await buildDumpDB(SMALLWIKI, output);
    const all = titlesInOrder(output);
    for (const share of [0.4, 0.95]) {
      writeFileSync(dump, bytes.subarray(0, Math.floor(share * bytes.length)));
      await assert.rejects(
        buildDumpDB(dump, output),
        /ltg\.xml\.bz2: cut off at byte \d+.*--allow-truncated/,
      );
      const part = directory.file(`${share}.db`);
      await buildDumpDB(dump, part, { allowTruncated: true });
      const kept = titlesInOrder(part);
      assert.ok(kept.length > 0 && kept.length < all.length);
      assert.deepEqual(kept, all.slice(0, kept.length));
    }
    assert.deepEqual(titlesInOrder(output), all);
  },
});

function titlesInOrder(path: string): string[] {
  using db = DumpDB.open(path);
  return [...db.pages()].map(({ title }) => title);
}

Deno.test("build-dump-db takes a database for its own only where the same is text in it", async () => {
  using directory = new TemporaryDirectory();
  const output = directory.file("pages.db");
  const build = (...options: string[]): ReturnType<typeof run> =>
    run(["build-dump-db", sampleDumpPath(), output, ...options]);
  const [first, again, other] = [
    await build("--include-tables"),
    await build("--include-tables"),
    await build(),
  ];
  assert.deepEqual([first.code, again.code, other.code], [0, 0, 1], first.errors.join("\n"));
  assert.match(other.errors.join("\n"), /pages\.db: exists already and was built with other options/);
});
