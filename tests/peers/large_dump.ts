/**
 * `deno run -A tests/peers/large_dump.ts DUMP OUT [MEGABYTES] [PAGES_PER_STREAM]`: a dump of MEGABYTES (300 unless told) of XML
 * made by repeating the pages of DUMP. Each copy but the first has titles of its own (`Title (copy 7)`), and its redirects lead to
 * its own pages. OUT ends in `.xml`, or in `.xml.bz2` where the `bzip2` program compresses it: one stream, or with
 * PAGES_PER_STREAM a multistream dump, laid out as Wikimedia lays out its own.
 */
import { type FileHandle, open } from "node:fs/promises";
import { type DumpPage, openDump } from "@lukeforge/corpus";

const [dump, out, megabytes = "300", perStream] = Deno.args;
if (dump === undefined || out === undefined) {
  console.error("give DUMP and OUT");
  Deno.exit(2);
}

/** Where the XML goes: pieces between two calls of `cut` make a stream. */
interface Sink {
  write(text: string): Promise<void>;
  cut(): Promise<void>;
}

function plainSink(file: FileHandle): Sink {
  return { write: (text) => file.writeFile(text), cut: () => Promise.resolve() };
}

function bzip2Sink(file: FileHandle): Sink {
  let child: Deno.ChildProcess | undefined;
  let input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  let copied: Promise<void> | undefined;
  const encoder = new TextEncoder();
  return {
    async write(text) {
      if (input === undefined) {
        child = new Deno.Command("bzip2", { args: ["-9c"], stdin: "piped", stdout: "piped" }).spawn();
        input = child.stdin.getWriter();
        const { stdout } = child;
        copied = (async () => {
          for await (const chunk of stdout) await file.writeFile(chunk);
        })();
      }
      await input.write(encoder.encode(text));
    },
    async cut() {
      await input?.close();
      await copied;
      await child?.status;
      input = undefined;
    },
  };
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

function pageXml({ title, ns, redirect, text }: DumpPage, copy: number, id: number): string {
  const renamed = (name: string): string => escape(copy === 0 ? name : `${name} (copy ${copy})`);
  return `  <page>\n    <title>${renamed(title)}</title>\n    <ns>${ns}</ns>\n    <id>${id}</id>\n` +
    (redirect === undefined ? "" : `    <redirect title="${renamed(redirect)}" />\n`) +
    `    <revision>\n      <id>${id}</id>\n      <timestamp>2025-01-01T00:00:00Z</timestamp>\n` +
    `      <contributor>\n        <username>Example</username>\n        <id>1</id>\n      </contributor>\n` +
    `      <model>wikitext</model>\n      <format>text/x-wiki</format>\n` +
    `      <text bytes="${text.length}" xml:space="preserve">${escape(text)}</text>\n` +
    `      <sha1>${"0".repeat(31)}</sha1>\n    </revision>\n  </page>\n`;
}

const { siteinfo, pages } = await openDump(dump, { allowTruncated: true });
const all = await Array.fromAsync(pages);
const { language } = siteinfo;
const header =
  `<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="${language}">\n` +
  `  <siteinfo>\n    <sitename>Wikipedia</sitename>\n    <dbname>${language}wiki</dbname>\n` +
  `    <base>https://${language}.wikipedia.org/wiki/Main_Page</base>\n    <case>first-letter</case>\n` +
  `    <namespaces>\n` +
  siteinfo.namespaces.map(([key, name]) =>
    `      <namespace key="${key}" case="first-letter"${
      name === "" ? " /" : `>${escape(name)}</namespace`
    }>\n`
  ).join("") + `    </namespaces>\n  </siteinfo>\n`;

const file = await open(out, "w");
const sink = out.endsWith(".bz2") ? bzip2Sink(file) : plainSink(file);
await sink.write(header);
if (perStream !== undefined) await sink.cut();
let id = 0;
let length = header.length;
for (let copy = 0; length < Number(megabytes) * 1e6; copy++) {
  for (const page of all) {
    const xml = pageXml(page, copy, ++id);
    length += new TextEncoder().encode(xml).length;
    await sink.write(xml);
    if (perStream !== undefined && id % Number(perStream) === 0) await sink.cut();
  }
}
if (perStream !== undefined) await sink.cut();
await sink.write("</mediawiki>\n");
await sink.cut();
await file.close();
console.log(`${out}: ${id} pages, ${(length / 1e6).toFixed(0)} MB of XML`);
