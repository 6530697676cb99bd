// The time that reading wikitext takes, per run over all articles of a dump. `deno bench -A corpus/`
import { existsSync } from "node:fs";
import { openDump } from "./dump_reader.ts";
import { Namespaces } from "./namespaces.ts";
import { sampleDumpPath } from "./sample.ts";
import { parseWikitext, type WikitextContext } from "./wikitext.ts";

async function articlesOf(path: string): Promise<{ texts: string[]; context: WikitextContext }> {
  const { siteinfo, pages } = await openDump(path);
  const texts: string[] = [];
  for await (const page of pages) if (page.ns === 0 && page.redirect === undefined) texts.push(page.text);
  const { language, caseSensitive } = siteinfo;
  return {
    texts,
    context: { language, caseSensitive, namespaces: new Namespaces(siteinfo.namespaces, language) },
  };
}

const dumps = new URL("../../shared/data/wikidumps/", import.meta.url);
const english = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2";
for (const path of [sampleDumpPath(), new URL(english, dumps).pathname].filter((path) => existsSync(path))) {
  const { texts, context } = await articlesOf(path);
  const megabytes = (texts.reduce((sum, text) => sum + text.length, 0) / 1e6).toFixed(1);
  Deno.bench(`parseWikitext() of ${texts.length} articles, ${megabytes} million characters`, () => {
    for (const text of texts) parseWikitext(text, context);
  });
}

Deno.bench("parseWikitext() of one line of a million characters", { group: "long" }, () => {
  parseWikitext("The [[quick]] {{lang|la|vulpes}} jumps ({{x}}, {{y}}) over. ".repeat(17_000));
});
