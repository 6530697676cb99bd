import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { runCommandLine } from "../cli.ts";
import { articleFiles } from "./dump_edition.ts";
import { checkRoom, downloadFile } from "./download_file.ts";
import { DumpMirror } from "./dump_mirror.ts";
import { StubMirror } from "./testdata_stub_mirror.ts";

const NAME = "iswiki-20220101-pages-articles.xml.bz2";
const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3);

/** A mirror with one dump, a client that waits for nothing, and a directory. */
interface Setting {
  readonly stub: StubMirror;
  readonly mirror: DumpMirror;
  readonly pauses: number[];
  readonly directory: string;
  /** Downloads the dump of `date` into the directory; returns the path. */
  download(date?: string): Promise<string>;
}

function testMirror(name: string, test: (setting: Setting) => Promise<void>): void {
  Deno.test(name, async () => {
    const stub = new StubMirror();
    const directory = mkdtempSync(join(tmpdir(), "download-"));
    const pauses: number[] = [];
    const mirror = new DumpMirror(stub.address, {
      sleep: (milliseconds) => Promise.resolve(void pauses.push(milliseconds)),
    });
    stub.addDump("iswiki", "20220101", {
      [NAME]: bytes,
      "iswiki-20220101-pages-meta-current.xml.bz2": bytes,
    });
    const download = async (date = "20220101"): Promise<string> => {
      const edition = await mirror.find("iswiki", date);
      const [file] = edition.files;
      assert.ok(file !== undefined);
      const path = join(directory, file.name);
      await downloadFile(mirror, mirror.fileAddress(edition, file.name), file, path);
      return path;
    };
    try {
      await test({ stub, mirror, pauses, directory, download });
    } finally {
      await stub.close();
      rmSync(directory, { recursive: true });
    }
  });
}

testMirror(
  "downloadFile() writes the file under its name and nothing else",
  async ({ stub, directory, download }) => {
    const path = await download();
    assert.deepEqual(new Uint8Array(readFileSync(path)), bytes);
    assert.deepEqual(readdirSync(directory), [NAME]);
    const asked = stub.requests.length;
    await download();
    assert.equal(stub.requests.length, asked + 1, "a file that is there is not asked for again");
    writeFileSync(path, "another");
    await assert.rejects(download(), /exists already with another content \(its sha1 differs\); remove it/);
  },
);

testMirror(
  "downloadFile() goes on after dropped connections and refusals",
  async ({ stub, pauses, download }) => {
    stub.faults.push({ dropAfter: 100_000 }, { status: 503, retryAfter: 7 }, { dropAfter: 50_000 });
    assert.deepEqual(new Uint8Array(readFileSync(await download())), bytes);
    const requests = stub.requests.filter((request) => request.includes(NAME)).map((request) =>
      request.split(" ").slice(1)
    );
    assert.equal(requests.length, 4);
    assert.deepEqual(requests[0], []);
    for (const [range = "", ifRange] of requests.slice(1)) {
      assert.match(range, /^bytes=[1-9]\d*-$/);
      assert.equal(ifRange, '"1"');
    }
    assert.ok(pauses.includes(7000));
  },
);

testMirror("downloadFile() continues what a killed process left", async ({ stub, directory, download }) => {
  writeFileSync(join(directory, `${NAME}.partial`), bytes.subarray(0, 123_456));
  writeFileSync(join(directory, `${NAME}.partial.etag`), '"1"');
  assert.deepEqual(new Uint8Array(readFileSync(await download())), bytes);
  assert.ok(stub.requests.at(-1)?.endsWith(`bytes=123456- "1"`));
  assert.deepEqual(readdirSync(directory), [NAME]);
});

testMirror(
  "downloadFile() begins again where the file has changed, or ranges are unknown",
  async ({ stub, directory, download }) => {
    const partial = join(directory, `${NAME}.partial`);
    const left: [etag: string, ranges: boolean][] = [['"old"', true], ['"1"', false]];
    for (const [etag, ranges] of left) {
      stub.ranges = ranges;
      writeFileSync(partial, new Uint8Array(1000));
      writeFileSync(`${partial}.etag`, etag);
      const path = await download();
      assert.deepEqual(new Uint8Array(readFileSync(path)), bytes);
      rmSync(path);
    }
    writeFileSync(partial, new Uint8Array(bytes.length + 5));
    assert.deepEqual(new Uint8Array(readFileSync(await download())), bytes);
  },
);

testMirror(
  "downloadFile() tries damaged bytes once more, then says so",
  async ({ stub, directory, download }) => {
    stub.faults.push({ corruptAt: 5 });
    const path = await download();
    assert.deepEqual(new Uint8Array(readFileSync(path)), bytes);
    rmSync(path);
    stub.faults.push({ corruptAt: 5 }, { corruptAt: 9 });
    await assert.rejects(
      download(),
      (error) =>
        error instanceof UserError && error.message.includes(`${NAME}: arrives damaged from 127.0.0.1`),
    );
    assert.deepEqual(readdirSync(directory), []);
  },
);

testMirror(
  "downloadFile() gives up when nothing comes, and keeps what came",
  async ({ stub, directory, download }) => {
    stub.faults.push({ dropAfter: 1000 }, ...Array.from({ length: 6 }, () => ({ status: 500 })));
    await assert.rejects(
      download(),
      /answers 500.*; run the same command again later \(what has arrived is kept\)/,
    );
    assert.ok(existsSync(join(directory, `${NAME}.partial`)));
    assert.deepEqual(new Uint8Array(readFileSync(await download())), bytes);
  },
);

