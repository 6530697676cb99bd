import {
  type DatasetBuildOptions,
  type DatasetBuildSettings,
  datasetBuildSettings,
  type DatasetEntityVocab,
  type DatasetTokenizer,
} from "./dataset_build_options.ts";
import { checkLanguage, checkOutcome } from "./dataset_checks.ts";
import type { DocumentSource } from "./document_source.ts";
import type { ItemSettings } from "./item_maker.ts";
import { itemsInOrder } from "./item_pool.ts";
import { addPageItemCounts, emptyPageItemCounts, type PageItemCounts } from "./page_items.ts";
import { type ResolvedPage, resolvePage } from "./resolved_page.ts";
import { writeDataset } from "../dataset/write_dataset.ts";

/** What {@linkcode buildPretrainingDataset} made. */
export interface DatasetSummary extends PageItemCounts {
  /** Documents used. */
  readonly pages: number;
  /** Items written. */
  readonly items: number;
  /** Their words, without `[CLS]` and `[SEP]`. */
  readonly words: number;
  /** Their entities. */
  readonly entities: number;
  /** Shards written. */
  readonly shards: number;
}

/**
 * Turns documents into a dataset directory: shards, `metadata.json`, `entity_vocab.jsonl` and the tokenizer's files. The same input
 * gives the same bytes, whatever the number of threads. It is written as `outDir.partial` and renamed when complete; memory holds one
 * shard's last megabyte and a few documents for each thread.
 *
 * This thread reads the documents and looks up their mentions, in one vocabulary of perhaps millions of titles; others, which
 * get a part of the tokenizer, find sentences and words, which is nearly all of the work.
 *
 * @throws {UserError} when `outDir` holds something or cannot be written, an option makes no sense, no items result, or no mention
 * matches the vocabulary (upstream builds an empty data set then).
 */
export async function buildPretrainingDataset(
  source: DocumentSource,
  tokenizer: DatasetTokenizer,
  entityVocab: DatasetEntityVocab,
  outDir: string,
  options: DatasetBuildOptions = {},
): Promise<DatasetSummary> {
  const settings = datasetBuildSettings({
    ...options,
    ...(!source.hasMentions && { includeSentencesWithoutEntities: true }),
    ...(options.sentenceSplitter === "icu" && { sentenceSplitter: source.language ?? "en" }),
  });
  const language = languageOf(source, options);
  if (source.hasMentions) checkLanguage(entityVocab, language);
  const read = { documents: 0, counts: emptyPageItemCounts() };
  const { totals, shards } = await writeDataset(outDir, {
    tokenizer,
    entityVocab,
    shardBytes: settings.shardBytes,
    async *items() {
      const lookup = { ...settings, ...compatOf(options) };
      const pages = resolvedPages(source, entityVocab, language, lookup, read);
      const { workers } = settings;
      const itemOptions = {
        settings: itemSettings(settings, options),
        ...{ tokenizer, workers },
      };
      options.progress?.(0, source.total);
      for await (const { items, counts } of itemsInOrder(pages, itemOptions)) {
        yield items;
        addPageItemCounts(read.counts, counts);
        options.progress?.(source.done, source.total);
      }
      options.progress?.(source.done, source.total);
    },
    describe({ number_of_items: items }) {
      const { documents, counts } = read;
      checkOutcome({
        ...{ documents, items, counts, language, settings, unit: source.documentName },
        entityVocab: source.hasMentions ? entityVocab : undefined,
      });
      return {
        max_seq_length: settings.maxSeqLength,
        max_entity_length: settings.maxEntityLength,
        max_mention_length: settings.maxMentionLength,
        min_sentence_length: settings.minSentenceLength,
        language,
        provenance: {
          ...source.provenance(),
          sentence_splitter: settings.sentenceSplitter,
          include_sentences_without_entities: settings.includeSentencesWithoutEntities,
          include_unk_entities: settings.includeUnkEntities,
          abstract_only: settings.abstractOnly,
          predefined_entities_only: settings.predefinedEntitiesOnly,
          compat: options.compat ?? null,
        },
        counts: { pages: documents, ...counts },
      };
    },
  });
  const { number_of_items: items, total_words: words, total_entities: entities } = totals;
  return { ...read.counts, pages: read.documents, items, words, entities, shards };
}

/** As upstream, `compat` looks up without a language unless told. */
function languageOf(source: DocumentSource, { language, compat }: DatasetBuildOptions): string | null {
  return language !== undefined ? language : compat === "luke" ? null : source.language;
}

function compatOf({ compat }: DatasetBuildOptions): { compat?: "luke" } {
  return compat === undefined ? {} : { compat };
}

function itemSettings(settings: DatasetBuildSettings, options: DatasetBuildOptions): ItemSettings {
  const { sentenceSplitter, includeSentencesWithoutEntities } = settings;
  const { maxSeqLength, maxEntityLength, maxMentionLength, minSentenceLength } = settings;
  const limits = { maxSeqLength, maxEntityLength, maxMentionLength, minSentenceLength };
  return { sentenceSplitter, includeSentencesWithoutEntities, ...limits, ...compatOf(options) };
}

/** The documents with their mentions looked up; they are counted in `read`. */
async function* resolvedPages(
  source: DocumentSource,
  entityVocab: DatasetEntityVocab,
  language: string | null,
  settings: DatasetBuildSettings & { readonly compat?: "luke" },
  read: { documents: number; readonly counts: PageItemCounts },
): AsyncGenerator<ResolvedPage, void, void> {
  const { abstractOnly, compat, includeUnkEntities, predefinedEntitiesOnly } = settings;
  const entityId = (title: string): number | undefined => entityVocab.getId(title, language);
  const options = {
    entityId,
    resolveRedirect: (title: string): string => source.resolveRedirect(title),
    ...(includeUnkEntities && { unkEntityId: entityVocab.unkId }),
    ...{ abstractOnly, ...(compat && { compat }) },
  };
  const isWanted = predefinedEntitiesOnly ? (title: string) => entityId(title) !== undefined : undefined;
  for await (const document of source.documents(isWanted)) {
    read.documents++;
    yield resolvePage(document, options, read.counts);
  }
}
