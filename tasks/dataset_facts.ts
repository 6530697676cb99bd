import {
  type Dataset,
  type DatasetMetadata,
  INDEX_ENTRY_BYTES,
  Permutation,
  verifyDataset,
} from "@lukeforge/train";
import type { EntityVocab } from "@lukeforge/vocab";
import { type Distribution, distributionOf, groupedShare, realShare } from "./histogram.ts";
import { markedText } from "./marked_text.ts";
import type { OpenDataset } from "./pretrain_network.ts";
import type { ProgressCallback } from "./progress.ts";

/** What `dataset-info` tells about a dataset. */
export interface DatasetFacts {
  /** The directory. */
  readonly directory: string;
  /** Bytes of its shards and their indexes. */
  readonly bytes: number;
  /** What `metadata.json` says, but for the list of shards. */
  readonly metadata: Omit<DatasetMetadata, "shards" | "files" | "metadata_sha256"> & {
    readonly shards: number;
  };
  /** Words of an item, without `[CLS]` and `[SEP]`. */
  readonly wordsOfItem: Distribution;
  /** Entities of an item. */
  readonly entitiesOfItem: Distribution;
  /** Words of a mention. */
  readonly wordsOfMention: Distribution;
  /** Share of real words, `[CLS]` and `[SEP]` among them, in batches of items in random order, by the number of items. */
  readonly realWords: readonly { readonly rows: number; readonly share: number }[];
  /** The same share in batches of items of similar length: 64 of them are filled from as many items (`--group-by-length`). */
  readonly realWordsInGroups: number;
  /** Its entities. */
  readonly coverage: EntityCoverage;
  /** Items that a seed chooses. */
  readonly examples: readonly DatasetExample[];
}

/** How much of the entity vocabulary occurs. */
export interface EntityCoverage {
  /** Entities of the vocabulary without special ones. */
  readonly vocabulary: number;
  /** Those of them that occur. */
  readonly occurring: number;
  /** Those that occur once. */
  readonly once: number;
  /** Mentions whose entity is `[UNK]`. */
  readonly unknown: number;
  /** Links of the pages, and those whose target is in the vocabulary; `null`: not recorded. */
  readonly links: { readonly all: number; readonly inVocabulary: number } | null;
  /** Parts of pages that became no items because they mention no entity; `null`: not recorded. */
  readonly itemsWithoutEntitiesDropped: number | null;
  /** The entities that occur most. */
  readonly top: readonly { readonly id: number; readonly title: string; readonly mentions: number }[];
}

/** An item for people. */
export interface DatasetExample {
  /** Its number. */
  readonly item: number;
  /** The title of its page; `null`: not in the vocabulary. */
  readonly page: string | null;
  /** Its text with the mentions marked. */
  readonly text: string;
  /** Where the first of them is in it; `null`: there is none. */
  readonly firstMention: number | null;
}

/** Options of {@linkcode datasetFacts}. */
export interface DatasetFactsOptions {
  /** Items to show. */
  readonly examples: number;
  /** Chooses them. */
  readonly seed: number;
  /** Entities to list. */
  readonly top: number;
  /** Items read and in all. */
  readonly progress?: ProgressCallback;
}

const BATCHES = [8, 32, 128];
const LENGTH_GROUPS = 64;
const PROGRESS_ITEMS = 1000;

/** Reads a dataset once, in memory that does not grow with it. @throws {UserError} naming an item that is damaged. */
export function datasetFacts(
  { dataset, tokenizer, vocab }: OpenDataset,
  options: DatasetFactsOptions,
): DatasetFacts {
  const { directory, metadata } = dataset;
  const words = new Float64Array(metadata.longest_item + 1);
  const entities = new Float64Array(metadata.most_entities + 1);
  const mentions = new Float64Array(metadata.longest_mention + 1);
  const occurrences = new Float64Array(metadata.entity_vocab_size);
  let done = 0;
  for (const item of dataset.items()) {
    add(words, item.wordIds.length);
    add(entities, item.entities.length);
    for (const { id, length } of item.entities) {
      add(mentions, length);
      add(occurrences, id);
    }
    if (++done % PROGRESS_ITEMS === 0) options.progress?.(done, dataset.size);
  }
  const wordsOfItem = distributionOf(words);
  const { shards, files: _, metadata_sha256: __, ...told } = metadata;
  return {
    directory,
    bytes: shards.reduce((sum, { bytes, items }) => sum + bytes + items * INDEX_ENTRY_BYTES, 0),
    metadata: { ...told, shards: shards.length },
    wordsOfItem,
    entitiesOfItem: distributionOf(entities),
    wordsOfMention: distributionOf(mentions),
    realWords: BATCHES.map((rows) => ({ rows, share: realShare(wordsOfItem, rows, 2) })),
    realWordsInGroups: groupedShare(wordsOfItem, LENGTH_GROUPS, 2),
    coverage: coverageOf(occurrences, vocab, metadata, options.top),
    examples: chosenItems(dataset, options).map((item) => {
      const stored = dataset.item(item);
      const title = (id: number): string => vocab.titleOf(id, metadata.language);
      const decode = (ids: number[]): string => tokenizer.decode(ids);
      const first = Math.min(...stored.entities.map(({ start }) => start));
      return {
        item,
        page: stored.pageId < 0 ? null : title(stored.pageId),
        text: markedText(stored, decode, title),
        firstMention: stored.entities.length === 0
          ? null
          : decode(Array.from(stored.wordIds).slice(0, first)).length,
      };
    }),
  };
}

function add(counts: Float64Array, value: number): void {
  counts[value] = (counts[value] ?? 0) + 1;
}

function coverageOf(
  occurrences: Float64Array,
  vocab: EntityVocab,
  { counts, language }: DatasetMetadata,
  most: number,
): EntityCoverage {
  const specials = new Set([vocab.padId, vocab.unkId, vocab.maskId, vocab.mask2Id]);
  const top: { id: number; mentions: number }[] = [];
  let vocabulary = 0, occurring = 0, once = 0;
  for (const [id, mentions] of occurrences.entries()) {
    if (specials.has(id)) continue;
    vocabulary++;
    if (mentions === 0) continue;
    occurring++;
    if (mentions === 1) once++;
    if (top.length === most && mentions <= (top.at(-1)?.mentions ?? Infinity)) continue;
    top.splice(top.findLastIndex((other) => other.mentions >= mentions) + 1, 0, { id, mentions });
    if (top.length > most) top.pop();
  }
  return {
    vocabulary,
    occurring,
    once,
    unknown: occurrences[vocab.unkId] ?? 0,
    links: counts && { all: counts.links, inVocabulary: counts.linksInVocabulary },
    itemsWithoutEntitiesDropped: counts && counts.itemsWithoutEntitiesDropped,
    top: top.map(({ id, mentions }) => ({ id, title: vocab.titleOf(id, language), mentions })),
  };
}

function chosenItems(dataset: Dataset, { examples, seed }: DatasetFactsOptions): number[] {
  const order = new Permutation(dataset.size, seed);
  const chosen = Array.from({ length: Math.min(examples, dataset.size) }, (_, place) => order.at(place));
  return chosen.sort((a, b) => a - b);
}

/** Compares a dataset's files with their sums. @param progress takes megabytes. @returns a line about each problem. */
export function datasetProblems(dataset: Dataset, progress?: ProgressCallback): string[] {
  const { lines, count } = verifyDataset(dataset, (done, total) => progress?.(done / 1e6, total / 1e6));
  return count > lines.length ? [...lines, `… and ${count - lines.length} more`] : [...lines];
}
