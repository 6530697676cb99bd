import { deepEqual, equal, rejects } from "node:assert/strict";
import { buildDumpDB, DumpDB, UserError } from "@lukeforge/corpus";
import { countLinksOfFile } from "./link_count_pool.ts";
import { countLinks } from "./link_counts.ts";

const PAGES = 4100;

function dump(): string {
  const page = (title: string, inside: string): string =>
    `<page><title>${title}</title><ns>0</ns><id>1</id>${inside}</page>\n`;
  const text = (wikitext: string): string => `<revision><text>${wikitext}</text></revision>`;
  let xml = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">\n' +
    "<siteinfo><dbname>enwiki</dbname></siteinfo>\n";
  for (let i = 0; i < PAGES; i++) {
    const links = [i % 7, i % 50, (i * i) % PAGES].map((target) => `[[P${target}]] and [[R${target}|it]]`);
    xml += page(`P${i}`, text(`About ${links.join(", ")}.`));
    if (i % 2 === 0) xml += page(`R${i}`, `<redirect title="P${i}" />${text(`#REDIRECT [[P${i}]]`)}`);
  }
  return `${xml}</mediawiki>\n`;
}

Deno.test("countLinksOfFile() counts the same with any number of threads and pages at a time", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${directory}/dump.xml`, dump());
    const path = `${directory}/pages.db`;
    await buildDumpDB(`${directory}/dump.xml`, path);
    using db = DumpDB.open(path);
    const expected = countLinks(db, { watched: ["R4", "P4", "R3"] });
    equal(expected.byPage.reduce((sum, count) => sum + count, 0) > 3 * PAGES, true);
    for (const [workers, chunkSize] of [[1, 100], [2, 7], [3, 5000]]) {
      let done = 0;
      const counts = await countLinksOfFile(path, {
        watched: ["R4", "P4", "R3"],
        progress: (pages) => done = pages,
        ...(workers !== undefined && { workers }),
        ...(chunkSize !== undefined && { chunkSize }),
      });
      deepEqual([...counts.byPage], [...expected.byPage]);
      deepEqual(counts.byTitle, expected.byTitle);
      equal(done, PAGES);
    }
    const held = await countLinksOfFile(path, { workers: 2, heldOutFraction: 0.5 });
    const alone = await countLinksOfFile(path, { workers: 1, heldOutFraction: 0.5 });
    deepEqual([...held.byPage], [...alone.byPage]);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("countLinksOfFile() names a page database that is not there", async () => {
  await rejects(countLinksOfFile("/nowhere/pages.db"), UserError);
});
