import assert from "node:assert/strict";
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { decompressBzip2 } from "./bzip2.ts";
import type { DumpPage } from "./dump_pages.ts";
import { type DumpReaderOptions, openDump, readDump } from "./dump_reader.ts";
import { TruncatedInputError } from "./input_errors.ts";
import type { SiteInfo } from "./siteinfo.ts";
import { UserError } from "./user_error.ts";

const header = `<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="de">
  <siteinfo><dbname>dewiki</dbname><case>first-letter</case><namespaces>
    <namespace key="0" case="first-letter" /><namespace key="6" case="first-letter">Datei</namespace>
    <namespace key="4" case="first-letter">A &amp; B</namespace>
  </namespaces></siteinfo>`;
const page = (title: string, inside: string): string => `<page><title>${title}</title>${inside}</page>`;
const revision = (text: string): string =>
  `<revision><id>1</id><contributor deleted="deleted" /><comment>x</comment><text bytes="1" xml:space="preserve">${text}</text></revision>`;

const dump = header +
  page(
    "Tom &amp; Jerry",
    `<ns>0</ns>${revision("old")}${revision("a &lt;b&gt; &amp;nbsp; &quot;🤩&quot;")}`,
  ) +
  page("Datei:X.jpg", `<ns>6</ns><revision><text bytes="0" /></revision>`) +
  page(
    "Umleitung",
    `<ns>0</ns><redirect title="Ziel &quot;x&quot;" />${revision("#WEITERLEITUNG [[Ziel]]")}`,
  ) + "</mediawiki>\n";

async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const encoded = new TextEncoder().encode(text);
  for (let at = 0; at < encoded.length; at += size) yield encoded.slice(at, at + size);
}

async function read(
  text: string,
  size = 1000,
  options: DumpReaderOptions = {},
): Promise<{ siteinfo: SiteInfo; pages: DumpPage[] }> {
  const { siteinfo, pages } = await readDump(chunks(text, size), options);
  return { siteinfo, pages: await Array.fromAsync(pages) };
}

for (const size of [1, 3, 17, 10_000]) {
  Deno.test(`readDump() gives header and pages from chunks of ${size} bytes`, async () => {
    const { siteinfo, pages } = await read(dump, size);
    assert.deepEqual(siteinfo, {
      language: "de",
      dbname: "dewiki",
      base: "",
      version: "0.11",
      namespaces: [[0, ""], [6, "Datei"], [4, "A & B"]],
      caseSensitive: false,
      caseSensitiveNamespaces: [],
    });
    assert.deepEqual(pages, [
      { title: "Tom & Jerry", ns: 0, text: 'a <b> &nbsp; "🤩"' },
      { title: "Datei:X.jpg", ns: 6, text: "" },
      { title: "Umleitung", ns: 0, redirect: 'Ziel "x"', text: "#WEITERLEITUNG [[Ziel]]" },
    ]);
  });
}

Deno.test("readDump() derives namespace and redirect where the schema is older than 0.6", async () => {
  const old = dump.replaceAll("0.11", "0.3").replaceAll(/<ns>\d<\/ns>/g, "").replace(
    /<redirect[^>]*>/,
    "<redirect />",
  );
  const { pages } = await read(old);
  assert.deepEqual(pages.map(({ ns, redirect }) => [ns, redirect]), [[0, undefined], [6, undefined], [
    0,
    "Ziel",
  ]]);
});

Deno.test("readDump() takes the language from the option", async () => {
  assert.equal((await read(dump, 100, { language: "bar" })).siteinfo.language, "bar");
});

Deno.test("readDump() reads dumps one after the other as one", async () => {
  assert.equal((await read(dump + dump)).pages.length, 6);
});

Deno.test("readDump() tells what is wrong with other input", async () => {
  await assert.rejects(
    read("<html>no</html>"),
    /^UserError: dump: not a MediaWiki dump .*give a pages-articles dump/,
  );
  await assert.rejects(read(""), UserError);
  await assert.rejects(read(header + "</mediawiki>"), /^UserError: dump: a dump without any page: /);
});

