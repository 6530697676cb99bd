import { realpathSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { Dataset } from "./dataset.ts";
import type { ItemLengths } from "./dataset_index.ts";
import type { StoredItem } from "./dataset_record.ts";
import type { ItemSource } from "../batches/held_out_batches.ts";
import { OpenShards } from "./open_shards.ts";

/** Several dataset directories as one: the items of the first, then those of the second, … */
export class ConcatenatedDatasets implements ItemSource, Disposable {
  /** The data sets in the order given. */
  readonly datasets: readonly Dataset[];
  /** Number of each data set's first item, and the number of all items at the end. */
  readonly boundaries: readonly number[];
  /** The largest `max_seq_length` of all. */
  readonly max_seq_length: number;
  /** Words of the longest item of all, without `[CLS]` and `[SEP]`. */
  readonly longest_item: number;
  /** Entities of the item that has most. */
  readonly most_entities: number;
  /** Words of the longest mention. */
  readonly longest_mention: number;
  /** Words of all items, without `[CLS]` and `[SEP]`. */
  readonly total_words: number;
  /** Entities of all items. */
  readonly total_entities: number;

  private constructor(datasets: readonly Dataset[]) {
    this.datasets = datasets;
    const boundaries = [0];
    for (const { size } of datasets) boundaries.push((boundaries.at(-1) ?? 0) + size);
    this.boundaries = boundaries;
    const all = datasets.map(({ metadata }) => metadata);
    this.max_seq_length = Math.max(...all.map(({ max_seq_length }) => max_seq_length));
    this.longest_item = Math.max(...all.map(({ longest_item }) => longest_item));
    this.most_entities = Math.max(...all.map(({ most_entities }) => most_entities));
    this.longest_mention = Math.max(...all.map(({ longest_mention }) => longest_mention));
    this.total_words = all.reduce((sum, { total_words }) => sum + total_words, 0);
    this.total_entities = all.reduce((sum, { total_entities }) => sum + total_entities, 0);
  }

  /**
   * Opens dataset directories; each thread does so for itself. Which of them comes first decides nothing but the numbers of the
   * items: tokenizer and entity vocabulary are the same in all (upstream takes those of the first that a pattern matches).
   *
   * @throws {UserError} when there is none, one is given twice, one cannot be opened, or two have different tokenizers or entity
   * vocabularies, naming both files.
   */
  static open(directories: readonly string[]): ConcatenatedDatasets {
    const openShards = new OpenShards();
    const datasets = directories.map((directory) => Dataset.open(directory, openShards));
    const [first] = datasets;
    if (first === undefined) throw new UserError("no data set directory is given; name one or more");
    const seen = new Set<string>();
    for (const dataset of datasets) {
      const path = realpathSync(dataset.directory);
      if (seen.has(path)) {
        throw new UserError(
          `${dataset.directory}: is given twice, its items would count double; name it once`,
        );
      }
      seen.add(path);
      checkSameVocabularies(dataset, first);
    }
    return new ConcatenatedDatasets(datasets);
  }

  /** Number of items. */
  get size(): number {
    return this.boundaries.at(-1) ?? 0;
  }

  /**
   * Item `index` of all.
   *
   * @throws {RangeError} when there is no such item.
   * @throws {UserError} naming the file and the item when it is damaged.
   */
  item(index: number): StoredItem {
    const [dataset, place] = this.#placeOf(index);
    return dataset.item(place);
  }

  /**
   * How long item `index` of all is, from the index alone.
   *
   * @throws {RangeError} when there is no such item.
   * @throws {UserError} naming the file and the item when the index is damaged.
   */
  lengths(index: number): ItemLengths {
    const [dataset, place] = this.#placeOf(index);
    return dataset.lengths(place);
  }

  /** Closes the files. Reading on opens them again. */
  close(): void {
    for (const dataset of this.datasets) dataset.close();
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.close();
  }

  #placeOf(index: number): [Dataset, number] {
    const number = this.boundaries.findLastIndex((boundary) => boundary <= index);
    const dataset = this.datasets[number];
    if (!Number.isInteger(index) || dataset === undefined) {
      throw new RangeError(`item ${index} is not in 0…${this.size - 1}`);
    }
    return [dataset, index - (this.boundaries[number] ?? 0)];
  }
}

/** Files whose ids the items hold. */
const ID_FILES = ["tokenizer.json", "entity_vocab.jsonl"];

/**
 * Checks that the ids of two data sets mean the same, by what their `metadata.json` records.
 *
 * @throws {UserError} naming both files when tokenizers or entity vocabularies differ.
 */
export function checkSameVocabularies(dataset: Dataset, other: Dataset): void {
  for (const name of ID_FILES) {
    if (dataset.metadata.files[name] === other.metadata.files[name]) continue;
    throw new UserError(
      `${join(dataset.directory, name)}: is not the same as ${
        join(other.directory, name)
      }; build both data sets with ` +
        "the same tokenizer and entity vocabulary",
    );
  }
}
