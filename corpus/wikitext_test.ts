import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Namespaces } from "./namespaces.ts";
import { parseWikitext, type WikitextContext } from "./wikitext.ts";

/** Paragraphs with each link as `<text→title>`. */
function shown(source: string, context?: WikitextContext): string[] {
  return parseWikitext(source, context).paragraphs.map(({ text, links }) => {
    let marked = "";
    let at = 0;
    for (const link of links) {
      marked += `${text.slice(at, link.start)}<${link.text}→${link.title}>`;
      at = link.end;
    }
    return marked + text.slice(at);
  });
}

const cases: [what: string, source: string, ...paragraphs: string[]][] = [
  [
    "keeps plain, piped and trailed links",
    "[[dog]]s of [[new_york  city#Climate|NYC]].",
    "<dogs→Dog> of <NYC→New york city>.",
  ],
  [
    "adds trails of any alphabet but not of scripts without spaces",
    "[[кот]]ы [[Straße]]n [[東京]]都 [[서울]]은",
    "<коты→Кот> <Straßen→Straße> <東京→東京>都 <서울→서울>은",
  ],
  ["upper-cases by code points", "[[𐐨x]] [[ßa]] [[ǆ]] [[ა]]", "<𐐨x→𐐀x> <ßa→ßa> <ǆ→Ǆ> <ა→ა>"],
  ["counts characters outside the BMP in UTF-16", "🤩 [[a]]", "🤩 <a→A>"],
  [
    "applies the pipe trick",
    "[[Foo (bar)|]] [[Paris, Texas|]] [[X|]]",
    "<Foo→Foo (bar)> <Paris→Paris, Texas> <X→X>",
  ],
  ["keeps the text of links to sections of the page", "[[#Here]] [[#There|there]]", "#Here there"],
  [
    "shows links to other namespaces and wikis as text",
    "[[:Category:A|a]] [[:fr:B]] [[wikt:c|c]] [[User:D]]",
    "a fr:B c User:D",
  ],
  ["keeps titles with a colon", "[[2001: A Space Odyssey]]", "<2001: A Space Odyssey→2001: A Space Odyssey>"],
  [
    "hides categories, files and other languages",
    "a [[Category:X|y]][[File:a.jpg|thumb|x [[b]] [http://x y]]] [[de:Z]] c",
    "a c",
  ],
  [
    "finds links inside formatting",
    "'''[[a]]''' <small>''[[b|c]]''</small> [[d|''e'' <b>f</b>]]",
    "<a→A> <c→B> <e f→D>",
  ],
  ["reads links whose text has brackets or a line break", "[[a|[b]]] [[c|d\ne]]", "<[b]→A> <d e→C>"],
  ["takes the inner of nested links", "[[a|b [[c]] d]]", "b <c→C> d"],
  [
    "shows unpaired brackets",
    "[[a and b]] [c] x[1]",
    "[[a and b]] [c] x[1]".replace("[[a and b]]", "<a and b→A and b>"),
  ],
  ["does not pair brackets across paragraphs", "[[a\n\nb]]", "[[a", "b]]"],
  [
    "decodes references",
    "10&nbsp;km &lt;b&gt; &#233;&#x1F929; &bogus; [[A&amp;M]] &",
    "10 km <b> é🤩 &bogus; <A&M→A&M> &",
  ],
  [
    "drops addresses, not labels",
    "[http://x.y label] [http://x.y] see http://x.y/z. [//x [[a]] b] [[http://x c]]",
    "label see. <a→A> b c",
  ],
  ["drops templates of any depth", "a {{b|{{c|{{{d|[[e]]}}}}}\n|f}} g {{{h}}}", "a g"],
  [
    "keeps the text and the links of templates that only dress it up",
    "{{lang|la|''[[tov]]'' a}} {{nowrap|1=b}} {{ Small |c {{Nowrap|[[d|e]]}} f}} {{lang-fr|g|lit=h}} {{transl|ru|ALA|i}}",
    "<tov→Tov> a b c <e→D> f g i",
  ],
  [
    "keeps numbers with their units",
    "{{convert|4.5|km|mi|abbr=on}} {{cvt|3|to|{{val|5}}|kg}} {{convert|lk=on}} {{nowrap|7\n<!-- a -->\n}}8",
    "4.5 km 3 to 5 kg 7",
    "8",
  ],
  [
    "takes a bar inside a link or a template for its own",
    "{{lang|la|[[a|b]] {{x|{{!}}}} c}} {{x|[[a|b}} {{nowrap|d|e}} {{lang|la}}.",
    "<b→A> c d.",
  ],
  [
    "takes away the brackets and commas of what it drops",
    "[[Tokyo]] (''{{x}}''; {{y}},<ref>z</ref> ) and (<small>{{x}}</small>, [[c]]) at [http://x.y], {{z}}. f()",
    "<Tokyo→Tokyo> and (<c→C>) at. f()",
  ],
  [
    "knows headings, links and files beside templates",
    "{{a}}\n== b {{c}}=={{d}}\n{{e}}{|\n|x\n|}[[File:a{{b}}.jpg|{{c}}]] [[d{{e}}|{{f}}]]{{g}}s \ufdd0",
    "<d→D>s",
  ],
  ["shows unpaired braces", "a {{ b }} }} c {{ d", "a }} c {{ d"],
  [
    "drops references, formulas and galleries",
    "a<ref>[[b]]</ref><ref name=x/> <math>\\frac{{1}}{2}}</math><gallery>\nx\n</gallery> c",
    "a c",
  ],
  ["drops an unclosed reference's tag only", "a <ref>b", "a b"],
  [
    "drops comments, with their line when alone on it",
    "a<!-- [[x]] -->b\n <!-- c --> \n* d <!-- e",
    "ab",
    "d",
  ],
  [
    "shows nowiki as it is",
    "<nowiki>[[a]] ''b'' {{c}} &amp;</nowiki> [[bus]]<nowiki/>es",
    "[[a]] ''b'' {{c}} & <bus→Bus>es",
  ],
  ["drops tables", "a\n{| class=x\n| [[b]]\n{|\n|c\n|}\n|}\nd <table><tr><td>e</table> f", "a", "d f"],
  [
    "takes only the rows of a table without end",
    "a\n{|\n! h\n| b\n* [[c]]\n|-\n== D ==\n! e",
    "a",
    "<c→C>",
    "! e",
  ],
  ["ends an unclosed HTML table at the next heading", "a\n<table>\nb\n== C ==\nd", "a", "d"],
  ["ends paragraphs at lines and drops list markers", "a\n* [[b]]\n:# c\n----\n\nd", "a", "<b→B>", "c", "d"],
  [
    "balances quotes as MediaWiki does",
    "l'''Iliade''\nd''''x'''\ndon't o''clock",
    "l'Iliade",
    "d'x",
    "don't oclock",
  ],
  ["drops magic words and unknown table rows", "__NOTOC__a\n| b\nc__d", "a", "c__d"],
  ["keeps angle brackets that are no tags", "a < b <c> <br>d", "a < b <c> d"],
  ["resolves language conversion", "-{zh-hans:软件;zh-hant:軟體}--{H|zh:x}--{y}-", "软件y"],
];
for (const [what, source, ...paragraphs] of cases) {
  Deno.test(`parseWikitext() ${what}`, () => assert.deepEqual(shown(source), paragraphs));
}

