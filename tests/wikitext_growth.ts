// The time that reading pathological wikitext takes, for 10⁴, 10⁵ and 10⁶ repetitions (or up to MOST), in nanoseconds a repetition, tables
// dropped and again tables kept.
// Quadratic time would grow as the length does, a hundredfold from the first column to the third; a few times is what caches and
// the garbage collector make of linear time. deno task wikitext-growth [MOST] [PART OF A NAME]
import { Namespaces, parseWikitext } from "@lukeforge/corpus";
import { pathologicalWikitext } from "../corpus/testdata_pathological_wikitext.ts";
import { countArgument } from "./count_argument.ts";

const most = countArgument(0, "MOST", 100, 1e6);
const counts = [most / 100, most / 10, most];
const namespaces = new Namespaces();

/** The least of some runs, in nanoseconds a repetition. */
function time(source: string, count: number): number {
  let least = Infinity;
  for (let run = 0; run < (count > 50_000 ? 1 : 3); run++) {
    const start = performance.now();
    for (const includeTables of [false, true]) {
      parseWikitext(source, { language: "", includeCaptions: true, includeTables, namespaces });
    }
    least = Math.min(least, performance.now() - start);
  }
  return 1e6 * least / count;
}

const part = Deno.args[1] ?? "";
const chosen = pathologicalWikitext.filter(([name]) => name.includes(part));
if (chosen.length === 0) {
  console.error(`${part}: in the name of no pathological text: give a part of one, such as [[`);
  Deno.exit(1);
}
let worst = 0;
for (const [name, text] of chosen) {
  const times = counts.map((count) => time(text(count), count));
  const [first = 0, , last = 0] = times;
  const growth = last / Math.max(first, 20); // below that the clock and the compiler are what is measured
  worst = Math.max(worst, growth);
  const columns = times.map((value) => value.toFixed(0).padStart(8)).join("");
  console.log(`${columns}  ×${growth.toFixed(1).padStart(5)}  ${name}${growth > 25 ? "  GROWS" : ""}`);
}
console.log(
  `the most that a repetition takes in the longest text over one in the shortest: ×${worst.toFixed(1)}`,
);
