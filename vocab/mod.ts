/**
 * Vocabularies: the entities a LUKE model knows, and the tokenizers that split its words.
 *
 * ```ts
 * import { tokenizerFromJson, trainWordPiece } from "@lukeforge/vocab";
 *
 * const texts = ["the lake and the lakes", "a lake in the lowlands"];
 * const tokenizer = tokenizerFromJson(trainWordPiece(texts, { vocabSize: 40 }));
 * console.log(tokenizer.decode(tokenizer.encodeSegment("the lakes", false))); // the lakes
 * ```
 *
 * @module
 */
export * from "./basic_tokenizer.ts";
export * from "./build_entity_vocab.ts";
export * from "./build_interwiki_db.ts";
export * from "./choose_entities.ts";
export * from "./code_point_order.ts";
export * from "./entity_vocab.ts";
export * from "./entity_vocab_entry.ts";
export * from "./entity_vocab_formats.ts";
export * from "./entity_vocab_table.ts";
export * from "./explain_entity.ts";
export * from "./interwiki_db.ts";
export * from "./kitoken_tokenizer.ts";
export { type LineBlock, lineBlocks, type LineBlocksOptions } from "./line_blocks.ts";
export * from "./link_count_pool.ts";
export * from "./link_counts.ts";
export * from "./link_coverage.ts";
export * from "./merge_entity_vocabs.ts";
export * from "./open_tokenizer.ts";
export { sentencePieceModel } from "./sentence_piece_writer.ts";
export { SegmentTokenizer, type SegmentTokenizerData } from "./segment_tokenizer.ts";
export * from "./special_token_layout.ts";
export * from "./specials_first.ts";
export * from "./subword.ts";
export * from "./text_lines.ts";
export * from "./tokenizer.ts";
export * from "./tokenizer_json.ts";
export * from "./train_byte_level_bpe.ts";
export { trainWordPiece, type TrainWordPieceOptions, wordPieceWordCounts } from "./train_wordpiece.ts";
export * from "./training_texts.ts";
export { metaspaceWordCounts, trainUnigram, type TrainUnigramOptions } from "./train_unigram.ts";
export { WordCounts } from "./word_counts.ts";
export * from "./word_segmenter.ts";
export * from "./word_vocab.ts";