Deno.test("parseWikitext() ends the abstract at the first heading", () => {
  const { paragraphs } = parseWikitext("a\n== b [[c]] ==\nd\n=== e ===\nf = g\n=h");
  assert.deepEqual(paragraphs.map(({ text, abstract }) => [text, abstract]), [
    ["a", true],
    ["d", false],
    ["f = g", false],
    ["=h", false],
  ]);
});

Deno.test("parseWikitext() gives headings without markup, and each paragraph the one above it", () => {
  const { paragraphs, headings } = parseWikitext(
    "a\n== b [[c|d]]es <small>e</small> ==\nf\n=== #1 {{g}} ===\n====h=\n==i===\n======= j =======\n===\nk\n==\n== {{l}} ==",
  );
  assert.deepEqual(headings.map(({ title, level }) => [level, title]), [
    [2, "b des e"],
    [3, "#1"],
    [1, "===h"],
    [2, "i="],
    [6, "= j ="],
    [1, "="],
    [2, ""],
  ]);
  assert.deepEqual(paragraphs.map(({ text, heading }) => [text, heading]), [["a", -1], ["f", 0], ["k", 5], [
    "==",
    5,
  ]]);
});

Deno.test("parseWikitext() says how much of a link is its trail", () => {
  const { paragraphs } = parseWikitext("[[bus]]es [[кот|a]]ы [[c]]<nowiki/>d [[𐐀]]𐐨 [[e]]");
  const links = paragraphs.flatMap(({ links }) => links);
  assert.deepEqual(links.map(({ text, trail }) => [text, trail]), [
    ["buses", 2],
    ["aы", 1],
    ["c", 0],
    ["𐐀𐐨", 2],
    ["e", 0],
  ]);
});

