import { deepEqual, equal } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import {
  type DatasetItem,
  emptyPageItemCounts,
  type ItemParagraph,
  type PageItemOptions,
  pageItems,
} from "./page_items.ts";
import { openSentenceSplitter } from "../sentences/sentence_splitter.ts";

const golden = new URL("../../../shared/data/golden/wikipedia2vec/", import.meta.url).pathname;
const noGolden = !existsSync(golden);

/** Words are what stands between spaces; ids are given out as words appear. */
class WhitespaceTokenizer {
  readonly words: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly calls: [string, boolean][] = [];

  encodeSegment(text: string, prefixSpace: boolean): number[] {
    this.calls.push([text, prefixSpace]);
    return text.split(/\s+/).filter((word) => word !== "").map((word) => {
      const id = this.#ids.get(word) ?? this.words.push(word) - 1;
      this.#ids.set(word, id);
      return id;
    });
  }

  isSubword(id: number): boolean {
    return this.words[id]?.startsWith("##") ?? false;
  }
}

function options(tokenizer: WhitespaceTokenizer, changes: Partial<PageItemOptions> = {}): PageItemOptions {
  return {
    tokenizer,
    sentenceSplitter: openSentenceSplitter("en"),
    entityId: (title) => title.startsWith("Red") ? undefined : title.length,
    resolveRedirect: (title) => title,
    maxSeqLength: 512,
    maxEntityLength: 128,
    maxMentionLength: 30,
    minSentenceLength: 1,
    includeSentencesWithoutEntities: true,
    ...changes,
  };
}

/** A paragraph from text with links written [like this]; the title is the text. */
function paragraph(marked: string, abstract = true): ItemParagraph {
  const links: { title: string; text: string; start: number; end: number }[] = [];
  let text = "";
  for (const piece of marked.split(/(\[[^\]]*\])/)) {
    if (!piece.startsWith("[")) {
      text += piece;
      continue;
    }
    const inner = piece.slice(1, -1);
    links.push({ title: inner, text: inner, start: text.length, end: text.length + inner.length });
    text += inner;
  }
  return { text, links, abstract };
}

/** Items as text, mentions in brackets. */
function shown(items: readonly DatasetItem[], tokenizer: WhitespaceTokenizer): string[] {
  return items.map(({ wordIds, entities }) =>
    Array.from(wordIds, (id, i) => {
      const open = entities.filter((entity) => entity.start === i).map(() => "[").join("");
      const close = entities.filter((entity) => entity.start + entity.length - 1 === i).map(() => "]").join(
        "",
      );
      return open + tokenizer.words[id] + close;
    }).join(" ")
  );
}

interface GoldenPage {
  paragraphs: { text: string; abstract: boolean; links: [string, string, number, number][] }[];
}

interface GoldenItem {
  page_id: number;
  words: string[];
  entity_ids: number[];
  entity_position_ids: number[][];
}

interface GoldenRun {
  config: Record<string, number | boolean>;
  pages: Record<string, GoldenItem[]>;
}

function readGolden(name: string): string {
  return gunzipSync(readFileSync(`${golden}${name}`)).toString();
}

