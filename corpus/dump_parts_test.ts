import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DumpPageParser } from "./dump_pages.ts";
import { type DumpReaderOptions, openDump, readDump } from "./dump_reader.ts";
import { TruncatedInputError } from "./input_errors.ts";
import { UserError } from "./user_error.ts";

/** A multistream dump of the pages A, B and C: header, two pages, one page, end of the root, each a bzip2 stream. */
const multistream = Uint8Array.from(
  atob(
    "QlpoOTFBWSZTWSIqdfQAAAjZgAAQUAHgFzevncAgAEhqajI81EB6jQNBqmTABME0w1DtFZ8oaCUjwrAoXq6G6IVXGuWFYeBqezh2D8GHOoh/2R" +
      "Il12GBSODs5XagEuh/xdyRThQkCIqdfQBCWmg5MUFZJlNZTwr4BgAAEF+AABBAAcAFMAAEACOl3UAgAGgVVD1NB6gAAKqamQAAaFzN4mZVKJVm" +
      "K2kMFarR45ShCFhDO2Il4cu0IVOl5V4aHpQUO1Wr0sTQhwTPkqKIQmcpPxdyRThQkE8K+AZCWmg5MUFZJlNZX+88FgAACF+AABBAAcAFCAAEAC" +
      "Ol3UAgAECUTKDTIYaQUAGI000ab0ic0Hmpy8uFSsXmzNIamxkthVgvwRkqaHBzEd6JMq2GPkd1Vi6H4u5IpwoSC/3ngsBCWmg5MUFZJlNZ7b5z" +
      "qgAAAVmAABAAAIAFJioAgCAAIgaGmggGmmgCSxSXWu8XckU4UJDtvnOq",
  ),
  (character) => character.charCodeAt(0),
);
/** Where each stream ends. */
const streamEnds = [107, 218, 317, 372];

const header = (dbname: string): string =>
  `<mediawiki version="0.11" xml:lang="en"><siteinfo><dbname>${dbname}</dbname></siteinfo>\n`;
const page = (title: string): string =>
  `<page><title>${title}</title><ns>0</ns><revision><text>Text of ${title}.</text></revision></page>\n`;

async function titles(paths: string | readonly string[], options: DumpReaderOptions = {}): Promise<string> {
  const { pages } = await openDump(paths, options);
  return (await Array.fromAsync(pages, ({ title }) => title)).join(" ");
}

