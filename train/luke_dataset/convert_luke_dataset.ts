import { existsSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { cannotWrite, syncFile, UserError } from "@lukeforge/corpus";
import { writeDirectoryAtomic } from "../atomic_directory.ts";
import type { DatasetEntityVocab, DatasetTokenizer } from "../building/dataset_build_options.ts";
import { writeDatasetMetadata } from "../dataset/dataset_metadata.ts";
import { type DatasetTotals, ShardWriter } from "../dataset/dataset_shard.ts";
import { readLukeDataset, readLukeDatasetMetadata } from "./luke_dataset.ts";
import type { DatasetItem } from "../building/page_items.ts";
import { tokenizerClass } from "../dataset/tokenizer_class.ts";

/** Options of {@linkcode convertLukeDataset}. */
export interface ConvertLukeDatasetOptions {
  /** The id that each entity id gets; all keep theirs where it is absent. */
  readonly entityIds?: Int32Array | undefined;
  /** Size at which a shard is closed, in bytes. Default 64 MiB. */
  readonly shardBytes?: number;
  /** Bytes of `dataset.tf` read, and its size. */
  readonly progress?: (done: number, total: number) => void;
}

/**
 * Makes a dataset directory of one that LUKE's own builder wrote: the same items in the same order. It is written as
 * `outDir.partial` and renamed when complete; memory does not grow with the file.
 *
 * @param tokenizer that of the directory.
 * @param entityVocab its entities, under the ids that `entityIds` gives.
 * @throws {UserError} when `outDir` holds something or cannot be written, or as `readLukeDataset` does.
 */
export async function convertLukeDataset(
  directory: string,
  tokenizer: DatasetTokenizer,
  entityVocab: DatasetEntityVocab,
  outDir: string,
  { entityIds, shardBytes = 64 * 2 ** 20, progress }: ConvertLukeDatasetOptions = {},
): Promise<DatasetTotals> {
  const metadata = readLukeDatasetMetadata(directory);
  if (existsSync(outDir) && readdirSync(outDir).length > 0) {
    throw new UserError(`${outDir}: exists and is not empty; remove it or name another output directory`);
  }
  const writing = <T>(write: () => T): T => {
    try {
      return write();
    } catch (error) {
      throw error instanceof UserError ? error : cannotWrite(outDir, error);
    }
  };
  const entityId = (id: number): number => id < 0 ? id : entityIds?.[id] ?? id;
  const renumbered = ({ pageId, wordIds, entities }: DatasetItem): DatasetItem => ({
    pageId: entityId(pageId),
    wordIds,
    entities: entities.map((entity) => ({ ...entity, id: entityId(entity.id) })),
  });
  const sizes = { words: tokenizer.vocabSize, entities: entityVocab.size };
  let totals: DatasetTotals | undefined;
  await writeDirectoryAtomic(outDir, async (partial) => {
    using writer = new ShardWriter(partial, shardBytes);
    for await (const items of readLukeDataset(directory, metadata, sizes, progress)) {
      writing(() => items.forEach((item) => writer.write(entityIds === undefined ? item : renumbered(item))));
    }
    writing(() => {
      writer.finish();
      tokenizer.save(partial);
      entityVocab.save(join(partial, "entity_vocab.jsonl"));
      const { number_of_items: _, language, tokenizer_class, ...limits } = metadata;
      writeDatasetMetadata(partial, {
        ...writer.totals,
        max_seq_length: limits.max_seq_length,
        max_entity_length: limits.max_entity_length,
        max_mention_length: limits.max_mention_length,
        min_sentence_length: limits.min_sentence_length,
        tokenizer_class: tokenizer_class ?? tokenizerClass(partial, tokenizer),
        language: language ?? null,
        vocab_size: tokenizer.vocabSize,
        entity_vocab_size: entityVocab.size,
        shards: writer.shards,
        provenance: { converted_from: join(basename(resolve(directory)), "dataset.tf") },
        counts: null,
      });
      for (const name of readdirSync(partial)) syncFile(join(partial, name));
    });
    totals = writer.totals;
  });
  if (totals === undefined) throw new Error("nothing was written");
  return totals;
}
