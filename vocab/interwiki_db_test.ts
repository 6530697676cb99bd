import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { UserError } from "@lukeforge/corpus";
import { buildInterwikiDB } from "./build_interwiki_db.ts";
import { InterwikiDB } from "./interwiki_db.ts";

const FIXTURE =
  new URL("../../shared/data/luke/wikidata_20180423_sitelinks10.json", import.meta.url).pathname;

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await use(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function item(id: number, titles: Record<string, string>): string {
  const sitelinks = Object.fromEntries(
    Object.entries(titles).map(([site, title]) => [site, { site, title, badges: [] }]),
  );
  return JSON.stringify({ type: "item", id: `Q${id}`, labels: {}, claims: {}, sitelinks });
}

const LINES = [
  "[",
  item(30, { enwiki: "Japan", jawiki: "日本", commonswiki: "Japan", enwikivoyage: "Japan" }) + ",",
  JSON.stringify({ type: "property", id: "P1" }) + ",",
  item(31, { enwikiquote: "Nothing" }) + ",",
  item(32, { zh_min_nanwiki: "Tâi-pak", enwiki: "Taipei" }),
  "]",
];

Deno.test("InterwikiDB finds titles of items both ways, by sites that end in wiki", async () => {
  await inDirectory(async (directory) => {
    Deno.writeTextFileSync(`${directory}/dump.json`, LINES.join("\n") + "\n");
    Deno.writeFileSync(`${directory}/dump.json.gz`, gzipSync(LINES.join("\r\n")));
    for (const name of ["dump.json", "dump.json.gz"]) {
      const summary = await buildInterwikiDB(`${directory}/${name}`, `${directory}/${name}.db`);
      deepEqual(summary, { items: 3, titles: 5, languages: 4 });
      using db = InterwikiDB.open(`${directory}/${name}.db`);
      deepEqual(db.languages, ["commons", "en", "ja", "zh_min_nan"]);
      deepEqual([db.getId("日本", "ja"), db.getId("Taipei", "en"), db.getId("Tâi-pak", "zh-min-nan")], [
        0,
        2,
        2,
      ]);
      deepEqual([db.getId("Nothing", "en"), db.getId("日本", "en"), db.getId("日本", "xx")], [
        undefined,
        undefined,
        undefined,
      ]);
      deepEqual(db.titlesOf(0), [["Japan", "commons"], ["Japan", "en"], ["日本", "ja"]]);
      deepEqual(db.titlesOf(1), []);
      deepEqual(db.query("Taipei", "en"), [["Taipei", "en"], ["Tâi-pak", "zh_min_nan"]]);
      deepEqual(db.query("Nowhere", "en"), []);
      deepEqual([db.qidOf(0), db.qidOf(1), db.qidOf(2)], [30, undefined, 32]);
    }
    const kept = `${directory}/kept.db`;
    const summary = await buildInterwikiDB(`${directory}/dump.json`, kept, {
      languages: ["ja", "zh-min-nan"],
    });
    deepEqual(summary, { items: 3, titles: 2, languages: 2 });
    using db = InterwikiDB.open(kept);
    deepEqual(db.query("日本", "ja"), [["日本", "ja"]]);
    equal(existsSync(`${kept}.partial`), false);
  });
});

/** `[`, one item with the title Japan on enwiki, `]`, as `bzip2` writes them. */
const BZIP2 = Uint8Array.fromBase64(
  "QlpoOTFBWSZTWaMDW2wAABJfgAAQEARIEAAQIAomL0yqIABISplANMn6poxNBqZGp+oRppowm4xGmySYrlOGJu7jV6" +
    "gqOB2W8ja+bGpcb40Q9iOl8GoKF/mQzkRCD6O9Bti7kinChIUYGttg",
);

Deno.test("buildInterwikiDB() reads bzip2, and says where it is cut off", async () => {
  await inDirectory(async (directory) => {
    Deno.writeFileSync(`${directory}/dump.json.bz2`, BZIP2);
    await buildInterwikiDB(`${directory}/dump.json.bz2`, `${directory}/out.db`);
    using db = InterwikiDB.open(`${directory}/out.db`);
    deepEqual([db.titlesOf(0), db.qidOf(0)], [[["Japan", "en"]], 30]);
    Deno.writeFileSync(`${directory}/cut.json.bz2`, BZIP2.subarray(0, BZIP2.length - 8));
    await rejects(
      buildInterwikiDB(`${directory}/cut.json.bz2`, `${directory}/cut.db`),
      /cut\.json\.bz2: cut off/,
    );
  });
});

Deno.test("buildInterwikiDB() names file, line and remedy, and leaves nothing behind", async () => {
  await inDirectory(async (directory) => {
    const whole = LINES.join("\n");
    const cases: [string | Uint8Array, RegExp, (readonly string[])?][] = [
      ["", /is empty/],
      [whole.slice(0, -1), /cut off after line 5/],
      [whole.slice(0, -30), /line 5: no entity/],
      [whole.replace('"sitelinks":{"enwikiquote"', '"sitelinks":{enwikiquote'), /line 4: no entity/],
      ["<mediawiki>\n", /line 1: no entity.*latest-all/],
      [JSON.stringify(JSON.parse(`[${item(1, { enwiki: "A" })}]`), null, 2), /line 2: no entity/],
      [gzipSync(whole).subarray(0, 150), /cut off after line/],
      [Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7), /damaged|cut off/],
      [whole, /--language xx: no item/, ["en", "xx"]],
      [`[\n${item(1, { enwikiquote: "A" })}\n]\n`, /none with a title/],
      [`${item(1, { enwiki: "A" })}\n${item(2, { enwiki: "A" })}\n`, /items 0 and 1 .* title A on enwiki/],
    ];
    for (const [content, message, languages = []] of cases) {
      Deno.writeFileSync(
        `${directory}/dump.json`,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
      await rejects(
        buildInterwikiDB(`${directory}/dump.json`, `${directory}/out.db`, { languages }),
        (error) => error instanceof UserError && message.test(error.message),
        String(message),
      );
      deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["dump.json"]);
    }
    throws(() => InterwikiDB.open(`${directory}/none.db`), /build-interwiki-db/);
    throws(() => InterwikiDB.open(`${directory}/dump.json`), /not an interwiki database/);
    await rejects(buildInterwikiDB(`${directory}/none.json`, `${directory}/out.db`), /no such file/);
  });
});

Deno.test({
  name: "buildInterwikiDB() reads LUKE's extract of ten items as JSON.parse does",
  ignore: !existsSync(FIXTURE),
  fn: () =>
    inDirectory(async (directory) => {
      const summary = await buildInterwikiDB(FIXTURE, `${directory}/interwiki.db`);
      equal(summary.items, 10);
      using db = InterwikiDB.open(`${directory}/interwiki.db`);
      const items: { sitelinks: Record<string, { title: string }> }[] = JSON.parse(
        Deno.readTextFileSync(FIXTURE).trim().replaceAll("}\n{", "},\n{"),
      );
      let titles = 0;
      for (const [id, { sitelinks }] of items.entries()) {
        const expected = Object.entries(sitelinks).filter(([site]) => site.endsWith("wiki"))
          .map(([site, { title }]): [string, string] => [title, site.slice(0, -4)]);
        titles += expected.length;
        deepEqual(new Set(db.titlesOf(id).map(String)), new Set(expected.map(String)));
        for (const [title, language] of expected) equal(db.getId(title, language), id);
      }
      equal(summary.titles, titles);
      deepEqual(db.query("Spain", "en").find(([, language]) => language === "ja"), ["スペイン", "ja"]);
    }),
});
