// Reads random and mutated wikitext, and mutated XML of dumps, until something goes wrong: an exception other than a UserError, an
// offset that is not its link's, or an input that takes unreasonably long. deno task fuzz-corpus [INPUTS] [SEED] [DUMP]
import assert from "node:assert/strict";
import { Namespaces, openDump, parseWikitext, readDump, sampleDumpPath, UserError } from "@lukeforge/corpus";
import { uniformGenerator } from "../model/random_normal.ts";
import { pathologicalWikitext } from "../corpus/testdata_pathological_wikitext.ts";
import { countArgument } from "./count_argument.ts";

const inputs = countArgument(0, "INPUTS", 1, 1e6);
const seed = countArgument(1, "SEED", 0, 1);
const dump = Deno.args[2] ?? sampleDumpPath();

const uniform = uniformGenerator(seed);
const below = (limit: number): number => Math.floor(uniform() * limit);
const pick = <T>(values: readonly [T, ...T[]]): T => values[below(values.length)] ?? values[0];

const MARKUP =
  "[[|]]|[|]|{{|}}|{{{|}}}|{||}\n||-|||!|''|'''|'''''|<!--|-->|<ref>|</ref>|<ref name=a />|<nowiki>|</nowiki>|<math>|</math>|" +
  "<table>|</table>|<td>|<tr a=b>|</td>|<caption>|<div>|</div>|<small>|</small>|<br/>|<gallery>|</gallery>|<includeonly>|</includeonly>|<onlyinclude>|-{|}-|zh:|==|===|\n|*|#|:|;|" +
  "----|__TOC__|__DISAMBIG__|File:|Category:|:Category:|thumb|http://a.b/c|https://|&nbsp;|&amp;|&#x1F929;|&#99999999;|%41|%0A|%5D%5D|%EF%B7%90|#redirect|" +
  "lang|convert|nowrap|~~~~|🤩|東京|é|\u200e|\u0000|\ufdd0|\ud83e|\udd29| |\t|a|B|word|.|,|(|)";
const TABLES = ["|", "||", "!!", "\n{|", "\n{|\n|", "\n|", "\n!", "\n|+", "\n|-\n", "\n|}"];
const pieces = MARKUP.split(/(?<!\|)\|(?!\|)/).concat(TABLES) as [string, ...string[]];

/** Random markup, a third of it repeated many times. */
function randomWikitext(): string {
  let text = "";
  for (let left = 1 + below(40); left > 0; left--) {
    text += pick(pieces).repeat(below(30) === 0 ? 1 + below(200) : 1);
  }
  return text;
}

/** A real text with pieces deleted, doubled, swapped in or cut off. */
function mutated(text: string): string {
  const start = below(text.length), length = 1 + below(1500);
  let part = text.slice(start, start + length);
  for (let left = 1 + below(6); left > 0; left--) {
    const at = below(part.length + 1), end = at + below(12);
    const instead = pick<() => string>([() => "", () => part.slice(at, end).repeat(2), () => pick(pieces)])();
    part = part.slice(0, at) + instead + part.slice(end);
  }
  return part;
}

const namespaces = new Namespaces();

function readWikitext(source: string): void {
  const context = { includeCaptions: true, includeTables: below(2) === 0, namespaces };
  for (const { text, links, heading } of parseWikitext(source, context).paragraphs) {
    assert.ok(text.length > 0 && heading >= -1);
    let at = 0;
    for (const link of links) {
      assert.ok(link.start >= at && link.start < link.end);
      assert.equal(text.slice(link.start, link.end), link.text);
      assert.ok(link.trail >= 0 && link.trail < link.text.length);
      at = link.end;
    }
  }
}

/** A few pages as XML, bytes changed; what is not refused is read. */
async function readXml(xml: Uint8Array): Promise<void> {
  const bytes = xml.slice();
  for (let left = 1 + below(8); left > 0; left--) bytes[below(bytes.length)] = below(256);
  const cut = below(4) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < cut.length;) {
      const next = at + 1 + below(4000);
      yield await Promise.resolve(cut.slice(at, next));
      at = next;
    }
  };
  try {
    const { pages } = await readDump(source(), { allowTruncated: below(2) === 0 });
    for await (const { text } of pages) readWikitext(text.slice(0, 2000));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

const texts: string[] = [];
let pagesXml =
  '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">\n' +
  "<siteinfo><dbname>enwiki</dbname><case>first-letter</case><namespaces></namespaces></siteinfo>\n";
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
for await (const { title, ns, text } of (await openDump(dump)).pages) {
  if (text.length > 0) texts.push(text);
  if (texts.length <= 4) {
    pagesXml += `<page><title>${escape(title)}</title><ns>${ns}</ns><revision><text>${
      escape(text.slice(0, 1500))
    }</text></revision></page>\n`;
  }
  if (texts.length >= 500) break;
}
const xml = new TextEncoder().encode(`${pagesXml}</mediawiki>\n`);

const began = performance.now();
let slowest = 0;
for (let input = 0; input < inputs; input++) {
  const kind = input % 20;
  const text = kind === 0
    ? pick(pathologicalWikitext as unknown as [[string, (count: number) => string]])[1](1 + below(300))
    : kind < 10
    ? randomWikitext()
    : mutated(pick(texts as [string, ...string[]]));
  const start = performance.now();
  try {
    if (kind === 19) await readXml(xml);
    else readWikitext(text);
  } catch (error) {
    console.error(`input ${input} of seed ${seed}: ${kind === 19 ? "XML" : JSON.stringify(text)}`);
    throw error;
  }
  slowest = Math.max(slowest, performance.now() - start);
  if ((input + 1) % 100_000 === 0) {
    console.log(
      `${input + 1} inputs, ${Math.round((performance.now() - began) / 1000)} s, slowest ${
        slowest.toFixed(0)
      } ms`,
    );
  }
}
console.log(
  `${inputs} inputs of seed ${seed}: no exception, every offset exact, slowest ${slowest.toFixed(0)} ms`,
);
