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
export * from "./batch_workers.ts";
export * from "./checkpoint.ts";
export * from "./concatenated_datasets.ts";
export * from "./convert_luke_dataset.ts";
export * from "./dataset.ts";
export * from "./dataset_build_options.ts";
export * from "./dataset_builder.ts";
export * from "./dataset_index.ts";
export * from "./dataset_metadata.ts";
export * from "./dataset_record.ts";
export * from "./dataset_sampling.ts";
export * from "./dataset_shard.ts";
export * from "./document_source.ts";
export * from "./evaluate.ts";
export * from "./export_hugging_face.ts";
export * from "./export_original.ts";
export * from "./file_documents.ts";
export * from "./held_out_batches.ts";
export * from "./hugging_face_entities.ts";
export * from "./hugging_face_words.ts";
export * from "./interval_sums.ts";
export * from "./json_line_document.ts";
export * from "./item_order.ts";
export * from "./length_groups.ts";
export * from "./language_modeling_collator.ts";
export * from "./luke_dataset.ts";
export * from "./masking_collator.ts";
export * from "./masking_options.ts";
export * from "./masking_tables.ts";
export * from "./mention_vocab.ts";
export * from "./metrics_log.ts";
export * from "./model_archive.ts";
export * from "./model_card.ts";
export * from "./open_pretraining_source.ts";
export * from "./open_shards.ts";
export * from "./page_documents.ts";
export * from "./packing.ts";
export * from "./page_items.ts";
export * from "./permutation.ts";
export * from "./pretraining_source.ts";
export * from "./random.ts";
export * from "./resolved_page.ts";
export * from "./rule_sentence_splitter.ts";
export * from "./schedule.ts";
export * from "./sentence_splitter.ts";
export * from "./total_training_steps.ts";
export * from "./trainable_network.ts";
export * from "./trainer.ts";
export * from "./trainer_state.ts";
export * from "./training_source.ts";
export * from "./unigram_baseline.ts";
export * from "./verify_dataset.ts";
export * from "./word_masking.ts";
