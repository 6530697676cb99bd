/**
 * Times the entity vocabularies of large wikis: `deno run -A tests/large_entity_vocab.ts wiki [PAGES] [LINKS]` makes a wiki of pages
 * with links to Zipf-distributed titles, every fifth a redirect, and counts them with one thread and with all;
 * `… merge [LANGUAGES] [ENTITIES]` merges vocabularies that share half of their entities; `… open [KEYS]` opens an
 * `entity_vocab.json` as mLUKE's. Prints seconds and the largest memory.
 */
import { closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { buildDumpDB, DumpDB } from "@lukeforge/corpus";
import {
  chooseEntities,
  countLinksOfFile,
  EntityVocab,
  entityVocabOf,
  mergeEntityVocabs,
} from "@lukeforge/vocab";

const CODES = "ar bn de nl el en es fi fr hi id it ja ko pl pt ru sv sw te th tr vi zh".split(" ");
const [what = "wiki", first, second] = Deno.args;
const directory = Deno.makeTempDirSync();
try {
  if (what === "wiki") await wiki(Number(first ?? 200_000), Number(second ?? 30));
  else if (what === "merge") await merge(Number(first ?? 24), Number(second ?? 1_000_000));
  else await open(Number(first ?? 14_000_000));
} finally {
  rmSync(directory, { recursive: true });
}

async function timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  let most = 0;
  const timer = setInterval(() => most = Math.max(most, Deno.memoryUsage().rss), 50);
  const begun = performance.now();
  const result = await work();
  clearInterval(timer);
  most = Math.max(most, Deno.memoryUsage().rss);
  console.log(
    `${name}: ${((performance.now() - begun) / 1000).toFixed(1)} s, ${
      (most / 2 ** 20).toFixed(0)
    } MiB now, ${peak()} MiB at most`,
  );
  return result;
}

/** The largest memory of the process so far, where the system tells. */
function peak(): string {
  try {
    const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
    return (Number(kilobytes) / 1024).toFixed(0);
  } catch {
    return "?";
  }
}

function writeLines(path: string, lines: Iterable<string>): void {
  const handle = openSync(path, "w");
  let piece = "";
  for (const line of lines) {
    piece += line;
    if (piece.length < 1 << 20) continue;
    writeSync(handle, piece);
    piece = "";
  }
  writeSync(handle, piece);
  closeSync(handle);
}

/** A sequence of numbers in 0…1, the same each time. */
function* uniform(): Generator<number> {
  for (let state = 1;; state = (Math.imul(state, 1664525) + 1013904223) >>> 0) yield state / 2 ** 32;
}

async function wiki(pages: number, links: number): Promise<void> {
  const numbers = uniform();
  const next = (): number => Math.floor(pages ** (numbers.next().value ?? 0)) - 1;
  const dump = `${directory}/dump.xml`;
  writeLines(
    dump,
    function* (): Generator<string> {
      yield '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">\n<siteinfo><dbname>enwiki</dbname></siteinfo>\n';
      for (let i = 0; i < pages; i++) {
        const redirect = i % 5 === 4;
        const text = redirect
          ? `#REDIRECT [[Page number ${i - 1}]]`
          : Array.from({ length: links }, () => `about [[Page number ${next()}]]`).join(" and ");
        yield `<page><title>Page number ${i}</title><ns>0</ns><id>${i + 1}</id>${
          redirect ? `<redirect title="Page number ${i - 1}" />` : ""
        }<revision><text>${text}</text></revision></page>\n`;
      }
      yield "</mediawiki>\n";
    }(),
  );
  const path = `${directory}/pages.db`;
  await timed(
    `dump of ${(statSync(dump).size / 1e6).toFixed(0)} MB -> page database`,
    () => buildDumpDB(dump, path),
  );
  using db = DumpDB.open(path);
  for (const workers of [1, navigator.hardwareConcurrency]) {
    await timed(`${db.pageCount} pages, ${db.meta["links"]} links, ${workers} threads`, async () => {
      const counts = await countLinksOfFile(path, { workers });
      const choice = chooseEntities(db, counts, { vocabSize: 1_000_000 });
      entityVocabOf(db, counts, choice, "en").save(`${directory}/${workers}.jsonl`);
    });
  }
}

async function merge(languages: number, entities: number): Promise<void> {
  const codes = Array.from({ length: languages }, (_, i) => `l${i}`);
  const paths = codes.map((code) => {
    const path = `${directory}/${code}.jsonl`;
    writeLines(
      path,
      function* (): Generator<string> {
        const titles = ["[PAD]", "[UNK]", "[MASK]"];
        for (let id = 0; id < entities + 3; id++) {
          const title = titles[id] ?? `An entity of the language ${code} ${id}`;
          yield `{"id":${id},"entities":[["${title}","${code}"]],"count":${
            id < 3 ? 0 : entities + 3 - id
          }}\n`;
        }
      }(),
    );
    return path;
  });
  const interwiki = {
    hasLanguage: () => true,
    // Every other entity has an item, the same in all languages.
    getId: (title: string): number | undefined => {
      const id = Number(title.slice(title.lastIndexOf(" ")));
      return id % 2 === 0 ? id * 40 : undefined;
    },
  };
  await timed(`${languages} × ${entities} entities merged`, () => {
    mergeEntityVocabs(paths, interwiki, { vocabSize: 1_200_000, minNumLanguages: 3, notice: console.log })
      .save(`${directory}/merged.jsonl`);
  });
  console.log(`${(statSync(`${directory}/merged.jsonl`).size / 1e6).toFixed(0)} MB`);
}

async function open(keys: number): Promise<void> {
  const path = `${directory}/entity_vocab.json`;
  writeLines(
    path,
    function* (): Generator<string> {
      yield '{"[MASK]": 0, "[UNK]": 1, "[PAD]": 2';
      for (let i = 3; i < keys; i++) {
        yield `, "${CODES[i % CODES.length]}:The title of ${i}": ${3 + Math.floor((i - 3) / 12)}`;
      }
      yield "}";
    }(),
  );
  const vocab = await timed(
    `${keys} keys, ${(statSync(path).size / 1e6).toFixed(0)} MB`,
    () => EntityVocab.load(path),
  );
  console.log(`${vocab.size} ids, ${vocab.languages.size} languages`);
}
