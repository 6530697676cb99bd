import { mkdirSync, writeFileSync } from "node:fs";
import { writeDatasetMetadata } from "./dataset_metadata.ts";
import { ShardWriter } from "./dataset_shard.ts";
import type { DatasetItem } from "../building/page_items.ts";

/** What {@linkcode writeTestDataset} writes beside the items. */
export interface TestDatasetOptions {
  readonly shardBytes?: number;
  readonly language?: string;
  /** Contents of `tokenizer.json`. */
  readonly tokenizer?: string;
  /** Contents of `entity_vocab.jsonl`. */
  readonly entities?: string;
}

/** Writes a data set of the given items. */
export function writeTestDataset(
  directory: string,
  items: Iterable<DatasetItem>,
  { shardBytes = 2 ** 26, language = "en", tokenizer = "{}", entities = "" }: TestDatasetOptions = {},
): void {
  mkdirSync(directory, { recursive: true });
  using writer = new ShardWriter(directory, shardBytes);
  for (const item of items) writer.write(item);
  writer.finish();
  writeFileSync(`${directory}/tokenizer.json`, tokenizer);
  writeFileSync(`${directory}/entity_vocab.jsonl`, entities);
  writeDatasetMetadata(directory, {
    ...writer.totals,
    max_seq_length: writer.totals.longest_item + 2,
    max_entity_length: writer.totals.most_entities,
    max_mention_length: writer.totals.longest_mention,
    min_sentence_length: 1,
    tokenizer_class: "BertTokenizer",
    language,
    vocab_size: 1000,
    entity_vocab_size: 100,
    shards: writer.shards,
    provenance: {},
    counts: null,
  });
}
