import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { RuleSentenceSplitter } from "./rule_sentence_splitter.ts";
import { openSentenceSplitter } from "./sentence_splitter.ts";
import { awkwardText } from "./testdata_awkward_text.ts";

/** Texts with a bar where a sentence ends. */
const ENGLISH: readonly string[] = [
  // Plain ends.
  "He left.| She stayed.",
  "Did he leave?| Yes!| She stayed.",
  "One line.\nstill lower case.",
  "One line.|\nAnother line.",
  "A heading\nwith two lines",
  "A heading without a mark|\n\nA paragraph.",
  "A heading|\r\n\r\nA paragraph.",
  "No mark at the end",
  "He left...| Then he came back.",
  "He left … but came back.",
  "He left…| Nobody saw it.",
  "Really?!| Yes.",
  "It ended in 1990.| The wall fell.",
  "It was built in 1900.| 20 people came.",
  "The total was $5.| That was much.",
  "It rose by 3.5 percent.| It fell later.",
  "It grew by .5 percent in v1.2.3 of the program.| It works.",
  "Spaces  before.|   And after.",
  "The ratio is 3.14.| Pi is larger.",
  // Quotes and brackets.
  '"He left."| She stayed.',
  "“He left.”| She stayed.",
  "‘Go!’ she said.| He went off.",
  '"Go!" she said.| He went.',
  "(He left.)| She stayed.",
  "He left (in 1990).| She stayed.",
  "She asked, “Why?”| Nobody knew.",
  "He won (!) the prize.",
  "He won (?) The prize.",
  "As he said, “I […] Never left.”| She stayed.",
  "He left.[1]| She stayed.",
  "He left.[12][a]| She stayed.",
  'He left."[3]| She stayed.',
  "He said: “Stop.”| “Why?”| “Because.”",
  "He left.| (She stayed.)| They met.",
  "«He left.»| She stayed.",
  "It is called 'The End.'| It is short.",
  "He left.| ¿Qué?| She stayed.",
  // Titles.
  "Mr. Smith left.| He came back.",
  "Mrs. and Ms. Jones met Dr. Who.| They talked.",
  "Prof. Dr. Müller met Rev. Brown.| They talked.",
  "Gen. Lee met Lt. Col. Grant.| They talked.",
  "Lt.-Col. Brown met Lt.Cdr. Green.| They talked.",
  "Sen. Kennedy and Gov. Brown ran.| Rep. Paul won.",
  "Messrs. Smith met Mme. Curie.",
  "Sgt. Pepper met Capt. Hook.",
  "Hon. Mr. Justice Brown sat.",
  "The Roe v. Wade case.| It was long.",
  "Kramer vs. Kramer won.| The Who vs. The Beatles did not.",
  "He lives in St. Louis.| It is near Mt. Rainier and Ft. Worth.",
  "The bank on Wall St. The other is closed.".replace("St. ", "St.| "),
  "Fr. John and Br. Paul came.",
  // Initials.
  "J. R. R. Tolkien wrote it.| C. S. Lewis read it.",
  "J.R.R. Tolkien wrote it.",
  "J.-P. Sartre and J.K. Rowling wrote.",
  "George W. Bush won.| John F. Kennedy had won.",
  "A. A. Milne wrote it.",
  "E. Nesbit, H. G. Wells and M. R. James wrote.",
  "É. Zola wrote it.",
  "It was plan B.| The first had failed.",
  "It contains vitamin C.| It is healthy.",
  "He fought in World War I.| He fell.",
  "P. G. Wodehouse met I. Newton.",
  // Abbreviations with inner full stops.
  "The U.S. Army won.| They left.",
  "He lives in the U.S.| The others do not.",
  "He lives in the U.S. and works.",
  "He lives in Washington, D.C.| It is large.",
  "The U.S.S.R. and the U.K. signed.",
  "She has a Ph.D. in law.| He has none.",
  "She has a Ph.D.| He has none.",
  "He came at 5 p.m. and left at 6 a.m. Tuesday.",
  "He came at 5 p.m.| She came at six.",
  "Many, e.g. Germans, came.| Others, i.e. The Who, did not.",
  "Caesar died in 44 B.C. Rome fell.",
  "Caesar died in 44 B.C.| After that Rome fell.",
  "N.Y. Times and L.A. Law.",
  "He (a U.S. Senator) won.",
  "The forces (U.S.) Army and Navy.",
  // Companies and the like.
  "Apple Inc. makes phones.| Google Inc. does too.",
  "Apple Inc. Chairman Cook spoke.",
  "He works for Apple Inc.| He likes it.",
  "Smith & Co. Ltd. is small.| The owner is old.",
  "Warner Bros. Pictures made it.",
  "Martin Luther King Jr. Day is in January.",
  "He met Martin Luther King Jr.| They talked.",
  "Apples, pears, etc. are fruit.| Apples, etc.| They are fruit.",
  "Smith et al. Nature 5.",
  "Smith et al. (2010) say so.| They are right.",
  "Yahoo! Answers closed.| It was old.",
  "He works for Yahoo!| He likes it.",
  "It is 5 ft. Long beams hold it.",
  // Before numbers.
  "It is No. 5 of Nos. 3 and 4.",
  "He said no.| That was all.",
  "See Fig. 3 and Figs. 4.| See Fig. A and Vol. II.",
  "See p. 5, pp. 6 and ch. 7.| It is there.",
  "See sec. 5.| Sections follow.",
  "On Jan. 12 he left.| On Dec. 5 he came.",
  "He left in Jan. 1990.| He came in Feb.| The cold had gone.",
  "Built c. 1900, b. 1970, d. 1990.",
  "Symphony No. 5 in C minor, Op. 67.| It is known.",
  "Louis XIV.| The king slept.",
  "Approx. 50 came.| Ca. 60 left.",
  // Lists.
  "1. Introduction of the text",
  "1. First item.| 2. Second item.",
  "12. The twelfth of all.",
  "IV. Results and more",
  "(a) One of them, (b) another.",
  // Addresses and names of files.
  "See www.example.com.| It is there.",
  "See http://example.com/a.b?c=D!e.| It is there.",
  "The file README.md and node.js are small.| They are text.",
  "It uses .NET and ASP.NET.| It is large.",
  "Write to a.b@example.org.| We answer.",
  "Version 2.0 came.| Version 3.0 followed.",
  "The time was 5.30.| He came.",
  "At example.com they sell.",
  "He bought example.com.| John sold it.| See foo.py.| Anna wrote it.",
  // Other letters.
  "He left.| Он остался.",
  "He left.| 東京は首都です。|人口は多い。|He left.",
  "「東京です。」|人口は多い！|本当？|はい",
  "यह वाक्य है।| यह दूसरा है।",
  "هل ذهب؟| نعم.| لا.",
  "Was it 🤩?| It was 🤩.| 🤩 it was.",
  "안녕하세요.| 저는 학생입니다.",
  // Marks alone.
  "He came !| She left .| They met.",
  "Of life . . .| The end.",
  "In 1990. , 40 % left.",
  "masc. = masculine, fem. = feminine",
  "...| And then he left.",
  "He left. – She stayed.".replace("left. ", "left.| "),
  "He left. ***".replace("left. ", "left.| "),
  "What a day!!!| It rained.",
  "Guess what?| I won.",
];