for (const version of ["1.0.5", "2.0.0"]) {
  Deno.test({
    name:
      `pageItems() compat equals LUKE's items in six configurations over wikipedia2vec ${version}'s pages`,
    ignore: noGolden,
    fn(): void {
      const dump = JSON.parse(readGolden(`sample_dump_wikipedia2vec_${version}.json.gz`)) as {
        pages: Record<string, GoldenPage>;
        redirects: [string, string][];
      };
      const vocab = new Map(
        readGolden(`vocab_all_links_w2v${version}.tsv.gz`).trimEnd().split("\n")
          .map((line, id): [string, number] => [line.slice(0, line.lastIndexOf("\t")), id]),
      );
      const redirects = new Map(dump.redirects);
      const { runs } = JSON.parse(readGolden(`pretraining_items_whitespace_tok_w2v${version}.json.gz`)) as {
        runs: GoldenRun[];
      };
      equal(runs.length, 6);
      for (const { config, pages } of runs) {
        for (const [title, expected] of Object.entries(pages)) {
          const paragraphs = (dump.pages[title]?.paragraphs ?? []).map((golden): ItemParagraph => {
            const points = [...golden.text];
            const unit = (offset: number): number => points.slice(0, offset).join("").length;
            return {
              text: golden.text,
              abstract: golden.abstract,
              links: golden.links.map(([title, text, start, end]) => ({
                title,
                text,
                start: unit(start),
                end: unit(end),
              })),
            };
          });
          const tokenizer = new WhitespaceTokenizer();
          const unk = vocab.get("[UNK]");
          const items = pageItems({ title, paragraphs }, {
            tokenizer,
            sentenceSplitter: openSentenceSplitter("en", { compat: "luke" }),
            entityId: (name) => vocab.get(name),
            ...(config.include_unk_entities && unk !== undefined ? { unkEntityId: unk } : {}),
            resolveRedirect: (name) => redirects.get(name) ?? name,
            maxSeqLength: Number(config.max_seq_length),
            maxEntityLength: Number(config.max_entity_length),
            maxMentionLength: Number(config.max_mention_length),
            minSentenceLength: Number(config.min_sentence_length),
            includeSentencesWithoutEntities: config.include_sentences_without_entities === true,
            abstractOnly: config.abstract_only === true,
            compat: "luke",
          });
          deepEqual(
            items.map((item): GoldenItem => ({
              page_id: item.pageId,
              words: Array.from(item.wordIds, (id) => tokenizer.words[id] ?? ""),
              entity_ids: item.entities.map((entity) => entity.id),
              entity_position_ids: item.entities.map(({ start, length }) =>
                Array.from({ length }, (_, i) => start + i)
              ),
            })),
            expected,
            `${title} ${JSON.stringify(config)}`,
          );
        }
      }
    },
  });
}

Deno.test("pageItems() moves a sentence boundary that a mention crosses; compat loses the entity", () => {
  const page = { title: "Page", paragraphs: [paragraph("He saw [Help! The film] today. It was fun.")] };
  const tokenizer = new WhitespaceTokenizer();
  const counts = emptyPageItemCounts();
  deepEqual(shown(pageItems(page, options(tokenizer), counts), tokenizer), [
    "He saw [Help! The film] today. It was fun.",
  ]);
  equal(counts.boundariesMoved, 1);
  equal(counts.sentences, 2);
  deepEqual(shown(pageItems(page, options(tokenizer, { compat: "luke" })), tokenizer), [
    "He saw Help! The film today. It was fun.",
  ]);
});

Deno.test("pageItems() divides a long sentence evenly without cutting mentions; compat drops it", () => {
  const tokenizer = new WhitespaceTokenizer();
  const words = Array.from({ length: 19 }, (_, i) => `w${i}`);
  words.splice(9, 2, "[w9 w10 w11]");
  const page = { title: "Page", paragraphs: [paragraph(words.join(" "))] };
  const counts = emptyPageItemCounts();
  deepEqual(shown(pageItems(page, options(tokenizer, { maxSeqLength: 14 }), counts), tokenizer), [
    "w0 w1 w2 w3 w4 w5 w6 w7 w8",
    "[w9 w10 w11] w11 w12 w13 w14 w15 w16 w17 w18",
  ]);
  equal(counts.longSentencesSplit, 1);
  deepEqual(pageItems(page, options(tokenizer, { maxSeqLength: 14, compat: "luke" }), counts), []);
  equal(counts.longSentencesDropped, 1);
});

Deno.test("pageItems() spells a mention by the character really before it; compat as after a space", () => {
  const page = { title: "Page", paragraphs: [paragraph("([A])[B] c")] };
  const tokenizer = new WhitespaceTokenizer();
  pageItems(page, options(tokenizer));
  deepEqual(tokenizer.calls, [["(", true], ["A", false], [")", false], ["B", false], [" c", false]]);
  const compat = new WhitespaceTokenizer();
  const adjacent = { title: "Page", paragraphs: [paragraph("x [A][B] c")] };
  pageItems(adjacent, options(compat, { compat: "luke" }));
  deepEqual(compat.calls, [["x ", true], ["A", true], ["", false], ["B", true], [" c", false]]);
});

