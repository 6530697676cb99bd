import { basename, join, resolve } from "node:path";
import type { DatasetEntityVocab, DatasetTokenizer } from "../building/dataset_build_options.ts";
import type { DatasetItem } from "../building/page_items.ts";
import type { DatasetTotals } from "../dataset/dataset_shard.ts";
import { SHARD_BYTES, writeDataset } from "../dataset/write_dataset.ts";
import { readLukeDataset, readLukeDatasetMetadata } from "./luke_dataset.ts";

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
  { entityIds, shardBytes = SHARD_BYTES, progress }: ConvertLukeDatasetOptions = {},
): Promise<DatasetTotals> {
  const metadata = readLukeDatasetMetadata(directory);
  const entityId = (id: number): number => id < 0 ? id : entityIds?.[id] ?? id;
  const renumbered = ({ pageId, wordIds, entities }: DatasetItem): DatasetItem => ({
    pageId: entityId(pageId),
    wordIds,
    entities: entities.map((entity) => ({ ...entity, id: entityId(entity.id) })),
  });
  const sizes = { words: tokenizer.vocabSize, entities: entityVocab.size };
  const { language = null, tokenizer_class, ...limits } = metadata;
  const { totals } = await writeDataset(outDir, {
    ...{ tokenizer, entityVocab, shardBytes },
    async *items() {
      for await (const items of readLukeDataset(directory, metadata, sizes, progress)) {
        yield entityIds === undefined ? items : items.map(renumbered);
      }
    },
    describe: () => ({
      max_seq_length: limits.max_seq_length,
      max_entity_length: limits.max_entity_length,
      max_mention_length: limits.max_mention_length,
      min_sentence_length: limits.min_sentence_length,
      ...(typeof tokenizer_class === "string" && { tokenizer_class }),
      language,
      provenance: { converted_from: join(basename(resolve(directory)), "dataset.tf") },
      counts: null,
    }),
  });
  return totals;
}