Deno.test("readDump() reports a dump cut off anywhere, or keeps the whole pages before", async () => {
  for (let length = header.length; length < dump.trimEnd().length; length += 5) {
    const cut = dump.slice(0, length);
    await assert.rejects(
      read(cut),
      (error) => error instanceof TruncatedInputError && /cut off at/.test(error.message),
    );
    const whole = cut.split("</page>").length - 1;
    if (whole > 0) assert.equal((await read(cut, 50, { allowTruncated: true })).pages.length, whole);
  }
});

Deno.test("openDump() opens plain and gzip files and refuses others", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dump-"));
  const write = (name: string, data: string | Uint8Array): string => {
    const path = join(directory, name);
    writeFileSync(path, data);
    return path;
  };
  try {
    for (const path of [write("a.xml", dump), write("a.gz", gzipSync(dump))]) {
      const steps: (number | undefined)[] = [];
      const opened = await openDump(path, { progress: (done, total) => steps.push(done, total) });
      assert.equal((await Array.fromAsync(opened.pages)).length, 3);
      assert.equal(steps.at(-2), steps.at(-1));
    }
    const members = Buffer.concat([gzipSync(dump.slice(0, 99)), gzipSync(dump.slice(99)), Buffer.alloc(9)]);
    assert.equal((await Array.fromAsync((await openDump(write("b.gz", members))).pages)).length, 3);
    await assert.rejects(
      openDump(join(directory, "none.xml")),
      /none\.xml: cannot be opened: check the path/,
    );
    await assert.rejects(openDump(directory), /not a file/);
    await assert.rejects(openDump(write("e.xml", "")), /e\.xml: is empty/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const whole = gzipSync(dump);
const flipped = whole.map((byte, i) => i === whole.length - 6 ? byte ^ 1 : byte);
const broken: [what: string, name: string, data: Uint8Array | string, message: RegExp][] = [
  ["gzip data cut off", "a.gz", whole.subarray(0, 300), /a\.gz: cut off at byte 300:/],
  ["damaged gzip data", "a.gz", flipped, /a\.gz: damaged near byte \d+ \(incorrect data check\)/],
  [
    "something after gzip data",
    "a.gz",
    Buffer.concat([whole, Buffer.from("garbage")]),
    /a\.gz: damaged near byte/,
  ],
  ["a 7z archive", "a.7z", Uint8Array.of(0x37, 0x7a, 0xbc, 0xaf), /a\.7z: compressed in a way/],
  ["xz data", "a.xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0), /a\.xz: compressed in a way/],
  [
    "Latin-1",
    "a.xml",
    Buffer.from(dump.replace("old", "\xe9"), "latin1"),
    /not UTF-8 at byte 514 of its XML/,
  ],
  ["UTF-16", "a.xml", Buffer.from(`\ufeff${dump}`, "utf16le"), /not UTF-8 at byte 0 of its XML: give a/],
];
for (const [what, name, data, message] of broken) {
  Deno.test(`openDump() names file, place and remedy for ${what}`, async () => {
    const directory = mkdtempSync(join(tmpdir(), "dump-"));
    try {
      writeFileSync(join(directory, name), data);
      const read = async (): Promise<unknown> =>
        await Array.fromAsync((await openDump(join(directory, name))).pages);
      await assert.rejects(read(), (error) => error instanceof UserError && message.test(error.message));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

Deno.test({
  name: "openDump() reports a file that the system cannot read",
  ignore: !existsSync("/proc/self/mem"),
  fn: async () => {
    await assert.rejects(
      openDump("/proc/self/mem"),
      /^UserError: \/proc\/self\/mem: cannot be read at byte 0 /,
    );
  },
});

Deno.test("readDump() ends its source when the dump is none, and when nothing of it is read", async () => {
  let open = 0;
  const source = async function* (...parts: string[]): AsyncGenerator<Uint8Array> {
    open++;
    try {
      for (const part of parts) yield new TextEncoder().encode(part);
    } finally {
      open--;
    }
  };
  await assert.rejects(readDump(source("hello".repeat(20_000), "more")), /not a MediaWiki dump/);
  assert.equal(open, 0);
  const whole = [header, page("A", revision("a")), "</mediawiki>"];
  await (await readDump(source(...whole))).segments.return();
  await (await readDump(source(...whole))).pages.return();
  assert.equal(open, 0);
});

Deno.test("readDump() replaces characters that no text can hold", async () => {
  const { pages } = await read(header + page("A", revision("a&#0;b&#xd800;c&#x1F929;")) + "</mediawiki>");
  assert.equal(pages[0]?.text, "a\ufffdb\ufffdc🤩");
});

const dumps = new URL("../../shared/data/wikidumps/", import.meta.url);
const expected: [name: string, pages: number, redirects: number, language: string][] = [
  ["smallwiki-latest-pages-articles.xml.bz2", 2004, 195, "ltg"],
  ["enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2", 206, 100, "en"],
  ["jawiki-20250801-pages-articles-multistream_100k_lines.xml.bz2", 234, 27, "ja"],
  ["aawiki-20260101-pages-meta-current.xml.bz2", 507, 19, "aa"],
  ["wikipedia2vec-enwiki-pages-articles-sample.xml.bz2", 3, 1, "en"],
  ["tinywiki-latest-pages-articles.xml.bz2", 8, 0, "ltg"],
  ["enwiki-table-markup.xml.bz2", 5, 0, "en"],
  ["enwiki-20090902-pages-articles-sample.xml", 4, 2, "en"],
  // The headers of the next four are enwiki's.
  ["frwiki-20101103-pages-articles-sample.xml", 6, 1, "fr"],
  ["iswiki.xml.bz2", 1, 0, "is"],
  ["ptwiki.xml.bz2", 1, 0, "pt"],
  ["kowiki.xml.bz2", 1, 0, "ko"],
  // A page without a root.
  ["wikiclean-ptwiki-test.xml", 1, 0, ""],
];
for (const [name, count, redirects, language] of expected) {
  const file = new URL(name, dumps);
  Deno.test({
    name: `openDump() reads ${name}`,
    ignore: !existsSync(file),
    fn: async () => {
      const { siteinfo, pages } = await openDump(file.pathname);
      const all = await Array.fromAsync(pages);
      assert.equal(siteinfo.language, language);
      assert.equal(all.length, count);
      assert.equal(all.filter(({ redirect }) => redirect !== undefined).length, redirects);
      assert.ok(all.every(({ title, ns }) => title !== "" && Number.isInteger(ns)));
    },
  });
}

const japanese = new URL(expected[2]?.[0] ?? "", dumps);
Deno.test({
  name: "openDump() with allowTruncated gives every whole page of a dump cut off in the middle",
  ignore: !existsSync(japanese),
  fn: async () => {
    const directory = mkdtempSync(join(tmpdir(), "dump-"));
    try {
      const cut = join(directory, "cut.xml.bz2");
      const length = 1_500_000;
      writeFileSync(cut, readFileSync(japanese).subarray(0, length));
      const read = async (allowTruncated: boolean): Promise<DumpPage[]> =>
        await Array.fromAsync((await openDump(cut, { allowTruncated })).pages);
      await assert.rejects(
        read(false),
        new RegExp(`cut\\.xml\\.bz2: cut off at byte ${length}: .*--allow-truncated`),
      );
      const kept = await read(true);
      const all = await Array.fromAsync((await openDump(japanese.pathname)).pages);
      assert.deepEqual(kept, all.slice(0, kept.length));
      let xml = "";
      const decoder = new TextDecoder();
      try {
        for await (const part of decompressBzip2(createReadStream(cut))) {
          xml += decoder.decode(part, { stream: true });
        }
      } catch (error) {
        assert.ok(error instanceof TruncatedInputError);
      }
      assert.equal(kept.length, xml.split("</page>").length - 1);
      assert.ok(kept.length > 100);
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
});
