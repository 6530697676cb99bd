import { deepEqual, equal, notDeepEqual, throws } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { openSentenceSplitter } from "./sentence_splitter.ts";
import { awkwardText } from "./testdata_awkward_text.ts";

const golden = new URL("../../../shared/data/golden/wikipedia2vec/", import.meta.url).pathname;
const noGolden = !existsSync(golden);

function readGolden(name: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(`${golden}${name}`)).toString());
}

function codePointSpans(text: string, spans: readonly [number, number][]): number[][] {
  return spans.map((span) => span.map((offset) => [...text.slice(0, offset)].length));
}

interface Spans {
  text: string;
  en_ss: number[][];
  en?: number[][];
  de_ss?: number[][];
  ja?: number[][];
}

Deno.test({
  name: "openSentenceSplitter() equals ICU 72 with ss=standard on six mixed texts in en, de and ja",
  ignore: noGolden,
  fn(): void {
    for (const { text, en_ss, de_ss, ja } of readGolden("icu_sentence_spans.json.gz") as Spans[]) {
      const spans = (name: string): number[][] =>
        codePointSpans(text, openSentenceSplitter(name, { compat: "luke" }).split(text));
      deepEqual(spans("en"), en_ss, text);
      deepEqual(spans("de"), de_ss, text);
      deepEqual(spans("ja"), ja, text);
    }
  },
});

for (const version of ["1.0.5", "2.0.0"]) {
  Deno.test({
    name: `openSentenceSplitter() equals ICU 72 on every paragraph of wikipedia2vec ${version}'s sample dump`,
    ignore: noGolden,
    fn(): void {
      const splitter = openSentenceSplitter("en", { compat: "luke" });
      const paragraphs = readGolden(`sample_dump_sentence_spans_icu72_w2v${version}.json.gz`) as Spans[];
      const different: string[] = [];
      for (const { text: untrimmed, en_ss } of paragraphs) {
        const text = untrimmed.trimEnd();
        deepEqual(codePointSpans(text, splitter.split(text)), en_ss, text);
        const own = codePointSpans(text, openSentenceSplitter("en").split(text));
        if (JSON.stringify(own) !== JSON.stringify(en_ss)) different.push(text);
      }
      // ICU takes "AAA." for "AA.", and knows neither "U.S." before a capital nor the initial "P.".
      equal(
        different.length,
        different.filter((text) => /AAA\. |U\.S\. [A-Z]|William P\. Milton/.test(text)).length,
      );
    },
  });
}

Deno.test("openSentenceSplitter() keeps abbreviations together, but only whole ones", () => {
  const sentences = (name: string, text: string): string[] =>
    openSentenceSplitter(name).split(text).map(([start, end]) => text.slice(start, end));
  deepEqual(sentences("en", "Mr. Smith met Dr. Jones. They left."), [
    "Mr. Smith met Dr. Jones. ",
    "They left.",
  ]);
  deepEqual(sentences("en", "He won level AAA. Each counts."), ["He won level AAA. ", "Each counts."]);
  deepEqual(sentences("de", "Im Jahr 30 n. Chr. war es. Dann kam er."), [
    "Im Jahr 30 n. Chr. war es. ",
    "Dann kam er.",
  ]);
  deepEqual(sentences("en", "The U.S. Army won. J. R. R. Tolkien wrote No. 5. Yes."), [
    "The U.S. Army won. ",
    "J. R. R. Tolkien wrote No. 5. ",
    "Yes.",
  ]);
  deepEqual(sentences("fr", "M. Dupont est là. Il reste."), ["M. Dupont est là. ", "Il reste."]);
  deepEqual(sentences("es_MX", "La Dra. Gil vino. Ella vive."), ["La Dra. Gil vino. ", "Ella vive."]);
  deepEqual(sentences("lg", "東京は首都です。人口は多い。"), ["東京は首都です。", "人口は多い。"]);
});

Deno.test("openSentenceSplitter() spans tile any text", () => {
  fc.assert(fc.property(
    awkwardText,
    fc.constantFrom("en", "de", "ja"),
    fc.boolean(),
    (text, name, compat) => {
      let at = 0;
      for (const [start, end] of openSentenceSplitter(name, compat ? { compat: "luke" } : {}).split(text)) {
        equal(start, at);
        equal(end > start, true);
        at = end;
      }
      equal(at, text.length);
    },
  ));
});

Deno.test("openSentenceSplitter() names the option when the locale is malformed", () => {
  throws(
    () => openSentenceSplitter("no locale!"),
    (e) => e instanceof UserError && /--sentence-splitter/.test(e.message),
  );
});

Deno.test("openSentenceSplitter() takes icu for the locale of the language", () => {
  const text = "Mr. Wolf kam um 3 Uhr. Mrs. Wolf kam später.";
  const spans = (name: string, language?: string): [number, number][] =>
    openSentenceSplitter(name, language === undefined ? {} : { language }).split(text);
  deepEqual(spans("icu", "de"), spans("de"));
  deepEqual(spans("icu"), spans("en"));
  notDeepEqual(spans("icu", "de"), spans("icu"));
});
