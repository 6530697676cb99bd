import { deepEqual, throws } from "node:assert/strict";
import { templateTextTable } from "./template_text_table.ts";
import { TemplateTexts } from "./template_texts.ts";
import { UserError } from "./user_error.ts";
import { parseWikitext } from "./wikitext.ts";

function shown(source: string, language = "", more = ""): string {
  const templateTexts = new TemplateTexts(language, more, "mine.txt");
  return parseWikitext(source, { language, templateTexts }).paragraphs.map(({ text }) => text).join("\n");
}

const cases: [language: string, source: string, expected: string][] = [
  [
    "en",
    "{{lang|la|a}} {{langx|fr|b}} {{lang-de|c}} {{Transl|ru|ALA|d}} {{nowrap|e}} {{native name|es|f}}",
    "a b c d e f",
  ],
  [
    "en",
    "{{convert|4.5|km|mi}} {{cvt|3|to|5|kg}} {{val|6|ul=m}} {{frac|1|2}} {{circa|1500}}",
    "4.5 km 3 to 5 kg 6 m 1/2 c. 1500",
  ],
  [
    "en",
    "{{chem|H|2|O}} {{US$|5}} {{HMS|Victory}} {{quote|g|h}} {{ill|i|de|j|lt=k}} {{ill|l|de|m}}",
    "H2O US$5 HMS Victory g k l",
  ],
  [
    "fr",
    "{{s|XIX|e}} {{unité|5|km}} {{langue|en|a}} {{lang-en|b}} {{nobr|c}} {{citation|d}}",
    "XIXe siècle 5 km a b c « d »",
  ],
  ["de", '{{EnS|a}} {{lang|en|b}} {{nowrap|c}} {{"|d}} {{Bruch|1|2}}', "a b c „d“ 1/2"],
  [
    "es",
    "{{unidad|5|km}} {{siglo|XIX}} {{lang|en|a}} {{lang-en|b}} {{esd|c}} {{fecha|1|mayo|2000}}",
    "5 km siglo XIX a b c 1 de mayo de 2000",
  ],
  [
    "pt",
    "{{lang-en|a}} {{fmtn|1234}} {{unidade|5|km}} {{séc|XIX}} {{PBPE|b|c}}",
    "a 1234 5 km século XIX b/c",
  ],
  [
    "ja",
    "{{lang|en|a}} {{仮リンク|b|en|c}} {{ルビ|d|e}} {{読み仮名|f|g}} {{lang-en-short|h}}",
    "a b d f（g） h",
  ],
  ["ko", "{{llang|en|a}} {{lang|en|b}} {{lang-en|c}} {{국기|대한민국}}", "a b c 대한민국"],
  ["ru", "{{lang-en|a}} {{s|b}} {{нп5|c|d|en|e}} {{число|5}}", "a b d 5"],
  ["zh", "{{lang|en|a}} {{link-en|b|c}} {{tsl|en|c|d}} {{le|e|f|g}}", "a b d g"],
  ["is", "{{lang|en|a}} {{nowrap|b}} {{lang-la|c}}", "a b c"],
];
for (const [language, source, expected] of cases) {
  Deno.test(`TemplateTexts knows templates of wikis in ${language}: ${source.slice(0, 24)}…`, () => {
    deepEqual(shown(source, language), expected);
  });
}

Deno.test("TemplateTexts takes more lines, which count before those that it has", () => {
  const more = `# mine
    $2 <- a | Long_Name
    [fr, is]
    " ($named$$) " <- b
    [*]
    <- lang
    $1 <- pre-*
    $2 ($1) <- swap`;
  deepEqual(
    shown("{{a|1|[[x]]}}{{ long name|1|y}}{{b|named=z}}{{lang|la|w}}{{pre-x|v}}", "fr", more),
    "xy (z$) v",
  );
  deepEqual(shown("{{b|named=z}}{{nowrap|a}}", "en", more), "a");
  deepEqual(shown("{{swap|a|b}} {{swap|[[a]]|b}} {{swap}}.", "en", more), "b (a) b ().");
});

Deno.test("TemplateTexts refuses other lines", () => {
  throws(
    () => new TemplateTexts("en", "$1 <- a\nb = c", "mine.txt"),
    (error) => error instanceof UserError && /^mine\.txt: line 2: write PATTERN <- name/.test(error.message),
  );
});

Deno.test("templateTextTable names no template twice in a section", () => {
  const twice: string[] = [];
  let names = new Set<string>();
  for (const line of templateTextTable.split("\n")) {
    if (line.startsWith("[") && line.endsWith("]")) names = new Set();
    for (const name of line.split("<-")[1]?.split("|").map((name) => name.trim()) ?? []) {
      if (names.has(name)) twice.push(name);
      names.add(name);
    }
  }
  deepEqual(twice, []);
});