Deno.test("pageItems() compat loses what XLM-RoBERTa does not know at the start of text that follows no space", () => {
  const page = { title: "Page", paragraphs: [paragraph("@ a ([@])[b][@ c]@")] };
  const tokenizer = {
    modelType: "xlm-roberta",
    unkId: 9,
    encodeSegment: (text: string): number[] =>
      [...text].flatMap((letter) => letter === "@" ? [9] : letter === " " ? [] : [letter.charCodeAt(0)]),
    isSubword: () => false,
  };
  const words = (compat?: "luke"): string => {
    const given = { ...options(new WhitespaceTokenizer()), tokenizer, ...(compat && { compat }) };
    return pageItems(page, given).map(({ wordIds }) =>
      Array.from(wordIds, (id) => id === 9 ? "@" : String.fromCharCode(id)).join("")
    ).join("|");
  };
  equal(words(), "@a(@)b@c@");
  equal(words("luke"), "@a()b@c"); // a mention after another counts as after a space
});

Deno.test("pageItems() compat blanks category links, of which page databases have none, in any language", () => {
  const tokenizer = new WhitespaceTokenizer();
  const page = {
    title: "Redx",
    paragraphs: [paragraph("a [Category:Cats] b [Red link] c")],
  };
  deepEqual(shown(pageItems(page, options(tokenizer, { compat: "luke" })), tokenizer), ["a b Red link c"]);
});

Deno.test("pageItems() keeps unknown links as text or [UNK], honours abstractOnly", () => {
  const tokenizer = new WhitespaceTokenizer();
  const page = {
    title: "Redx",
    paragraphs: [paragraph("a b [Red link] c"), paragraph("later [word]", false)],
  };
  const known = pageItems(page, options(tokenizer, { abstractOnly: true }));
  deepEqual(shown(known, tokenizer), ["a b Red link c"]);
  equal(known[0]?.pageId, -1);
  deepEqual(shown(pageItems(page, options(tokenizer, { unkEntityId: 1 })), tokenizer), [
    "a b [Red link] c later [word]",
  ]);
});

Deno.test("pageItems() loses no word and no mention, and keeps to every limit", () => {
  const word = fc.constantFrom("a", "bb", "c.", "D", "##e", "Mr.", "f!");
  const piece = fc.oneof(
    word,
    fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => `[${words.join(" ")}]`),
  );
  const paragraphs = fc.array(fc.array(piece, { maxLength: 60 }), { maxLength: 5 });
  const splitters = ["en", "opennlp"].map((name) => openSentenceSplitter(name));
  const splitter = fc.constantFrom(...splitters);
  fc.assert(
    fc.property(
      paragraphs,
      fc.integer({ min: 8, max: 40 }),
      splitter,
      (pieces, maxSeqLength, sentenceSplitter) => {
        const tokenizer = new WhitespaceTokenizer();
        const texts = pieces.map((words) => words.join(" "));
        const page = {
          title: "Page",
          paragraphs: texts.map((text) => paragraph(text)),
        };
        const items = pageItems(
          page,
          options(tokenizer, { maxSeqLength, maxEntityLength: 1000, sentenceSplitter }),
        );
        equal(shown(items, tokenizer).join(" "), texts.filter((text) => text !== "").join(" "));
        for (const { wordIds } of items) {
          equal(
            wordIds.length >= 1 && wordIds.length <= maxSeqLength - 2,
            true,
          );
        }
      },
    ),
  );
});

Deno.test("pageItems() keeps mentions whose text reaches into the white space between two sentences", () => {
  for (const name of ["en", "opennlp"]) {
    const tokenizer = new WhitespaceTokenizer();
    const page = {
      title: "Page",
      paragraphs: [paragraph("He is [in Kyoto. ]She is[ in Tokyo]. [ Nobody] is in Nara.")],
    };
    const items = pageItems(page, options(tokenizer, { sentenceSplitter: openSentenceSplitter(name) }));
    deepEqual(items.flatMap(({ entities }) => entities.map(({ length }) => length)), [2, 2, 1]);
  }
});

Deno.test("pageItems() takes time in proportion to the text, whatever it is", () => {
  const tokenizer = new WhitespaceTokenizer();
  // Each would take minutes where time grows with the square.
  for (
    const text of [`[a] b${" ".repeat(1_000_000)}c`, "\n".repeat(300_000) + "[a]", "[a] b ".repeat(200_000)]
  ) {
    const items = pageItems(
      { title: "Page", paragraphs: [paragraph(text)] },
      options(tokenizer, { maxEntityLength: 512 }),
    );
    equal(items.reduce((sum, { entities }) => sum + entities.length, 0), text.split("[").length - 1);
  }
});
