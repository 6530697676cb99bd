import assert from "node:assert/strict";
import { Namespaces } from "./namespaces.ts";
import { redirectInText } from "./redirect.ts";
import { parseSiteInfo } from "./siteinfo.ts";
import { normalizeTitle, type TitleRules } from "./titles.ts";
import { languageOfWiki } from "./wiki_language.ts";

const german: TitleRules = {
  language: "de",
  namespaces: new Namespaces([[0, ""], [2, "Benutzer"], [6, "Datei"], [8, "MediaWiki"]], "de"),
};

const forms: [raw: string, normal: string, rules?: TitleRules][] = [
  ["Tokyo", "Tokyo"],
  ["tokyo", "Tokyo"],
  ["  New__York _City_", "New York City"],
  ["New\u00a0York\u3000City\u2009x", "New York City x"],
  ["Tok\u200eyo\u200f", "Tokyo"],
  ["Tokyo#History", "Tokyo"],
  ["#History", ""],
  [":Tokyo", "Tokyo"],
  [": tokyo", "Tokyo"],
  ["AT&amp;T", "AT&T"],
  ["Caf&eacute;", "Café"],
  ["Cafe\u0301", "Café"],
  ["Caf%C3%A9_au%20lait", "Café au lait"],
  ["100% wool", "100% wool"],
  ["50%_off%21", "50% off!"],
  ["%FF", "%FF"],
  ["C%23", "C"],
  ["éclair", "Éclair"],
  ["ßtraße", "ßtraße"],
  ["ǆ", "Ǆ"],
  ["𐐨deseret", "𐐀deseret"],
  ["თბილისი", "თბილისი"],
  ["istanbul", "İstanbul", { language: "tr" }],
  ["istanbul", "Istanbul", { language: "en" }],
  ["ijsland", "IJsland", { language: "nl" }],
  ["ijsland", "Ijsland", { language: "de" }],
  ["iPod", "iPod", { caseSensitive: true }],
  ["datei: x.jpg", "Datei:X.jpg", german],
  ["Bild:x_y.jpg", "Datei:X y.jpg", german],
  ["file:x.jpg", "Datei:X.jpg", german],
  ["benutzer : foo", "Benutzer:Foo", german],
  ["star trek: picard", "Star trek: picard", german],
  ["portal:x", "Portal:X", german],
  ["User:foo", "User:Foo", {
    caseSensitive: true,
    namespaces: new Namespaces([[2, "User"], [0, ""]], "en", [0]),
  }],
  ["Help:foo", "Help:foo", {
    caseSensitive: true,
    namespaces: new Namespaces([[12, "Help"]], "en", [0, 12]),
  }],
];
for (const [raw, normal, rules] of forms) {
  Deno.test(`normalizeTitle() makes ${JSON.stringify(normal)} of ${JSON.stringify(raw)} ${rules?.language ?? ""}`, () => {
    assert.equal(normalizeTitle(raw, rules), normal);
    if (!raw.includes("%") && !raw.includes("&")) assert.equal(normalizeTitle(normal, rules), normal);
  });
}

Deno.test("redirectInText() knows the word of every language, and no list item", () => {
  const words =
    "REDIRECT redirect TILVÍSUN REDIRECIONAMENTO 넘겨주기 転送 リダイレクト WEITERLEITUNG REDIRECTION REDIRECCIÓN RINVIA " +
    "перенаправление перенапр تحويل הפניה YÖNLENDİR yönlendir İSTİQAMƏTLƏNDİRMƏ 重定向 ПЕРЕНАПРАВЛЕННЯ DOORVERWIJZING ALIH " +
    "PATRZ Preusmjeri ĐỔI ÁTIRÁNYÍTÁS เปลี่ยนทาง تغییر_مسیر ΑΝΑΚΑΤΕΥΘΥΝΣΗ";
  for (const word of words.split(" ")) assert.equal(redirectInText(`#${word} [[Target]]`), "Target", word);
  assert.equal(redirectInText("\n #REDIRECT:[[Target#Part|text]] rest"), "Target#Part");
  assert.equal(redirectInText("＃転送[[目的]]"), "目的");
  assert.equal(redirectInText("#tam [[Target]]", "pl"), "Target");
  for (
    const text of ["# REDIRECT [[x]]", "#tam [[x]]", "#one [[x]]", "text #REDIRECT [[x]]", "#REDIRECT x"]
  ) {
    assert.equal(redirectInText(text, "en"), undefined, text);
  }
});

Deno.test("languageOfWiki() believes the database name, the address, xml:lang, and a file named as dumps are", () => {
  const of = (dbname = "", base = "", xmlLang = "", fileName = ""): string =>
    languageOfWiki({ dbname, base, xmlLang, fileName });
  assert.equal(of("simplewiki", "https://simple.wikipedia.org/wiki/Main_Page", "en"), "simple");
  assert.equal(of("zh_min_nanwiki", "", "nan"), "zh-min-nan");
  assert.equal(of("tmp-wp", "https://ltg.wikipedia.org/wiki/X", "en"), "ltg");
  assert.equal(of("commonswiki", "https://commons.wikimedia.org/wiki/Main_Page", "en"), "en");
  assert.equal(of("mywiki_private", "http://localhost/", "pt-br"), "pt-br");
  assert.equal(
    of("enwiki", "https://en.wikipedia.org/", "en", "iswiki-20220101-pages-articles.xml.bz2"),
    "is",
  );
  assert.equal(of("enwiki", "", "en", "is.xml"), "en");
  assert.equal(of("", "", "", "dewiktionary-latest-pages-articles.xml"), "de");
  assert.equal(of(), "");
});

Deno.test("parseSiteInfo() reads rules of case for each namespace, and does without a header", () => {
  const info = parseSiteInfo(
    `<mediawiki version="0.10" xml:lang="de"><siteinfo><case>case-sensitive</case><namespaces>
    <namespace key="0" case="case-sensitive" /><namespace case="first-letter" key="2">Benutzer</namespace>
    <namespace key="14">Kategorie</namespace></namespaces></siteinfo>`,
  );
  assert.deepEqual(info.caseSensitiveNamespaces, [0, 14]);
  assert.equal(info.caseSensitive, true);
  assert.deepEqual(info.namespaces, [[0, ""], [2, "Benutzer"], [14, "Kategorie"]]);
  assert.deepEqual(parseSiteInfo("").namespaces, []);
  assert.equal(
    parseSiteInfo("<mediawiki><siteinfo><case>case-sensitive</case></siteinfo>").caseSensitive,
    true,
  );
});
