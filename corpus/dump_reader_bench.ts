// The time from a dump on disk to pages, and to a page database; from memory where the system caches files. `deno bench -A corpus/`
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { buildDumpDB } from "./build_dump_db.ts";
import { openDump } from "./dump_reader.ts";
import { sampleDumpPath } from "./sample.ts";

const dumps = new URL("../../shared/data/wikidumps/", import.meta.url);
const paths = [
  sampleDumpPath(),
  new URL("smallwiki-latest-pages-articles.xml.bz2", dumps).pathname,
  new URL("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2", dumps).pathname,
].filter((path) => existsSync(path));

const workerCounts = [...new Set([1, navigator.hardwareConcurrency])];

for (const path of paths) {
  const group = basename(path);
  for (const workers of path.endsWith(".bz2") ? workerCounts : [1]) {
    Deno.bench({
      name: `openDump(), ${workers} blocks at once, the XML of ${group}`,
      group,
      fn: async () => {
        const { segments } = await openDump(path, { workers });
        let next = await segments.next();
        while (!next.done) next = await segments.next();
      },
    });
  }
  Deno.bench({
    name: `openDump(), every page of ${group}`,
    group,
    fn: async () => {
      const { pages } = await openDump(path);
      let next = await pages.next();
      while (!next.done) next = await pages.next();
    },
  });
  Deno.bench({
    name: `buildDumpDB() of ${group}`,
    group,
    fn: async () => {
      const directory = mkdtempSync(join(tmpdir(), "bench-"));
      try {
        await buildDumpDB(path, join(directory, "pages.db"));
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  });
}
