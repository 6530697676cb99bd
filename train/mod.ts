/**
 * Pretraining: data sets of items in shards, masking, the training loop with checkpoints and metrics, evaluation on held-out
 * data, and the export to Hugging Face.
 *
 * @example Learning rates of a run over 1000 items
 * ```ts
 * import { totalTrainingSteps, warmupLinear } from "@lukeforge/train";
 *
 * const totalSteps = totalTrainingSteps([1000], 50, 2);
 * const schedule = warmupLinear({ learningRate: 1e-4, warmupSteps: 10, totalSteps });
 * console.log(totalSteps, schedule(0), schedule(10), schedule(25)); // 40 0 0.0001 0.00005
 * ```
 *
 * @example Training, given a data set directory, a tokenizer, a vocabulary and a network
 * ```ts
 * import type { LukeNetwork } from "@lukeforge/model";
 * import { Dataset, MaskingCollator, maskingTables, PretrainingSource, train, warmupLinear } from "@lukeforge/train";
 * import type { EntityVocab, Tokenizer } from "@lukeforge/vocab";
 *
 * export async function pretrain(network: LukeNetwork, tokenizer: Tokenizer, vocab: EntityVocab): Promise<void> {
 *   using dataset = Dataset.open("dataset");
 *   const source = new PretrainingSource(dataset, new MaskingCollator(maskingTables(tokenizer), vocab), {
 *     seed: 42,
 *     batchSize: 64,
 *     microBatchSize: 8,
 *   });
 *   await train(network, source, "runs/first", {
 *     seed: 42,
 *     batchSize: 64,
 *     microBatchSize: 8,
 *     totalSteps: 1000,
 *     schedule: warmupLinear({ learningRate: 5e-4, warmupSteps: 100, totalSteps: 1000 }),
 *     loggingSteps: 10,
 *     saveSteps: 100,
 *   });
 * }
 * ```
 *
 * @module
 */
export * from "./batches/batch_workers.ts";
export * from "./checkpoint.ts";
export * from "./dataset/concatenated_datasets.ts";
export * from "./luke_dataset/convert_luke_dataset.ts";
export * from "./dataset/dataset.ts";
export type {
  DatasetBuildOptions,
  DatasetEntityVocab,
  DatasetTokenizer,
} from "./building/dataset_build_options.ts";
export * from "./building/dataset_builder.ts";
export { INDEX_ENTRY_BYTES, type ItemLengths } from "./dataset/dataset_index.ts";
export {
  DATASET_FORMAT,
  type DatasetDescription,
  type DatasetMetadata,
  numberOfItems,
  readDatasetMetadata,
  writeDatasetMetadata,
} from "./dataset/dataset_metadata.ts";
export type { StoredItem } from "./dataset/dataset_record.ts";
export { type DatasetDraw, DatasetSampling } from "./batches/dataset_sampling.ts";
export * from "./dataset/dataset_shard.ts";
export * from "./building/document_source.ts";
export * from "./evaluate.ts";
export * from "./export/export_hugging_face.ts";
export * from "./export/export_original.ts";
export * from "./building/file_documents.ts";
export * from "./batches/held_out_batches.ts";
export * from "./export/hugging_face_entities.ts";
export * from "./export/hugging_face_words.ts";
export type { HostCounts, IntervalSums } from "./interval_sums.ts";
export * from "./building/json_line_document.ts";
export * from "./batches/item_order.ts";
export * from "./batches/length_groups.ts";
export * from "./masking/language_modeling_collator.ts";
export * from "./luke_dataset/luke_dataset.ts";
export * from "./masking/masking_collator.ts";
export * from "./masking/masking_options.ts";
export * from "./masking/masking_tables.ts";
export * from "./building/mention_vocab.ts";
export * from "./metrics_log.ts";
export * from "./export/model_archive.ts";
export * from "./export/model_card.ts";
export * from "./batches/open_pretraining_source.ts";
export * from "./dataset/open_shards.ts";
export * from "./building/page_documents.ts";
export * from "./batches/packing.ts";
export * from "./building/page_items.ts";
export * from "./batches/permutation.ts";
export * from "./batches/pretraining_source.ts";
export { RandomStream } from "./random.ts";
export * from "./building/resolved_page.ts";
export * from "./sentences/rule_sentence_splitter.ts";
export * from "./schedule.ts";
export * from "./sentences/sentence_splitter.ts";
export * from "./total_training_steps.ts";
export * from "./trainable_network.ts";
export * from "./trainer.ts";
export * from "./trainer_state.ts";
export * from "./batches/training_source.ts";
export * from "./unigram_baseline.ts";
export * from "./dataset/verify_dataset.ts";
export * from "./masking/word_masking.ts";
