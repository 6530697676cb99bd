import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cannotWrite, commitRename, pathBeside, syncDirectory, syncFile, UserError } from "@lukeforge/corpus";
import type { DatasetEntityVocab, DatasetTokenizer } from "../building/dataset_build_options.ts";
import type { DatasetItem } from "../building/page_items.ts";
import { type DatasetDescription, writeDatasetMetadata } from "./dataset_metadata.ts";
import { type DatasetTotals, ShardWriter } from "./dataset_shard.ts";
import { tokenizerClass } from "./tokenizer_class.ts";

/** Size at which a shard is closed unless told, in bytes. */
export const SHARD_BYTES = 64 * 2 ** 20;

/** What items and vocabularies do not tell of a data set; without a class of the tokenizer it is that which the tokenizer saves. */
export type DatasetFields =
  & Omit<
    DatasetDescription,
    keyof DatasetTotals | "shards" | "vocab_size" | "entity_vocab_size" | "tokenizer_class"
  >
  & Partial<Pick<DatasetDescription, "tokenizer_class">>;

/** What a data set is written from. */
export interface DatasetContents {
  /** What word ids mean. */
  readonly tokenizer: DatasetTokenizer;
  /** What entity ids mean. */
  readonly entityVocab: DatasetEntityVocab;
  /** Size at which a shard is closed, in bytes. */
  readonly shardBytes: number;
  /** The items in order, some at a time. */
  readonly items: () => AsyncIterable<readonly DatasetItem[]>;
  /** Describes the data set once the items are written. */
  readonly describe: (totals: DatasetTotals) => DatasetFields;
}

/** What was written. */
export interface WrittenDataset {
  /** Sums and maxima over the items. */
  readonly totals: DatasetTotals;
  /** Number of shards. */
  readonly shards: number;
}

/**
 * Writes a dataset directory as `outDir.partial`, which is flushed and renamed when complete; memory holds one shard's last megabyte.
 * Whatever fails leaves no partial one.
 *
 * @throws {UserError} when `outDir` holds something or cannot be written. What `items` and `describe` throw passes through.
 */
export async function writeDataset(
  outDir: string,
  { tokenizer, entityVocab, shardBytes, items, describe }: DatasetContents,
): Promise<WrittenDataset> {
  if (existsSync(outDir) && readdirSync(outDir).length > 0) {
    throw new UserError(`${outDir}: exists and is not empty; remove it or name another output directory`);
  }
  const partial = pathBeside(outDir, ".partial");
  const writing = <T>(write: () => T): T => {
    try {
      return write();
    } catch (error) {
      throw error instanceof UserError ? error : cannotWrite(outDir, error);
    }
  };
  writing(() => rmSync(partial, { recursive: true, force: true }));
  try {
    using writer = writing(() => {
      mkdirSync(partial, { recursive: true });
      tokenizer.save(partial);
      return new ShardWriter(partial, shardBytes);
    });
    for await (const some of items()) writing(() => some.forEach((item) => writer.write(item)));
    writing(() => writer.finish());
    const { totals, shards } = writer;
    const fields = describe(totals);
    writing(() => {
      entityVocab.save(join(partial, "entity_vocab.jsonl"));
      writeDatasetMetadata(partial, {
        ...totals,
        tokenizer_class: tokenizerClass(partial, tokenizer),
        vocab_size: tokenizer.vocabSize,
        entity_vocab_size: entityVocab.size,
        shards,
        ...fields,
      });
      for (const name of readdirSync(partial)) syncFile(join(partial, name));
      syncDirectory(partial);
      mkdirSync(dirname(outDir), { recursive: true });
      if (existsSync(outDir)) rmdirSync(outDir);
      commitRename(partial, outDir);
    });
    return { totals, shards: shards.length };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}
