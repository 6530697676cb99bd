// The time that training a WordPiece vocabulary takes. `deno bench -A vocab/`
import { existsSync } from "node:fs";
import { openDump, parseWikitext, sampleDumpPath } from "@lukeforge/corpus";
import { trainWordPiece } from "./train_wordpiece.ts";

async function paragraphsOf(path: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const page of (await openDump(path)).pages) {
    if (page.ns === 0) texts.push(...parseWikitext(page.text).paragraphs.map(({ text }) => text));
  }
  return texts;
}

const dumps = new URL("../../shared/data/wikidumps/", import.meta.url);
const english = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2";
const corpora: [path: string, vocabSize: number][] = [
  [sampleDumpPath(), 2000],
  [new URL(english, dumps).pathname, 30_000],
];
for (const [path, vocabSize] of corpora.filter(([path]) => existsSync(path))) {
  const texts = await paragraphsOf(path);
  const megabytes = (texts.reduce((sum, text) => sum + text.length, 0) / 1e6).toFixed(1);
  Deno.bench(`trainWordPiece() to ${vocabSize} tokens from ${megabytes} million characters`, () => {
    trainWordPiece(texts, { vocabSize });
  });
}
