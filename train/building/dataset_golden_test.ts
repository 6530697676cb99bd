/** Data sets built by upstream's rules of upstream's pages, against the items of LUKE's own builder. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { fromCodePointOffsets } from "@lukeforge/corpus";
import { EntityVocab } from "@lukeforge/vocab";
import { Dataset } from "../dataset/dataset.ts";
import type { DatasetTokenizer } from "./dataset_build_options.ts";
import { buildPretrainingDataset } from "./dataset_builder.ts";
import { inDirectory } from "../dataset/dataset_fixture.ts";
import { PageDocuments, type PageSource } from "./page_documents.ts";
import type { ItemPage } from "./page_items.ts";

const GOLDEN = new URL("../../../shared/data/golden/wikipedia2vec/", import.meta.url).pathname;

interface GoldenDump {
  readonly pages: Readonly<
    Record<string, {
      readonly paragraphs: readonly {
        readonly text: string;
        readonly abstract: boolean;
        readonly links: readonly [title: string, text: string, start: number, end: number][];
      }[];
    }>
  >;
  readonly titles: readonly string[];
  readonly redirects: readonly [string, string][];
}

interface GoldenItem {
  readonly page_id: number;
  readonly words: readonly string[];
  readonly entity_ids: readonly number[];
  readonly entity_position_ids: readonly (readonly number[])[];
}

interface GoldenRun {
  readonly config: Readonly<Record<string, number | boolean>>;
  readonly pages: Readonly<Record<string, readonly GoldenItem[]>>;
}

function read<T>(name: string): T {
  return JSON.parse(gunzipSync(readFileSync(`${GOLDEN}${name}`)).toString()) as T;
}

function goldenPages({ pages, titles, redirects }: GoldenDump): PageSource {
  const target = new Map(redirects);
  return {
    meta: { language: "en" },
    lastPlace: titles.length,
    *pagesAt(first: number, last: number, isWanted: (title: string) => boolean): Generator<ItemPage> {
      for (const title of titles.slice(first - 1, last)) {
        if (!isWanted(title)) continue;
        const paragraphs = (pages[title]?.paragraphs ?? []).map(({ text, abstract, links }) => ({
          text,
          abstract,
          links: links.map(([title, shown, from, to]) => {
            const [start = 0, end = 0] = fromCodePointOffsets(text, [from, to]);
            equal(text.slice(start, end), shown);
            return { title, text: shown, start, end };
          }),
        }));
        yield { title, paragraphs };
      }
    },
    resolveRedirect: (title: string): string => target.get(title) ?? title,
  };
}

/** The fixtures' tokenizer: words are what stands between spaces; ids are given out as words appear. */
function whitespaceTokenizer(): { tokenizer: DatasetTokenizer; words: string[] } {
  const ids = new Map<string, number>();
  const words: string[] = [];
  const tokenizer: DatasetTokenizer = {
    vocabSize: 1 << 20,
    modelType: "bert",
    encodeSegment: (text: string): number[] =>
      text.split(/\s+/).filter((word) => word !== "").map((word) => {
        const id = ids.get(word) ?? words.push(word) - 1;
        ids.set(word, id);
        return id;
      }),
    isSubword: (): boolean => false,
    save: (directory: string): void => writeFileSync(`${directory}/tokenizer.json`, "{}"),
  };
  return { tokenizer, words };
}

for (const version of ["1.0.5", "2.0.0"]) {
  Deno.test({
    name: `buildPretrainingDataset() compat equals LUKE's six data sets of wikipedia2vec ${version}'s pages`,
    ignore: !existsSync(GOLDEN),
    fn: () =>
      inDirectory(async (directory) => {
        const dump = read<GoldenDump>(`sample_dump_wikipedia2vec_${version}.json.gz`);
        const { runs } = read<{ runs: GoldenRun[] }>(
          `pretraining_items_whitespace_tok_w2v${version}.json.gz`,
        );
        const tsv = `${directory}/vocab.tsv`;
        writeFileSync(tsv, gunzipSync(readFileSync(`${GOLDEN}vocab_all_links_w2v${version}.tsv.gz`)));
        const vocab = EntityVocab.load(tsv);
        equal(runs.length, 6);
        for (const [number, { config, pages }] of runs.entries()) {
          deepEqual(Object.keys(pages).sort(), [...dump.titles].sort());
          const { tokenizer, words } = whitespaceTokenizer();
          const out = `${directory}/${number}`;
          await buildPretrainingDataset(
            new PageDocuments(goldenPages(dump), { seed: number }),
            tokenizer,
            vocab,
            out,
            {
              maxSeqLength: Number(config["max_seq_length"]),
              maxEntityLength: Number(config["max_entity_length"]),
              maxMentionLength: Number(config["max_mention_length"]),
              minSentenceLength: Number(config["min_sentence_length"]),
              abstractOnly: config["abstract_only"] === true,
              includeSentencesWithoutEntities: config["include_sentences_without_entities"] === true,
              includeUnkEntities: config["include_unk_entities"] === true,
              compat: "luke",
            },
          );
          using dataset = Dataset.open(out);
          const items = Array.from({ length: dataset.size }, (_, index): GoldenItem => {
            const { pageId, wordIds, entities } = dataset.item(index);
            return {
              page_id: pageId,
              words: Array.from(wordIds, (id) => words[id] ?? ""),
              entity_ids: entities.map(({ id }) => id),
              entity_position_ids: entities.map(({ start, length }) =>
                Array.from({ length }, (_, i) => start + i)
              ),
            };
          });
          // Pages come in another order than upstream's, the items of each together.
          const expected = Object.values(pages);
          ok(expected.every((page) => page.length > 0));
          const first = (page: readonly GoldenItem[]): number =>
            items.findIndex((item) => JSON.stringify(item.words) === JSON.stringify(page[0]?.words));
          deepEqual(items, expected.toSorted((a, b) => first(a) - first(b)).flat(), JSON.stringify(config));
        }
      }),
  });
}