testMirror("downloadFile() follows redirects, with the range", async ({ stub, download }) => {
  stub.redirects = true;
  stub.faults.push({ dropAfter: 1000 });
  assert.deepEqual(new Uint8Array(readFileSync(await download())), bytes);
  assert.match(stub.requests.at(-1) ?? "", /^\/elsewhere.* bytes=\d+- "1"$/);
});

testMirror("DumpMirror.find() takes the last dump that is finished", async ({ stub, mirror }) => {
  stub.addDump("iswiki", "20220201", {}, "waiting");
  stub.addDump("iswiki", "20211201", { "iswiki-20211201-pages-articles.xml.bz2": bytes });
  assert.equal((await mirror.find("iswiki", "latest")).date, "20220101");
  await assert.rejects(
    mirror.find("iswiki", "20220201"),
    /^UserError: iswiki 20220201: its articles are not there yet \(waiting\)/,
  );
  await assert.rejects(
    mirror.find("iswiki", "20100101"),
    /has no dump of 20100101; it has 20220201, 20220101, 20211201; older/,
  );
  await assert.rejects(
    mirror.find("nowhere", "latest"),
    /^UserError: nowhere: 127.0.0.1:\d+ has no such wiki; .*backup-index\.html/,
  );
  await assert.rejects(mirror.find("../etc", "latest"), /is no name of a wiki/);
});

testMirror(
  "DumpMirror.find() takes the parts of a large wiki in order, the joined file where there is one",
  async ({ stub, mirror }) => {
    const parts = ["10.xml-p1p2", "2.xml-p5p6", "1.xml-p1p2", "2.xml-p3p4"].map((part) =>
      `enwiki-20220101-pages-articles${part}.bz2`
    );
    stub.addDump("enwiki", "20220101", Object.fromEntries(parts.map((name) => [name, bytes])));
    const { files } = await mirror.find("enwiki", "latest");
    assert.deepEqual(files.map(({ name }) => name.replace(/^.*articles/, "")), [
      "1.xml-p1p2.bz2",
      "2.xml-p3p4.bz2",
      "2.xml-p5p6.bz2",
      "10.xml-p1p2.bz2",
    ]);
    const whole = { name: "enwiki-20220101-pages-articles.xml.bz2" };
    assert.deepEqual(articleFiles([...files, whole], "enwiki", "20220101"), [whole]);
  },
);

testMirror("DumpMirror.find() makes do with lists of checksums", async ({ stub, mirror }) => {
  const sums = `${"0".repeat(40)}  iswiki-20150101-pages-articles.xml.bz2\n${"1".repeat(40)}  other.gz\n`;
  stub.addText("/iswiki/20150101/iswiki-20150101-sha1sums.txt", sums);
  const { files } = await mirror.find("iswiki", "20150101");
  assert.deepEqual(files, [{
    name: "iswiki-20150101-pages-articles.xml.bz2",
    algorithm: "sha1",
    digest: "0".repeat(40),
  }]);
  stub.files.delete("/iswiki/");
  stub.addText("/iswiki/latest/iswiki-latest-sha1sums.txt", sums);
  assert.equal((await mirror.find("iswiki", "latest")).date, "20150101");
});

Deno.test("DumpMirror tells when a mirror is none, or cannot be reached", async () => {
  assert.throws(() => new DumpMirror("dumps"), /--mirror: dumps is no address; give one such as https:/);
  const gone = new StubMirror();
  await gone.close();
  const mirror = new DumpMirror(gone.address, { sleep: () => Promise.resolve() });
  await assert.rejects(mirror.find("iswiki", "latest"), /cannot be reached: the connection is refused; run/);
});

Deno.test("checkRoom() counts what a disk has left", () => {
  checkRoom(tmpdir(), 1);
  assert.throws(() => checkRoom(tmpdir(), 1e18), /: no room for \d+ MB more; free space or name another OUT/);
});

testMirror("download-dump prints what it does, and one line when it cannot", async ({ stub, directory }) => {
  const lines: string[] = [];
  const reporter = {
    progress: { write: () => {}, redraws: false, columns: 80 },
    line: (text: string): void => void lines.push(text.replaceAll(directory, "DIR")),
  };
  const run = (...args: string[]): Promise<number | undefined> =>
    runCommandLine(
      ["download-dump", ...args, "--mirror", stub.address],
      reporter,
      (text) => reporter.line(text),
    );
  assert.equal(await run("iswiki", directory), undefined);
  assert.equal(await run("iswiki", `${directory}/${NAME}`, "--date", "20220101"), undefined);
  assert.equal(await run("iswiki", `${directory}/new/dump.bz2`), undefined);
  assert.deepEqual(new Uint8Array(readFileSync(join(directory, "new", "dump.bz2"))), bytes);
  assert.equal(await run("iswiki", "--date", "2022"), 1);
  assert.match(
    lines.join("\n").replaceAll(/127[^ ,]*/g, "HOST"),
    new RegExp(`^iswiki 20220101 at HOST 1 file, 0.3 MB
DIR/${NAME}: 0.3 MB, sha1 verified .*
iswiki 20220101 at HOST 1 file, 0.3 MB
DIR/${NAME}: already there, sha1 verified
iswiki .*
DIR/new/dump.bz2: 0.3 MB, sha1 verified .*
.*give YYYYMMDD, such as 20220101, or latest`),
  );
});
