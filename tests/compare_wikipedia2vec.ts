// Compares the links and words that we read from dumps with those that wikipedia2vec reads, as by default and with tables. Without arguments, the three dumps of
// ../shared/data against versions 1.0.5 and 2.0.0: deno task compare-wikipedia2vec [DUMP GOLDEN]…
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Bag } from "./bag.ts";
import { compareDump, type Comparison } from "./wikipedia2vec_comparison.ts";
import { readGolden, referencePairs } from "./wikipedia2vec_golden.ts";
import { missKinds } from "./wikipedia2vec_links.ts";
import { type WordKind, wordKinds } from "./wikipedia2vec_words.ts";

const percent = (part: number, whole: number): string =>
  whole === 0 ? "-" : `${(100 * part / whole).toFixed(2)} %`;

function printLinks({ links }: Comparison): void {
  const { total, found, misses, ours, wrongOffsets } = links;
  console.log(`  links of wikipedia2vec found: ${found} of ${total}, ${percent(found, total)}`);
  for (const [kind, why] of Object.entries(missKinds)) {
    const these = misses.filter((miss) => miss.kind === kind);
    if (these.length === 0) continue;
    console.log(`    ${these.length} missed, ${kind}: ${why}`);
    for (const { page, title, text } of these) console.log(`      ${page}: [[${title}|${text}]]`);
  }
  console.log(`  links of ours: ${ours}; text[start:end] is not the anchor in ${wrongOffsets}`);
}

function printDifferences(which: string, differences: ReadonlyMap<WordKind, Bag>): void {
  for (const [kind, why] of Object.entries(wordKinds)) {
    const bag = differences.get(kind as WordKind);
    if (bag === undefined) continue;
    const examples = bag.entries().slice(0, 8).map(([word, count]) => `${word} ${count}`).join(", ");
    console.log(`    ${which} ${bag.total}, ${kind}: ${why} (${examples})`);
  }
}

function printWords({ words }: Comparison): void {
  const { f1, ours, theirs, common } = words;
  console.log(
    `  words, headings aside: F1 ${f1.toFixed(4)} (${ours} ours, ${theirs} theirs, ${common} common)`,
  );
  printDifferences("only ours", words.added);
  printDifferences("only theirs", words.lost);
}

function print(comparison: Comparison): void {
  const { pages, disambiguation } = comparison;
  printLinks(comparison);
  printWords(comparison);
  const { redirects } = comparison;
  console.log(`  redirects: ${redirects.lost.length} only theirs, ${redirects.added.length} only ours`);
  console.log(`  articles: ${pages.lost.length} only theirs, ${pages.added.length} only ours`);
  console.log(
    `  disambiguation pages: ${disambiguation.lost.length} only theirs, ${disambiguation.added.length} only ours ` +
      [...disambiguation.lost, ...disambiguation.added].slice(0, 5).join("; "),
  );
}

const pairs: [dump: string, golden: string][] = Deno.args.length === 0
  ? referencePairs()
  : Deno.args.flatMap((dump, i, all) => i % 2 === 0 ? [[dump, all[i + 1] ?? ""]] : []);
const missing = pairs.flat().find((path) => !existsSync(path));
if (missing !== undefined) {
  console.error(`${missing}: no such file: give pairs of a dump and what wikipedia2vec made of it`);
  Deno.exit(1);
}
for (const [dump, golden] of pairs) {
  const read = readGolden(golden);
  console.log(`${basename(dump)} against wikipedia2vec ${read.version}`);
  print(await compareDump(dump, read));
  console.log(`${basename(dump)} with --include-tables`);
  const withTables = await compareDump(dump, read, true);
  printLinks(withTables);
  printWords(withTables);
}
