import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Namespaces } from "./namespaces.ts";
import { pathologicalWikitext } from "./testdata_pathological_wikitext.ts";
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
  [
    "keeps the text and the links of tags",
    "<span style=x>a [[b]]</span> <small>c</small> x<sub>2</sub>y<sup>3</sup> <b>d</b><i>e</i><u>f</u> <code>g</code> <abbr title=h>i</abbr> " +
    "<ruby>東<rp>(</rp><rt>ひがし</rt><rp>)</rp></ruby> <del>j</del> <font color=red>[[k|l]]</font><br/>m",
    "a <b→B> c x2y3 def g i 東(ひがし) j <l→K> m",
  ],
  [
    "keeps quotations, poems and other blocks, a line a paragraph",
    "<blockquote>a [[b]]\nc</blockquote>\n<poem>\nd [[e]]\nf\n</poem>\n<div class=x>g</div><center>h</center>",
    "a <b→B>",
    "c",
    "d <e→E>",
    "f",
    "g h",
  ],
  [
    "drops references of every form",
    "a<ref>b [[c]]</ref><ref name=d/><ref name=\"e\" group='f' />.<ref name=g>h</ref> i<REF>j</REF >.<references/><references>k</references>l",
    "a. i.l",
  ],
  [
    "keeps what a page shows of its own transclusion marks",
    "<noinclude>a</noinclude><includeonly>[[b]]</includeonly> <onlyinclude>[[c]]</onlyinclude>",
    "a <c→C>",
  ],
  ["shows the default of an argument", "a {{{1|[[b]] c}}} {{{2}}} {{{3|}}}d", "a <b→B> c d"],
  [
    "shows characters that templates stand for",
    "1{{ndash}}2{{spaced ndash}}3 {{=}} {{(}} [[a{{!}}b]] {{'}}",
    "1–2 – 3 = { <b→A> ’",
  ],
  [
    "shows what functions and page names show",
    "{{formatnum:12345}} {{PAGENAME}} {{lc:AbC}} {{#if:x|y|z}}.",
    "12345 AbC.",
  ],
  [
    "takes no letters into a link over markup between",
    "[[a]]''b'' [[c]]{{nowrap|d}} {{nowrap|[[e]]}}f [[g]]<b>h</b> [[i]]<!-- -->j",
    "<a→A>b <c→C>d <e→E>f <g→G>h <ij→I>",
  ],
  [
    "reads links across and inside of formatting",
    "'''''[[a]]''''' ''[[b|'''c''']]s'' [[d|<small>e</small>'' f'']] '''[[g]] h [[i]]'''",
    "<a→A> <cs→B> <e f→D> <g→G> h <i→I>",
  ],
  [
    "keeps the text of what is no title to MediaWiki",
    "[[../a]] [[./b|c]] [[d/../e]] [[f~~~]] [[%41]] [[%zz|g]] [[|h]] [[:]]",
    "../a c d/../e f~~~ <A→A> <g→%zz> h",
  ],
  [
    "shows decoded what a link without text has encoded",
    "[[Caf%C3%A9]]s [[a%20b]] [[c%e2%80%8bd]] [[d%]] [[e%ff]] [[G%20(h)|]]",
    "<Cafés→Café> <a b→A b> <c%e2%80%8bd→C\u200bd> <d%→D%> e%ff <G→G (h)>",
  ],
  [
    "links subpages, fragments and encoded titles",
    "[[a/b]] [[/c]] [[d#e|f]] [[g#h]] [[#i|j]] [[k%20l|m]] [[n &amp; o]]",
    "<a/b→A/b> </c→/c> <f→D> <g#h→G> j <m→K l> <n & o→N & o>",
  ],
  [
    "drops links between languages and keeps the text of those to other wikis",
    "a [[de:b]][[zh-min-nan:c]][[roa-tara:d]][[be-x-old:e]] [[:de:f|g]] [[wikt:h|i]] [[doi:10/j|k]] [[m:l]] [[commons:Category:n|o]]",
    "a g i k m:l o",
  ],
  [
    "drops files with captions of any depth",
    "[[File:a.png|thumb|b [[c|d [[e]]]] f {{g}} [http://h i]]]j",
    "j",
  ],
  [
    "drops behaviour switches of every language",
    "a__NOTOC__ __toc__ __KEIN_INHALTSVERZEICHNIS__ __目次__ __БЕЗ_ОГЛ__ __init__ b",
    "a __init__ b",
  ],
  ["shows tildes and rules in lines", "a ~~~~ b ---- c", "a ~~~~ b ---- c"],
  [
    "resolves nested language conversion, rules of one direction, and names of variants",
    "-{zh:a-{b}-;zh-tw:c}- [[d|-{e}-]] -{zh-hans;zh-hant|f}- -{A|zh:g;}- -{H|大=>zh-tw:h}--{大=>zh-tw:i}- -{k",
    "ab <e→D> f g i -{k",
  ],
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