const OTHERS: Readonly<Record<string, readonly string[]>> = {
  de: [
    "Am 3. Oktober 1990 war es.| Dann kam der 4. Oktober.",
    "Im 19. Jahrhundert lebte Ludwig XIV. von Frankreich.| Er starb.",
    "Es war der 3.| Der Tag war lang.",
    "Das gilt z. B. Montags.| Es gilt u. a. Dienstags.",
    "Das ist Dr. Müller.| Er ist Prof. Braun bekannt.",
    "Im Jahr 1990.| Danach kam es anders.",
  ],
  fr: ["M. Dupont est là.| Il reste.", "J.-J. Rousseau vint !| Il parla."],
  ru: ["А. С. Пушкин писал.| Он жил в XIX веке."],
  lg: ["J. B. Musoke yajja.| Yagenda."],
};

function check(marked: string, language: string): void {
  const text = marked.replaceAll("|", "");
  const sentences = new RuleSentenceSplitter(language).split(text).map(([start, end]) =>
    text.slice(start, end)
  );
  deepEqual(sentences, marked.split("|").map((sentence) => sentence.trim()));
}

for (const [language, cases] of Object.entries({ en: ENGLISH, ...OTHERS })) {
  Deno.test(`RuleSentenceSplitter ends sentences where a reader does: ${cases.length} texts, ${language}`, () => {
    for (const marked of cases) check(marked, language);
  });
}

