import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDumpDB } from "./build_dump_db.ts";
import { DumpDB, type WikiPage } from "./dump_db.ts";
import type { DumpPage } from "./dump_pages.ts";
import { openDump } from "./dump_reader.ts";
import { sampleDumpPath } from "./sample.ts";

interface Sample {
  /** The pages of the dump, wikitext and all, in its order. */
  pages: DumpPage[];
  /** The articles as the page database has them. */
  articles: WikiPage[];
  redirects: Map<string, string>;
  /** A title at the end of its chain of redirects. */
  resolve(title: string): string;
}

async function readSample(): Promise<Sample> {
  const directory = mkdtempSync(join(tmpdir(), "sample-"));
  try {
    const path = join(directory, "pages.db");
    await buildDumpDB(sampleDumpPath(), path);
    const pages = await Array.fromAsync((await openDump(sampleDumpPath())).pages);
    using db = DumpDB.open(path);
    const redirects = new Map(db.redirects());
    const resolved = new Map([...redirects.keys()].map((title) => [title, db.resolveRedirect(title)]));
    const articles = [...db.pages()].filter((page) => !page.isDisambiguation);
    return { pages, articles, redirects, resolve: (title) => resolved.get(title) ?? title };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const sample = readSample();

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
}

function text(page: WikiPage): string {
  return page.paragraphs.map((paragraph) => paragraph.text).join("\n");
}

Deno.test("sampleDumpPath() names a dump whose header is whole", async () => {
  const { siteinfo, pages } = await openDump(sampleDumpPath());
  await pages.return();
  equal(siteinfo.language, "en");
  equal(siteinfo.version, "0.11");
  equal(siteinfo.namespaces.length, 18);
  deepEqual(siteinfo.namespaces.find(([number]) => number === 4), [4, "Encyclopedia of the Orlen Isles"]);
});

Deno.test("sampleDumpPath() holds at least 120 articles and 25,000 words of prose, in order of title", async () => {
  const { articles, pages } = await sample;
  ok(articles.length >= 120, `${articles.length} articles`);
  const count = articles.reduce((sum, page) => sum + words(text(page)).length, 0);
  ok(count >= 25_000, `${count} words`);
  const titles = pages.map((page) => page.title);
  deepEqual(titles, titles.toSorted((a, b) => a < b ? -1 : 1));
  equal(new Set(titles).size, titles.length);
});

Deno.test("sampleDumpPath() says no sentence twice and seldom repeats six words", async () => {
  const { articles } = await sample;
  const sentences = new Set<string>();
  const sequences = new Map<string, number>();
  for (const page of articles) {
    for (const sentence of text(page).split(/(?<=[.!?])["'”’)]*\s+/u)) {
      const key = words(sentence).join(" ");
      if (key.split(" ").length < 3) continue;
      ok(!sentences.has(key), `${page.title}: ${sentence}`);
      sentences.add(key);
    }
    const all = words(text(page));
    for (let i = 0; i + 6 <= all.length; i++) {
      const key = all.slice(i, i + 6).join(" ");
      sequences.set(key, (sequences.get(key) ?? 0) + 1);
    }
  }
  const counts = [...sequences.values()];
  const total = counts.reduce((sum, n) => sum + n, 0);
  const repeated = counts.reduce((sum, n) => n > 2 ? sum + n : sum, 0);
  ok(repeated <= 0.02 * total, `${repeated} of ${total} sequences`);
});

Deno.test("sampleDumpPath() links well: every link arrives, every article has three, 60 entities have eight", async () => {
  const { articles, pages, redirects, resolve } = await sample;
  const known = new Set(pages.map((page) => page.title));
  for (const [source, target] of redirects) ok(known.has(target), `${source} -> ${target}`);
  const counts = new Map<string, number>();
  for (const page of articles) {
    const links = page.paragraphs.flatMap((paragraph) => paragraph.links);
    ok(links.length >= 3, `${page.title}: ${links.length} links`);
    for (const { title } of links) {
      ok(known.has(title), `${page.title} links ${title}`);
      const target = resolve(title);
      counts.set(target, (counts.get(target) ?? 0) + 1);
    }
  }
  const often = [...counts.values()].filter((n) => n >= 8).length;
  ok(often >= 60, `${often} entities`);
});

Deno.test("sampleDumpPath() has fragments that name sections of their pages", async () => {
  const { pages, resolve } = await sample;
  const sources = new Map(pages.map((page) => [page.title, page.text]));
  let found = 0;
  for (const page of pages) {
    for (const [link, title = "", section = ""] of page.text.matchAll(/\[\[([^[\]|#]+)#([^[\]|]+)/g)) {
      const headings = sources.get(resolve(title))?.matchAll(/^==+ *(.*?) *==+$/gm) ?? [];
      ok([...headings].some(([, heading]) => heading === section), `${page.title}: ${link}`);
      found++;
    }
  }
  ok(found >= 8, `${found} fragments`);
});

Deno.test("sampleDumpPath() has redirects, a chain of three of them that is linked, and a disambiguation page", async () => {
  const { pages, articles, redirects, resolve } = await sample;
  ok(redirects.size >= 8, `${redirects.size} redirects`);
  deepEqual(["The Lady", "The Lady River", "Nave River"].map((title) => redirects.get(title)), [
    "The Lady River",
    "Nave River",
    "River Nave",
  ]);
  equal(resolve("The Lady"), "River Nave");
  ok(articles.some((page) => page.paragraphs.some((p) => p.links.some((link) => link.title === "The Lady"))));
  equal(pages.filter((page) => /\{\{disambiguation\}\}/.test(page.text)).length, 1);
  ok(!articles.some((page) => page.title === "Orrin"));
});

/** What the wikitext of the articles must show, and on how many pages at least. */
const features: [feature: string, pattern: RegExp, atLeast: number][] = [
  ["plain links", /\[\[[^[\]|:#]+\]\]/, 120],
  ["piped links", /\[\[[^[\]|:]+\|[^[\]]+\]\]/, 10],
  ["links with fragments", /\[\[[^[\]|:#]+#[^[\]|]+\|/, 8],
  ["links with trails", /\[\[[^[\]]+\]\][a-z]/, 5],
  ["links in italics", /''\[\[[^[\]]+\]\]''/, 5],
  ["templates nested three deep", /\{\{[^{}]*\{\{[^{}]*\{\{[^{}]*\}\}[^{}]*\}\}[^{}]*\}\}/, 10],
  ["infoboxes", /^\{\{Infobox /m, 10],
  ["inline templates", /[a-z(] ?\{\{(?:lang|circa|convert)\|/, 10],
  ["tables with a link in a cell", /^\{\| class="wikitable"\n(?:(?!\|\}).*\n)*?\|(?![-}]).*\[\[/m, 5],
  ["references", /<ref>[^<]+<\/ref>/, 5],
  ["references used again", /<ref name="\w+" \/>/, 5],
  ["galleries", /<gallery>\n[^<]+<\/gallery>/, 5],
  ["categories", /^\[\[Category:[^[\]]+\]\]$/m, 144],
  ["files with a link in the caption", /\[\[File:[^[\]]*\[\[[^[\]]+\]\][^[\]]*\]\]/, 5],
  ["HTML entities", /&(?:nbsp|ndash|amp|ldquo);/, 10],
  ["comments", /<!--.*?-->/s, 5],
  ["nowiki", /<nowiki>.*?<\/nowiki>/, 5],
  ["bold titles", /'''[^']/, 140],
  ["italics", /(?<!')''[^']/, 20],
  ["bold italics", /(?<!')'''''[^']/, 5],
  ["bulleted lists", /^\* ?\S/m, 5],
  ["numbered lists", /^# ?\S/m, 5],
  ["external links", /\[https:\/\/\S+ [^\]]+\]/, 5],
  ["small print", /<small>/, 5],
  ["headings", /^== [^=]+ ==$/m, 144],
  ["a character beyond the basic plane before a link", /[\u{10000}-\u{10ffff}][^\n]*\[\[/u, 5],
];

Deno.test.each(features)("sampleDumpPath() shows %s", async (_feature, pattern, atLeast) => {
  const { pages } = await sample;
  const shown = pages.filter((page) => page.ns === 0 && pattern.test(page.text)).length;
  ok(shown >= atLeast, `${shown} of ${atLeast} pages`);
});

Deno.test("sampleDumpPath() has pages in other namespaces, a template in use among them", async () => {
  const { pages } = await sample;
  const others = new Map(pages.filter((page) => page.ns !== 0).map((page) => [page.title, page.ns]));
  deepEqual(new Set(others.values()), new Set([1, 4, 10, 12, 14]));
  equal(others.get("Template:Infobox settlement"), 10);
  ok(pages.filter((page) => page.text.includes("{{Infobox settlement")).length >= 2);
});

Deno.test("sampleDumpPath() leaves no markup in the prose that the reader makes of it, but for nowiki", async () => {
  const { articles, pages } = await sample;
  const sources = new Map(pages.map((page) => [page.title, page.text]));
  for (const page of articles) {
    const shown = sources.get(page.title)?.matchAll(/<nowiki>(.*?)<\/nowiki>/g) ?? [];
    const literal = [...shown].map(([, markup = ""]) => markup);
    for (const { text, links } of page.paragraphs) {
      for (const link of links) equal(text.slice(link.start, link.end), link.text);
      ok(!/\(\s*[,;)]|[\s,;(]\)| [,.;]/.test(text), `${page.title}: ${text}`);
      const rest = literal.reduce((rest, markup) => rest.replace(markup, ""), text);
      ok(!/''|\{\{|\{\||\[\[|<|Category:|File:|&\w+;/.test(rest), `${page.title}: ${text}`);
    }
  }
});

Deno.test("sampleDumpPath() counts the bytes of every text", () => {
  const xml = readFileSync(sampleDumpPath(), "utf8");
  const texts = [...xml.matchAll(/<text bytes="(\d+)"[^>]*>([^<]*)<\/text>/g)];
  ok(texts.length > 150);
  for (const [, bytes, text = ""] of texts) {
    equal(new TextEncoder().encode(decodeXml(text)).length, Number(bytes));
  }
});

function decodeXml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll(
    "&amp;",
    "&",
  );
}