Deno.test("parseWikitext() takes HTML's headings for headings", () => {
  const { paragraphs, headings } = parseWikitext("a<h2 id=b>c [[d]]</h2>e\n<h3>f\n</h3>g [[h|<h2>i</h2>]]");
  assert.deepEqual(headings, [{ title: "c d", level: 2 }]);
  assert.deepEqual(paragraphs.map(({ text, heading }) => [text, heading]), [["a", -1], ["e", 0], ["f", 0], [
    "g i",
    0,
  ]]);
});

Deno.test("parseWikitext() gives captions as paragraphs of their own where they are wanted", () => {
  const namespaces = new Namespaces([[6, "Datei"]], "de");
  const source =
    "a [[Datei:b.jpg|mini|links|120px|c [[d]] [[e|f]]]]g\n[[File:h.png|i]][[File:j.png|thumb|right]]\n" +
    "[[Image:k.png|thumb|upright=1.2|alt=l|''m'' [[File:n.png|thumb|o]]]]";
  assert.deepEqual(shown(source, { namespaces, includeCaptions: true }), ["a g", "c <d→D> <f→E>", "m"]);
  assert.deepEqual(shown(source, { namespaces }), ["a g"]);
});

Deno.test("parseWikitext() gives the captions of galleries where captions are wanted", () => {
  const source =
    "a\n<gallery mode=packed caption=x>\nFile:b.jpg|c [[d]] {{nowrap|e}}<ref>f</ref>\ng.png|thumb|alt=h|[[i|j|k]]\n" +
    "File:l.png\n\nFile:m.png|120px\nFile:n.png|<!-- o -->''p'' {{q|\nFile:r.png|s}}\n</gallery> t {{zzz|<gallery>v|w</gallery>}}\n" +
    "{{nowrap|<gallery>x|y</gallery>}} <gallery>z|z";
  const captions = ["c <d→D> e", "<j|k→I>", "p {{q", "s}}"];
  assert.deepEqual(shown(source, { includeCaptions: true }), ["a", ...captions, "t", "y", "z|z"]);
  assert.deepEqual(shown(source), ["a", "t", "z|z"]);
});

Deno.test("parseWikitext() gives the cells of tables as paragraphs of their own where they are wanted", () => {
  const tables: [source: string, ...cells: string[]][] = [
    [
      "a\n{| class=x\n|+ style=y | b [[c]]\n|-\n! scope=col | d !! [[e|f]]s\n! g || h!\n|- id=i\n| j || style=k| l\n|}m\nn",
      "a",
      "b <c→C>",
      "d",
      "<fs→E>",
      "g",
      "h!",
      "j",
      "l",
      "m",
      "n",
    ],
    [
      "{|\n| a\n* [[b]]\n\nc\n| d\n{| e\n| f ||\n |}\ng\n|- \n!!! h\n:|}",
      "a",
      "<b→B>",
      "c",
      "d",
      "f",
      "g",
      "h",
    ],
    ["{|\n| [[File:a|b]] c || [[d|e]] | f || | g | h", "c", "<e→D> | f", "g | h"],
    ["{|\n| * a || = b = || ----\n|}", "* a", "= b =", "----"],
    ["{|\n| [[a || b]] || ''c || d''\n|}e]]", "[[a", "b]]", "c", "d", "e]]"],
    [
      "{|\n| {{x|y}} || a{{!}}b <ref>c</ref> || <nowiki>|| d</nowiki>\n{{!}} {{nowrap|[[e]]}}\n|}",
      "b",
      "|| d",
      "<e→E>",
    ],
    ["{|\n| a\n== B ==\n| [[c]]\nd", "a", "<c→C>", "d"],
    [
      "a<TABLE x=y><caption>b</caption>\n<tr><th>c<td z>[[d]]<table><tr><td>e</table>* f</td></tr></table>g",
      "a",
      "b",
      "c",
      "<d→D>",
      "e",
      "* f",
      "g",
    ],
    ["<td>a</td> b\n| c\n! d\n|}\n</table>", "a b", "! d"],
    ["{|\n| 1 <table><tr><td>2\n| 3\n|}\n4</table>5", "1", "2", "3", "4", "5"],
  ];
  for (const [source, ...cells] of tables) {
    assert.deepEqual(shown(source, { includeTables: true }), cells, source);
  }
});