Deno.test("openSentenceSplitter() takes opennlp for the rules, whose spans are without white space, as OpenNLP's", () => {
  const text = "This is an English sentence. The non-BMP characters 🤩 should not shift the spans.";
  const spans = openSentenceSplitter("opennlp").split(text);
  const codePoints = spans.map((span) => span.map((offset) => [...text.slice(0, offset)].length));
  deepEqual(codePoints, [[0, 28], [29, [...text].length]]);
  deepEqual(openSentenceSplitter("opennlp", { language: "de" }).split(" Am 3. Mai. "), [[1, 11]]);
  deepEqual(openSentenceSplitter("opennlp").split(" \n "), []);
});

Deno.test("RuleSentenceSplitter leaves nothing but white space between its spans, in any text", () => {
  fc.assert(fc.property(
    awkwardText,
    fc.constantFrom("en", "de", "lg"),
    (text, language) => {
      let at = 0;
      for (const [start, end] of new RuleSentenceSplitter(language).split(text)) {
        equal(text.slice(at, start).trim(), "");
        ok(end > start);
        equal(text.slice(start, end), text.slice(start, end).trim());
        at = end;
      }
      equal(text.slice(at).trim(), "");
    },
  ));
});

Deno.test("RuleSentenceSplitter takes time in proportion to the text, whatever it is", () => {
  for (const part of ["!", "a", ". ", "[1]", "\n ", "(", "A.", "a.a", "。", ")", "1. ", "…a"]) {
    const seconds = (length: number): number => {
      const text = part.repeat(length / part.length);
      const before = process.cpuUsage(); // the clock would count other processes, too
      new RuleSentenceSplitter().split(text);
      return process.cpuUsage(before).user / 1e6;
    };
    ok(seconds(200_000) < 5, part);
  }
});

const golden = new URL("../../../shared/data/golden/wikipedia2vec/", import.meta.url).pathname;

for (const version of ["1.0.5", "2.0.0"]) {
  Deno.test({
    name:
      `RuleSentenceSplitter agrees with ICU 72 on nearly all ends of sentences of wikipedia2vec ${version}'s sample dump`,
    ignore: !existsSync(golden),
    fn(): void {
      const path = `${golden}sample_dump_sentence_spans_icu72_w2v${version}.json.gz`;
      const paragraphs = JSON.parse(gunzipSync(readFileSync(path)).toString()) as {
        readonly text: string;
        readonly en_ss: readonly (readonly [start: number, end: number])[];
      }[];
      const splitter = new RuleSentenceSplitter();
      let both = 0, ours = 0, theirs = 0;
      for (const { text, en_ss } of paragraphs) {
        const characters = [...text];
        // ICU ends a sentence at each line break, too.
        const isWithinLine = (start: number): boolean =>
          start < characters.length && !/\n\s*$/.test(characters.slice(0, start).join(""));
        const own = splitter.split(text).slice(1).map(([start]) => [...text.slice(0, start)].length)
          .filter(isWithinLine);
        const icu = new Set(en_ss.slice(1).map(([start]) => start).filter(isWithinLine));
        both += own.filter((start) => icu.has(start)).length;
        ours += own.length;
        theirs += icu.size;
      }
      ok(ours > 150 && both / ours >= 0.99 && both / theirs >= 0.98, `${both} of ${ours} and ${theirs}`);
    },
  });
}
