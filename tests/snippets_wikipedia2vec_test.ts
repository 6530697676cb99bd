import { deepEqual, equal } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { parseWikitext } from "@lukeforge/corpus";

/** What wikipedia2vec makes of a snippet. */
interface Snippet {
  wikitext: string;
  disambiguation: boolean;
  paragraphs: {
    text: string;
    links: [title: string, text: string, start: number, end: number][];
    abstract: boolean;
  }[];
}

/** Why a snippet is read otherwise than by a version of wikipedia2vec. What each stands for is in the table below. */
const reasons = {
  space: "white space is collapsed and trimmed, in anchors too",
  line: "a paragraph is a line (2.0.0: a section)",
  fragment: "#fragments are split off titles",
  trail: "letters that run on from a link belong to it",
  article: "only links to articles are links",
  hidden: "files, categories and links between languages show nothing where they stand",
  shown:
    "this shows to a reader: tags and what they hold, entities, nowiki, defaults, text behind an empty target",
  heading: "headings are no part of a paragraph",
  template: "a template that only dresses a text shows it; what is left out takes its punctuation along",
  address: "addresses are no prose",
  switch: "behaviour switches are no text",
} as const;

/** Each snippet, by its first characters: what we make of it, and why that differs from 1.0.5 and from 2.0.0. */
const table: [
  start: string,
  paragraphs: string[],
  from105: (keyof typeof reasons)[],
  from200: (keyof typeof reasons)[],
][] = [
  [
    "'''Japan'''",
    ["Japan is a <sovereign→Sovereign state> <island nation→Island country> in <East Asia→East Asia>"],
    [],
    [],
  ],
  ["A [[dog]]s", ["A <dogs→Dog> life and <NYCs→New york city>."], ["trail", "fragment"], [
    "trail",
    "fragment",
  ]],
  ["[[:Category:Foo", ["see foo and fr:Paris and here and x."], ["article", "shown"], ["article"]],
  ["[[File:A.jpg", ["after file."], ["hidden"], ["space"]],
  ["[[Image:A.jpg", ["then sound."], ["hidden", "article"], ["space", "shown"]],
  ["Text {{cite", ["Text more 5 km end."], ["template", "space"], ["template", "space"]],
  ["Entities", ["Entities a–b & c <d> <A&M→A&M>."], ["shown", "space"], ["space"]],
  ["Ref<ref>", ["Ref and done."], ["space"], ["space"]],
  ["<b>bold", ["bold <Link→Link> it un sm <S→S> sp <T→T> x2."], ["shown"], []],
  ["* item", ["item <One→One>", "item <Two→Two>", "num", "indent", "term : def"], ["space", "shown"], [
    "line",
    "shown",
  ]],
  ["Lead one.", ["Lead one.", "Lead two <X→X>.", "Body <Y→Y>.", "More."], [], ["line", "heading"]],
  ["{|", ["After table."], [], ["space"]],
  ["[http:", ["Example <In→In> site and and done."], ["shown", "space"], ["shown", "address"]],
  ["<!-- comment", ["Visibletext [[no]] end"], ["shown", "space"], ["space"]],
  ["[[Category:Foo", [], ["hidden"], ["hidden"]],
  ["Emoji", ["Emoji 🤩 then <Link→Link> here."], [], []],
  ["''it''", ["it b bi don't oclock"], [], []],
  ["[[iPod]]", ["<iPod→IPod> <leading space→Leading space> <t→Trailing>"], ["space"], ["space"]],
  ["<poem>", ["Line <P→P> Q <BQ→BQ> D <DV→DV>"], ["shown"], []],
  ["{{disambig}}", ["may refer to:", "<A→A (x)>", "<B→B>"], ["space"], ["line"]],
  ["[[ja:", ["foo Special:Search"], ["hidden", "article"], ["hidden", "article"]],
  ["__NOTOC__", ["~~~~ text ---- default <D→D> end"], ["switch", "shown"], ["switch", "shown", "space"]],
];

/** Paragraphs with each link as `<text→title>`. */
function marked(paragraphs: Snippet["paragraphs"]): string[] {
  return paragraphs.map(({ text, links }) => {
    const points = [...text];
    let shown = "";
    let at = 0;
    for (const [title, , start, end] of links) {
      shown += `${points.slice(at, start).join("")}<${points.slice(start, end).join("")}→${title}>`;
      at = end;
    }
    return shown + points.slice(at).join("");
  });
}

function ours(wikitext: string): string[] {
  return marked(
    parseWikitext(wikitext).paragraphs.map(({ text, links, abstract }) => ({
      text,
      abstract,
      links: links.map(({ title, text: anchor, start, end }) => [
        title,
        anchor,
        [...text.slice(0, start)].length,
        [...text.slice(0, end)].length,
      ]),
    })),
  );
}

const golden = new URL("../../shared/data/golden/wikipedia2vec/", import.meta.url);
for (const version of ["1.0.5", "2.0.0"]) {
  const path = new URL(`snippets_wikipedia2vec_${version}.json.gz`, golden);
  Deno.test({
    name: `parseWikitext() differs from wikipedia2vec ${version} on its snippets where there is a reason`,
    ignore: !existsSync(path),
    fn: () => {
      const snippets: Snippet[] = JSON.parse(gunzipSync(readFileSync(path)).toString());
      equal(snippets.length, table.length);
      for (const [i, { wikitext, disambiguation, paragraphs }] of snippets.entries()) {
        const [start = "?", expected = [], from105 = [], from200 = []] = table[i] ?? [];
        equal(wikitext.slice(0, start.length), start);
        deepEqual(ours(wikitext), expected);
        equal(parseWikitext(wikitext).isDisambiguation, disambiguation);
        const differs = JSON.stringify(marked(paragraphs)) !== JSON.stringify(expected);
        const named = version === "1.0.5" ? from105 : from200;
        equal(differs, named.length > 0, `${wikitext}: ${named.map((reason) => reasons[reason]).join("; ")}`);
      }
    },
  });
}