Deno.test("parseWikitext() shows the page's title where its text names it", () => {
  assert.deepEqual(shown("'''{{PAGENAME}}''' is [[a]]", { title: "B & [c]" }), ["B & [c] is <a→A>"]);
});

Deno.test("parseWikitext() leaves -{ in wikis of one script", () => {
  assert.deepEqual(shown("-{a}-", { language: "en" }), ["-{a}-"]);
  assert.deepEqual(shown("-{a}-", { language: "zh" }), ["a"]);
});

const trails: [language: string, source: string, expected: string][] = [
  ["en", "[[a]]bc [[d]]é [[e]]'s [[f]]1", "<abc→A> <d→D>é <e→E>'s <f→F>1"],
  ["de", "[[a]]ßé", "<aß→A>é"],
  ["fr", "[[a]]éÉb [[c]]я", "<aéÉb→A> <c→C>я"],
  ["is", "[[bók]]ina [[á]]ð", "<bókina→Bók> <áð→Á>"],
  ["pt", "[[a]]ções", "<ações→A>"],
  ["ru", "[[а]]ами [[б]]s [[в]]é", "<аами→А> <бs→Б> <в→В>é"],
  ["ko", "[[서울]]은", "<서울→서울>은"],
  ["ja", "[[東京]]都 [[a]]s", "<東京→東京>都 <as→A>"],
  ["zh", "[[a]]s", "<a→A>s"],
  ["he", "[[א]]ב", "<אב→א>"],
  ["hi", "[[क]]ों", "<कों→क>"],
];
for (const [language, source, expected] of trails) {
  Deno.test(`parseWikitext() knows the link trails of ${language}`, () => {
    assert.deepEqual(shown(source, { language }), [expected]);
  });
}

const prefixes: [language: string, namespaces: [number, string][], hidden: string, shown: string][] = [
  ["de", [[6, "Datei"], [14, "Kategorie"]], "[[Datei:a|b]][[Bild:c]][[kategorie:d]]", "[[:Kategorie:e|f]]"],
  [
    "es",
    [[6, "Archivo"], [14, "Categoría"]],
    "[[Archivo:a|b]][[Imagen:c]][[Categoría:d]]",
    "[[:Categoría:e|f]]",
  ],
  [
    "ja",
    [[6, "ファイル"], [14, "Category"]],
    "[[ファイル:a|b]][[画像:c]][[カテゴリ:d]]",
    "[[:カテゴリ:e|f]]",
  ],
  ["is", [[6, "Mynd"], [14, "Flokkur"]], "[[Mynd:a|b]][[File:c]][[Flokkur:d]]", "[[:Flokkur:e|f]]"],
  ["ko", [[6, "파일"], [14, "분류"]], "[[파일:a|b]][[그림:c]][[분류:d]]", "[[:분류:e|f]]"],
  [
    "pt",
    [[6, "Ficheiro"], [14, "Categoria"]],
    "[[Ficheiro:a|b]][[Imagem:c]][[Arquivo:d]]",
    "[[:Categoria:e|f]]",
  ],
];
for (const [language, local, hidden, linked] of prefixes) {
  Deno.test(`parseWikitext() drops files and categories on a wiki in ${language}`, () => {
    const namespaces = new Namespaces(local, language);
    assert.deepEqual(shown(`x${hidden}${linked}`, { namespaces, language }), ["xf"]);
  });
}

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
      "{{Aðgreining}}",
      "{{Homonymie}}",
      "{{Desambiguación}}",
      "{{Неоднозначность}}",
      "{{동음이의}}",
      "{{Template:Geodis|a}}",
      "__BEGRIFFSKLÄRUNG__",
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
  "||",
  "\n!",
  "<td>",
  "{{nowrap|",
  "{{lang|la|",
  "({{x}}",
  ", ",
  ")",
  ". ",
  "\ufdd0",
  "\ufdd1",
  "<h2>",
  "</h2>",
  "[[File:a|thumb|",
  "{{convert|1|",
];
const wikitext = fc.array(
  fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "grapheme", maxLength: 4 })),
  { maxLength: 60 },
)
  .map((parts) => parts.join(""));

Deno.test("parseWikitext() gives exact, ordered offsets and clean text for any input", () => {
  fc.assert(
    fc.property(wikitext, (source) => {
      const wanted = { includeCaptions: true, includeTables: source.length % 2 === 0 };
      for (const { text, links } of parseWikitext(source, wanted).paragraphs) {
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

// What would take quadratic time would take minutes here; deno task wikitext-growth measures it.
Deno.test.each(pathologicalWikitext)("parseWikitext() comes to the end of %s", (_name, text) => {
  for (const includeTables of [false, true]) {
    parseWikitext(text(20_000), { includeCaptions: true, includeTables });
  }
});