function testFiles(
  name: string,
  test: (write: (name: string, data: string | Uint8Array) => string) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const directory = mkdtempSync(join(tmpdir(), "parts-"));
    try {
      await test((file, data) => {
        const path = join(directory, file);
        writeFileSync(path, data);
        return path;
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

testFiles("openDump() reads parts in the order given, each in its own format", async (write) => {
  const first = write("1.xml.bz2", multistream);
  const second = write("2.xml.gz", gzipSync(`${header("enwiki")}${page("D")}</mediawiki>`));
  const third = write("3.xml", `${header("enwiki")}${page("E")}${page("F")}</mediawiki>\n`);
  assert.equal(await titles([first, second, third]), "A B C D E F");
  const progress: (number | undefined)[] = [];
  assert.equal(
    await titles([third, first], { progress: (...given) => progress.push(...given) }),
    "E F A B C",
  );
  assert.equal(progress.at(-1), progress.at(-2));
});

testFiles(
  "openDump() refuses parts of another wiki, parts that are missing and parts named twice",
  async (write) => {
    const first = write("1.xml", `${header("enwiki")}${page("A")}</mediawiki>`);
    const other = write("2.xml", `${header("dewiki")}${page("A")}</mediawiki>`);
    await assert.rejects(
      titles([first, other]),
      /2\.xml: of another wiki \(dewiki\) than .*1\.xml \(enwiki\): give the parts/,
    );
    await assert.rejects(titles([first, first]), /1\.xml: named twice: name each part once/);
    await assert.rejects(titles([first, `${first}.gz`]), /1\.xml\.gz: cannot be opened: check the path/);
    await assert.rejects(titles([]), UserError);
  },
);

testFiles(
  "openDump() tells when name and header of a dump disagree, and believes the name",
  async (write) => {
    const xml = `${header("enwiki")}${page("A")}</mediawiki>`;
    const notices: string[] = [];
    const languageOf = async (name: string, language?: string): Promise<string> => {
      const options = { notice: (line: string) => void notices.push(line), ...(language && { language }) };
      const { siteinfo, pages } = await openDump(write(name, xml), options);
      await pages.return();
      return siteinfo.language;
    };
    assert.equal(await languageOf("enwiki-20220101-pages-articles.xml"), "en");
    assert.equal(await languageOf("dump.xml"), "en");
    assert.equal(await languageOf("iswiki-20220101-pages-articles.xml", "de"), "de");
    assert.deepEqual(notices, []);
    assert.equal(await languageOf("iswiki-20220101-pages-articles.xml"), "is");
    assert.match(
      notices.join(),
      /iswiki-20220101-pages-articles\.xml: its header says en, its name says is: read as is/,
    );
  },
);

testFiles("openDump() with allowTruncated goes on with the next part after a cut", async (write) => {
  const first = write("1.xml.bz2", multistream.subarray(0, 300));
  const second = write("2.xml", `${header("enwiki")}${page("D")}${page("E").slice(0, 50)}`);
  await assert.rejects(
    titles([first, second]),
    /1\.xml\.bz2: cut off at byte 300: download it again, or pass --allow-truncated/,
  );
  assert.equal(await titles([first, second], { allowTruncated: true }), "A B D");
});

testFiles("openDump() tells a multistream dump cut off anywhere, also between streams", async (write) => {
  const whole = ["", "A B", "A B C", "A B C"];
  for (let length = 1; length < multistream.length; length += 3) {
    const path = write("cut.xml.bz2", multistream.subarray(0, length));
    await assert.rejects(
      titles(path, { workers: 1 }),
      (error) =>
        error instanceof TruncatedInputError
          ? /cut\.xml\.bz2: cut off at (?:byte \d+|byte \d+ of its XML, .*): download/.test(error.message)
          : error instanceof UserError && length < 4,
    );
    const streams = streamEnds.filter((end) => end <= length).length;
    if (streams < 2) continue;
    // A block is whole before the end of its stream is.
    const kept = await titles(path, { allowTruncated: true, workers: 1 });
    assert.ok(kept === whole[streams - 1] || kept === whole[streams], `${length}: ${kept}`);
  }
});

testFiles("openDump() reads standard input, whatever its format", async (write) => {
  const script = write(
    "read.ts",
    `import { openDump } from ${JSON.stringify(new URL("./dump_reader.ts", import.meta.url).href)};
     for await (const { title } of (await openDump("-")).pages) console.log(title);`,
  );
  const config = new URL("../deno.json", import.meta.url).pathname;
  const read = async (data: Uint8Array): Promise<string> => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--no-lock", "--config", config, script],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const input = child.stdin.getWriter();
    await input.write(data);
    await input.close();
    const { stdout, stderr } = await child.output();
    return new TextDecoder().decode(stdout) +
      (/UserError: (.*)/.exec(new TextDecoder().decode(stderr))?.[1] ?? "");
  };
  const results = await Promise.all(
    [multistream, gzipSync(`${header("enwiki")}${page("D")}</mediawiki>`), new Uint8Array()].map(read),
  );
  assert.deepEqual(results, ["A\nB\nC\n", "D\n", "standard input: is empty: download it again"]);
});

Deno.test("DumpPageParser.parse() names the byte of XML that makes no sense", () => {
  const siteinfo = {
    language: "en",
    dbname: "enwiki",
    base: "",
    version: "0.11",
    namespaces: [],
    caseSensitive: false,
    caseSensitiveNamespaces: [],
  };
  const parser = new DumpPageParser(siteinfo);
  const parse = (
    xml: string,
  ): unknown => [...parser.parse({ name: "dump.xml", offset: 1000, bytes: new TextEncoder().encode(xml) })];
  const good = page("Ä");
  for (
    const bad of [
      good.replace("</page>", "</pXge>") + good,
      good.replace("<title>", "<tXtle>"),
      good.replace("</text>", "</tXxt>"),
      good.replace("<ns>0", "<ns>x"),
    ]
  ) assert.throws(() => parse(good + bad), /dump\.xml: damaged near byte 1086 \(in its XML/);
});

Deno.test("DumpPageParser.parse() takes the last revision, and of it the first slot", () => {
  const parser = new DumpPageParser({
    language: "en",
    dbname: "",
    base: "",
    version: "0.11",
    namespaces: [],
    caseSensitive: false,
    caseSensitiveNamespaces: [],
  });
  const revision = (...texts: string[]): string =>
    `<revision>${texts.map((text) => `<content><text>${text}</text></content>`).join("")}</revision>`;
  const xml = `<page><title>A</title><ns>0</ns>${revision("old")}${
    revision("&amp;lt;new&#33;", "data")
  }</page>`;
  const [read] = parser.parse({ name: "x", offset: 0, bytes: new TextEncoder().encode(xml) });
  assert.equal(read?.text, "&lt;new!");
});

Deno.test("readDump() leaves out a page of more than 16 MB, whatever its length, and says so", async () => {
  const piece = new TextEncoder().encode("long ".repeat(200_000));
  const source = async function* (megabytes: number, end: string): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(`${header("enwiki")}${page("A")}<page><title>B</title><revision><text>`);
    for (let i = 0; i < megabytes; i++) yield piece;
    yield new TextEncoder().encode(end);
  };
  const rest = `</text></revision></page>\n${page("C")}</mediawiki>`;
  for (const [megabytes, titles] of [[15, "ABC"], [17, "AC"], [40, "AC"]] as const) {
    const notices: string[] = [];
    const dump = await readDump(source(megabytes, rest), { notice: (line) => notices.push(line) });
    assert.equal((await Array.fromAsync(dump.pages, ({ title }) => title)).join(""), titles);
    if (titles === "ABC") assert.deepEqual(notices, []);
    else {
      assert.equal(notices.length, 1);
      assert.match(
        notices[0] ?? "",
        /^dump: the page "B" at byte \d+ of its XML is left out: .* 16777216 bytes$/,
      );
    }
  }
  for (const megabytes of [15, 17, 40]) {
    await assert.rejects(
      Array.fromAsync((await readDump(source(megabytes, ""))).pages),
      /^UserError: dump: cut off at byte \d+ of its XML, after the page "A"/,
    );
  }
});

Deno.test("readDump() holds a few revisions of a page, however many it has, and wants pages", async () => {
  const revision = (text: string): string => `<revision><text>${text}</text></revision>\n`;
  const old = new TextEncoder().encode(revision("old ".repeat(250_000)));
  const source = async function* (end: string): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(`${header("enwiki")}${page("A")}<page><title>B</title><ns>0</ns>`);
    for (let i = 0; i < 36; i++) yield old;
    yield new TextEncoder().encode(end);
  };
  const { pages } = await readDump(source(`${revision("new")}</page></mediawiki>`));
  const read = await Array.fromAsync(pages, ({ title, text }) => `${title}: ${text}`);
  assert.deepEqual(read, ["A: Text of A.", "B: new"]);
  const cut = await readDump(source(""));
  await assert.rejects(Array.fromAsync(cut.pages), /cut off at byte \d+ of its XML, after the page "A"/);
  const empty = async function* (): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(`${header("enwiki")}${page("A")}`);
    for (let i = 0; i < 9; i++) yield new Uint8Array(8_000_000).fill(0x20);
  };
  await assert.rejects(
    Array.fromAsync((await readDump(empty())).pages),
    /dump: no page in 16777216 bytes after byte \d+/,
  );
});