Deno.test("parseWikitext() knows the names of the wiki's namespaces, former ones too", () => {
  const namespaces = new Namespaces([[6, "Datei"], [14, "Kategorie"], [4, "Wikipedia"]], "de");
  assert.deepEqual(
    shown("[[Datei:a|b]][[Bild:a]][[kategorie:c]][[File:d]] e [[Wikipedia:F|f]]", { namespaces }),
    ["e f"],
  );
});

Deno.test("parseWikitext() follows the wiki's rules for titles", () => {
  assert.deepEqual(shown("[[iki]]", { language: "tr" }), ["<iki→İki>"]);
  assert.deepEqual(shown("[[iki]]", { caseSensitive: true }), ["<iki→iki>"]);
});

Deno.test("parseWikitext() recognises disambiguation pages", () => {
  for (
    const source of [
      "{{disambig}}",
      "a {{ Disambiguation |geo}}",
      "__DISAMBIG__",
      "{{Begriffsklärung}}",
      "{{曖昧さ回避}}",
    ]
  ) {
    assert.equal(parseWikitext(source).isDisambiguation, true, source);
  }
  for (
    const source of [
      "{{disambiguation needed}}",
      "disambig",
      "<nowiki>{{disambig}}</nowiki>",
      "<!--{{dab}}-->",
    ]
  ) {
    assert.equal(parseWikitext(source).isDisambiguation, false, source);
  }
});

const pieces = [
  ..."[[|]]|{{|}}|{{{|<ref>|</ref>|<ref|>|<!--|-->|<nowiki>|</nowiki>|''|'''|\n{|}|\n|=|==|&|;|&amp;|[http://a |]|[|#|:"
    .split("|"),
  ..."File:/Category:/fr:/a/b /🤩/é/\u00a0/\t/<b>/</b>/<br>/http://x.y/__TOC__/-{/}-/*/\n\n/<table>/</table>/\ud83d"
    .split("/"),
  "{|",
  "\n|}",
  "|",
  "<br/>",
  "/>",
  "{{nowrap|",
  "{{lang|la|",
  "({{x}}",
  ", ",
  ")",
  ". ",
  "\ufdd0",
];
const wikitext = fc.array(
  fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "grapheme", maxLength: 4 })),
  { maxLength: 60 },
)
  .map((parts) => parts.join(""));

Deno.test("parseWikitext() gives exact, ordered offsets and clean text for any input", () => {
  fc.assert(
    fc.property(wikitext, (source) => {
      for (const { text, links } of parseWikitext(source).paragraphs) {
        assert.match(text, /^\S(?:[^\n]*\S)?$/);
        assert.ok(!/\s\s|[^\S ]/.test(text));
        let at = 0;
        for (const link of links) {
          assert.ok(link.start >= at && link.start < link.end && link.end <= text.length);
          assert.equal(text.slice(link.start, link.end), link.text);
          assert.ok(link.trail >= 0 && link.trail < link.text.length);
          assert.ok(link.title !== "" && !link.title.includes("#") && link.title.trim() === link.title);
          at = link.end;
        }
      }
    }),
    { numRuns: 3000, seed: 1 },
  );
});

Deno.test("parseWikitext() gives back prose without markup", () => {
  const words = fc.array(fc.stringMatching(/^[a-zA-Zé東🤩.,]{1,8}$/), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(words, (list) => {
    assert.deepEqual(shown(list.join("  ")), [list.join(" ")]);
  }));
});

for (
  const unit of [
    "[[",
    "{{",
    "<ref>",
    "[[a|",
    "[[a]]",
    "{{a|[[b]]",
    "<!--",
    "<table>",
    "\n|}",
    "\n{|",
    "[http://x ",
    "<b ",
    "'''a ''",
    "&",
    "<nowiki>",
    "[[File:a|",
    "{{nowrap|",
    "{{lang|la|a}}",
    "({{x}}, ",
    "({{x}} (",
    "= ",
    " ",
  ]
) {
  Deno.test(`parseWikitext() takes linear time on ${JSON.stringify(unit)} 100,000 times`, () => {
    const time = (count: number): number => {
      const source = unit.repeat(count);
      const start = performance.now();
      parseWikitext(source);
      return performance.now() - start;
    };
    // Quadratic time would be minutes here; a bound that is generous to slow machines tells them apart.
    assert.ok(time(100_000) < 5000);
  });
}
