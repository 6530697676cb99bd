/**
 * Writes a dump as Wikidata's, of any size, and reads it into an interwiki database: `deno run -A tests/large_wikidata.ts [MB]
 * [CLAIM_BYTES] [OUT.json]`. Prints speed and the largest memory. Items have claims of `CLAIM_BYTES` (default 8000, about Wikidata's
 * mean), every tenth has 12 titles, the others one in three.
 */
import { closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { buildInterwikiDB, InterwikiDB } from "@lukeforge/vocab";

const [megabytes = "300", claimBytes = "8000", path = `${Deno.makeTempDirSync()}/wikidata.json`] = Deno.args;
const CODES = "ar bn de nl el en es fi fr hi id it ja ko pl pt ru sv sw te th tr vi zh".split(" ");

if (statSync(path, { throwIfNoEntry: false }) === undefined) write();
const out = `${path}.interwiki.db`;
rmSync(out, { force: true });
let most = 0;
const timer = setInterval(() => most = Math.max(most, Deno.memoryUsage().rss), 50);
const begun = performance.now();
const summary = await buildInterwikiDB(path, out);
const seconds = (performance.now() - begun) / 1000;
clearInterval(timer);
const bytes = statSync(path).size;
console.log(
  `${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(1)} s, ${(bytes / 1e6 / seconds).toFixed(0)} MB/s, ` +
    `${(most / 2 ** 20).toFixed(0)} MiB; ${summary.items} items, ${summary.titles} titles, ` +
    `${(statSync(out).size / 1e6).toFixed(0)} MB of database`,
);
using db = InterwikiDB.open(out);
const from = performance.now();
for (let i = 0; i < 100_000; i++) db.getId(`Title ${(i * 7919) % summary.items} en`, "en");
console.log(`${((performance.now() - from) / 100).toFixed(1)} µs a look-up`);

function write(): void {
  const statement =
    '{"mainsnak":{"snaktype":"value","property":"P31","datavalue":{"value":{"entity-type":"item",' +
    '"numeric-id":5,"id":"Q5"},"type":"wikibase-entityid"},"datatype":"wikibase-item"},"type":"statement","rank":"normal"}';
  const claims = Array(Math.ceil(Number(claimBytes) / statement.length)).fill(statement).join(",");
  const handle = openSync(path, "w");
  let lines = "[\n";
  for (let i = 0, written = 0; written < Number(megabytes) * 1e6; i++) {
    const codes = i % 10 === 0 ? CODES.slice(0, 12) : i % 3 === 0 ? ["en"] : [];
    const sitelinks = codes.map((code) => {
      const site = `${code}wiki`;
      return `"${site}":{"site":"${site}","title":"Title ${i} ${code}","badges":[]}`;
    });
    lines +=
      `${i === 0 ? "" : ",\n"}{"type":"item","id":"Q${i + 1}","labels":{},"claims":{"P31":[${claims}]},` +
      `"sitelinks":{${sitelinks.join(",")}},"lastrevid":${i}}`;
    if (lines.length > 1 << 20) {
      written += writeSync(handle, lines);
      lines = "";
    }
  }
  writeSync(handle, `${lines}\n]\n`);
  closeSync(handle);
}
