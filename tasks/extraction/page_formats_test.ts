import assert from "node:assert/strict";
import type { WikiPage } from "@lukeforge/corpus";
import { openSentenceSplitter } from "@lukeforge/train";
import { formatPage, type PageFormatOptions } from "./page_formats.ts";

const page: WikiPage = {
  id: 7,
  title: 'A "b" & <c>',
  isDisambiguation: false,
  headings: [
    { title: "Empty", level: 2 },
    { title: "Life", level: 2 },
    { title: "Youth", level: 3 },
    { title: "Work", level: 3 },
    { title: "", level: 2 },
  ],
  paragraphs: [
    {
      text: "🤩 Dr. Who & co. It ends.",
      links: [{ title: "Who", text: "Dr. Who", start: 3, end: 10, trail: 0 }],
      abstract: true,
      heading: -1,
    },
    { text: "One.", links: [], abstract: false, heading: 2 },
    { text: "Two.", links: [], abstract: false, heading: 3 },
    { text: "Three <br>.", links: [], abstract: false, heading: 4 },
  ],
};

const options: PageFormatOptions = {
  titles: false,
  includeHeadings: false,
  json: false,
  splitter: openSentenceSplitter("en"),
  baseUrl: "https://xx.wikipedia.org/wiki",
};
const all = { ...options, titles: true, includeHeadings: true };

Deno.test("formatPage() jsonl has links in code points, and headings when asked", () => {
  const record = JSON.parse(formatPage(page, "jsonl", options));
  assert.deepEqual(record.paragraphs[0], {
    text: "🤩 Dr. Who & co. It ends.",
    abstract: true,
    links: [["Who", "Dr. Who", 2, 9]],
  });
  assert.deepEqual(Object.keys(record), ["title", "disambiguation", "paragraphs"]);
  const withHeadings = JSON.parse(formatPage(page, "jsonl", all));
  assert.deepEqual(withHeadings.headings[2], [3, "Youth"]);
  assert.equal(withHeadings.paragraphs[2].heading, 3);
});

Deno.test("formatPage() text has a paragraph a line, headings only above prose", () => {
  assert.equal(
    formatPage(page, "text", options),
    "🤩 Dr. Who & co. It ends.\nOne.\nTwo.\nThree <br>.\n\n",
  );
  assert.equal(
    formatPage(page, "text", all),
    'A "b" & <c>\n🤩 Dr. Who & co. It ends.\nLife\nYouth\nOne.\nWork\nTwo.\nThree <br>.\n\n',
  );
});

Deno.test("formatPage() sentences has a sentence a line", () => {
  assert.equal(
    formatPage(page, "sentences", options),
    "🤩 Dr. Who & co.\nIt ends.\nOne.\nTwo.\nThree <br>.\n\n",
  );
});

Deno.test("formatPage() wikiextractor is laid out as WikiExtractor's", () => {
  assert.equal(
    formatPage(page, "wikiextractor", { ...options, includeHeadings: true }),
    '<doc id="7" url="https://xx.wikipedia.org/wiki?curid=7" title="A &quot;b&quot; &amp; &lt;c&gt;">\n' +
      'A "b" &amp; &lt;c&gt;\n\n' +
      "🤩 Dr. Who &amp; co. It ends.\nLife.\nYouth.\nOne.\nWork.\nTwo.\nThree &lt;br&gt;.\n\n</doc>\n",
  );
  assert.deepEqual(JSON.parse(formatPage(page, "wikiextractor", { ...options, json: true })), {
    id: "7",
    revid: "",
    url: "https://xx.wikipedia.org/wiki?curid=7",
    title: page.title,
    text: "🤩 Dr. Who & co. It ends.\nOne.\nTwo.\nThree <br>.",
  });
});

Deno.test("formatPage() leaves pages without prose to jsonl", () => {
  const empty = { ...page, paragraphs: [] };
  for (const format of ["text", "sentences", "wikiextractor"] as const) {
    assert.equal(formatPage(empty, format, all), "");
  }
  assert.deepEqual(JSON.parse(formatPage(empty, "jsonl", options)).paragraphs, []);
});
