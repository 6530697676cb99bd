import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { commitRename, syncDirectory, syncFile, UserError } from "@lukeforge/corpus";
import { writeDatasetMetadata } from "./dataset_metadata.ts";
import { ShardWriter } from "./dataset_shard.ts";
import {
  emptyPageItemCounts,
  type ItemParagraph,
  type PageItemCounts,
  pageItems,
  type SegmentTokenizer,
} from "./page_items.ts";
import { Permutation } from "./permutation.ts";
import { openSentenceSplitter } from "./sentence_splitter.ts";

/** The pages of a data set; `DumpDB` of `@lukeforge/corpus` is one. */
export interface PageSource {
  /** What is known about the pages: language, dump file, … */
  readonly meta: Readonly<Record<string, string>>;
  /** Titles of the articles, in a fixed order. */
  titles(): Iterable<string>;
  /** The paragraphs of a page. */
  paragraphs(title: string): readonly ItemParagraph[];
  /** The title at the end of the whole chain of redirects. */
  resolveRedirect(title: string): string;
}

/** The tokenizer of a data set; `Tokenizer` of `@lukeforge/vocab` is one. */
export interface DatasetTokenizer extends SegmentTokenizer {
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** Kind of network it goes with. */
  readonly modelType: "bert" | "roberta" | "xlm-roberta";
  /** Writes the tokenizer's files into a directory. */
  save(directory: string): void;
}

/** The entities of a data set; `EntityVocab` of `@lukeforge/vocab` is one. */
export interface DatasetEntityVocab {
  /** Number of ids. */
  readonly size: number;
  /** Id of `[UNK]`. */
  readonly unkId: number;
  /** Languages of the entries; `null`: not recorded. */
  readonly languages: ReadonlySet<string | null>;
  /** The id of a title in a language. */
  getId(title: string, language?: string | null): number | undefined;
  /** Writes the vocabulary as jsonl. */
  save(path: string): void;
}

/** Options of {@linkcode buildPretrainingDataset}: upstream's names and defaults. */
export interface DatasetBuildOptions {
  /** Longest item in words, `[CLS]` and `[SEP]` included. Default 512. */
  readonly maxSeqLength?: number;
  /** Most entities of an item. Default 128. */
  readonly maxEntityLength?: number;
  /** Most words of a mention. Default 30. */
  readonly maxMentionLength?: number;
  /** Shorter sentences are dropped. Default 5. */
  readonly minSentenceLength?: number;
  /** Keeps items without any entity. */
  readonly includeSentencesWithoutEntities?: boolean;
  /** Keeps links outside the vocabulary as `[UNK]`. */
  readonly includeUnkEntities?: boolean;
  /** Uses this many pages, a random choice. */
  readonly maxNumDocuments?: number;
  /** Language of the titles in the vocabulary. Default: the page database's (with `compat` none, as upstream). */
  readonly language?: string | null;
  /** Only what stands before a page's first heading. */
  readonly abstractOnly?: boolean;
  /** Only pages whose own title is in the vocabulary. */
  readonly predefinedEntitiesOnly?: boolean;
  /** A locale or "opennlp". Default "en". */
  readonly sentenceSplitter?: string;
  /** `"luke"`: upstream's rules to the letter, see `PageItemOptions` and `SentenceSplitterOptions`. */
  readonly compat?: "luke";
  /** Order of the pages. Default 0. */
  readonly seed?: number;
  /** Whether a page is used: keeps held-out pages out. */
  readonly pageFilter?: (title: string) => boolean;
  /** What the filter does, for the record. */
  readonly pageFilterDescription?: string;
  /** Size at which a shard is closed, in bytes. Default 64 MiB. */
  readonly shardBytes?: number;
  /** Pages done and in all. */
  readonly progress?: (done: number, total: number | undefined) => void;
}

/** What {@linkcode buildPretrainingDataset} made. */
export interface DatasetSummary extends PageItemCounts {
  /** Pages used. */
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

const DEFAULTS = {
  maxSeqLength: 512,
  maxEntityLength: 128,
  maxMentionLength: 30,
  minSentenceLength: 5,
  includeSentencesWithoutEntities: false,
  includeUnkEntities: false,
  abstractOnly: false,
  predefinedEntitiesOnly: false,
  sentenceSplitter: "en",
  seed: 0,
  shardBytes: 64 * 2 ** 20,
};

/**
 * Turns pages into a dataset directory: shards, `metadata.json`, `entity_vocab.jsonl` and the tokenizer's files. The same input
 * gives the same bytes. It is written as `outDir.partial` and renamed when complete; memory holds one shard's last
 * megabyte and the list of titles.
 *
 * @throws {UserError} when `outDir` holds something, an option makes no sense, no items result, or no link matches the
 * vocabulary (upstream builds an empty data set then).
 */
export function buildPretrainingDataset(
  db: PageSource,
  tokenizer: DatasetTokenizer,
  entityVocab: DatasetEntityVocab,
  outDir: string,
  options: DatasetBuildOptions = {},
): DatasetSummary {
  const settings = { ...DEFAULTS, ...options };
  checkSettings(settings);
  if (existsSync(outDir) && readdirSync(outDir).length > 0) {
    throw new UserError(`${outDir}: exists and is not empty; remove it or name another output directory`);
  }
  const compat = options.compat === "luke" ? { compat: "luke" as const } : {};
  const language = options.language !== undefined
    ? options.language
    : options.compat === "luke"
    ? null
    : db.meta.language || null;
  checkLanguage(entityVocab, language);
  const titles = chosenTitles(db, entityVocab, language, settings);
  const itemOptions = {
    ...settings,
    ...compat,
    tokenizer,
    sentenceSplitter: openSentenceSplitter(settings.sentenceSplitter, compat),
    entityId: (title: string): number | undefined => entityVocab.getId(title, language),
    ...(settings.includeUnkEntities ? { unkEntityId: entityVocab.unkId } : {}),
    resolveRedirect: (title: string): string => db.resolveRedirect(title),
  };

  const partial = `${outDir}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const counts = emptyPageItemCounts();
  try {
    using writer = new ShardWriter(partial, settings.shardBytes);
    titles.forEach((title, done) => {
      options.progress?.(done, titles.length);
      for (const item of pageItems({ title, paragraphs: db.paragraphs(title) }, itemOptions, counts)) {
        writer.write(item);
      }
    });
    writer.finish();
    options.progress?.(titles.length, titles.length);
    checkResult(counts, writer.totals.number_of_items, titles.length, entityVocab, language, settings);

    tokenizer.save(partial);
    entityVocab.save(join(partial, "entity_vocab.jsonl"));
    writeDatasetMetadata(partial, {
      ...writer.totals,
      max_seq_length: settings.maxSeqLength,
      max_entity_length: settings.maxEntityLength,
      max_mention_length: settings.maxMentionLength,
      min_sentence_length: settings.minSentenceLength,
      tokenizer_class: tokenizerClass(partial, tokenizer),
      language,
      vocab_size: tokenizer.vocabSize,
      entity_vocab_size: entityVocab.size,
      shards: writer.shards,
      provenance: {
        pages_db: db.meta,
        sentence_splitter: settings.sentenceSplitter,
        include_sentences_without_entities: settings.includeSentencesWithoutEntities,
        include_unk_entities: settings.includeUnkEntities,
        abstract_only: settings.abstractOnly,
        predefined_entities_only: settings.predefinedEntitiesOnly,
        max_num_documents: options.maxNumDocuments ?? null,
        page_filter: options.pageFilterDescription ?? (options.pageFilter === undefined ? null : "custom"),
        compat: options.compat ?? null,
        seed: settings.seed,
      },
      counts: { pages: titles.length, ...counts },
    });
    for (const name of readdirSync(partial)) syncFile(join(partial, name));
    syncDirectory(partial);
    mkdirSync(dirname(outDir), { recursive: true });
    if (existsSync(outDir)) rmdirSync(outDir);
    commitRename(partial, outDir);
    const { number_of_items: items, total_words: words, total_entities: entities } = writer.totals;
    return { ...counts, pages: titles.length, items, words, entities, shards: writer.shards.length };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

type Settings = typeof DEFAULTS & DatasetBuildOptions;

function checkSettings(settings: Settings): void {
  const wholeNumbers: [string, number, number][] = [
    ["--max-seq-length", settings.maxSeqLength, 3],
    ["--max-entity-length", settings.maxEntityLength, 1],
    ["--max-mention-length", settings.maxMentionLength, 1],
    ["--min-sentence-length", settings.minSentenceLength, 1],
  ];
  if (settings.maxNumDocuments !== undefined) {
    wholeNumbers.push(["--max-num-documents", settings.maxNumDocuments, 1]);
  }
  for (const [flag, value, least] of wholeNumbers) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new UserError(`${flag} ${value}: must be a whole number of at least ${least}`);
    }
  }
  if (settings.minSentenceLength > settings.maxSeqLength - 2) {
    throw new UserError(
      `--min-sentence-length ${settings.minSentenceLength}: no sentence is that long and within --max-seq-length ${settings.maxSeqLength}; lower it`,
    );
  }
}

/** No title can match where the vocabulary has none in the language: told before the pages are read, which may take hours. */
function checkLanguage({ languages }: DatasetEntityVocab, language: string | null): void {
  const answers = languages.has(null) || (language === null ? languages.size === 1 : languages.has(language));
  if (answers) return;
  const named = [...languages].map((code) => code ?? "none");
  const shown = named.slice(0, 5).join(", ") + (named.length > 5 ? `, … (${named.length})` : "");
  throw new UserError(
    languages.size === 0
      ? "the entity vocabulary has only special entities; build one with build-entity-vocab"
      : language === null
      ? `the entity vocabulary has titles in several languages (${shown}), and the page database names none; pass --language`
      : `the entity vocabulary has no titles in ${language}, the language looked up, only in ${shown}; pass the vocabulary's --language, or build the vocabulary from this dump`,
  );
}

/** The titles to use, in random order. */
function chosenTitles(
  db: PageSource,
  entityVocab: DatasetEntityVocab,
  language: string | null,
  settings: Settings,
): string[] {
  const titles: string[] = [];
  for (const title of db.titles()) {
    if (/^(image|file|category):/i.test(title) || settings.pageFilter?.(title) === false) continue;
    if (settings.predefinedEntitiesOnly && entityVocab.getId(title, language) === undefined) continue;
    titles.push(title);
  }
  const order = new Permutation(titles.length, settings.seed);
  const count = Math.min(titles.length, settings.maxNumDocuments ?? titles.length);
  return Array.from({ length: count }, (_, place) => titles[order.at(place)] ?? "");
}

function checkResult(
  counts: PageItemCounts,
  items: number,
  pages: number,
  entityVocab: DatasetEntityVocab,
  language: string | null,
  settings: Settings,
): void {
  if (pages === 0) {
    const reason = settings.predefinedEntitiesOnly
      ? "none has a title in the entity vocabulary; leave out --predefined-entities-only or check --language"
      : "the page database has none, or the page filter lets none pass; check both";
    throw new UserError(`no pages to build a data set from: ${reason}`);
  }
  if (counts.linksInVocabulary === 0) {
    const shown = (code: string | null): string => code === null ? "none" : code;
    const languages = [...entityVocab.languages].slice(0, 5).map(shown).join(", ");
    throw new UserError(
      counts.links === 0
        ? `the ${pages} pages have no links, so there are no entities; check the dump`
        : `none of ${counts.links} links is in the entity vocabulary (its language: ${languages}; looked up: ${
          shown(language)
        }); pass the vocabulary's --language, or build the vocabulary from this dump`,
    );
  }
  if (items === 0) {
    throw new UserError(
      `no items from ${pages} pages: of ${counts.sentences} sentences ${counts.shortSentencesDropped} are shorter than --min-sentence-length ${settings.minSentenceLength} and ${counts.longSentencesDropped} longer than --max-seq-length ${settings.maxSeqLength} allows; change these, or pass --include-sentences-without-entities`,
    );
  }
}

/** The class that the saved tokenizer names, as `metadata.json` of upstream holds it. */
function tokenizerClass(directory: string, tokenizer: DatasetTokenizer): string {
  const path = join(directory, "tokenizer_config.json");
  if (existsSync(path)) {
    const config: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof config === "object" && config !== null && "tokenizer_class" in config) {
      return String(config.tokenizer_class);
    }
  }
  const classes = {
    bert: "BertTokenizer",
    roberta: "RobertaTokenizer",
    "xlm-roberta": "XLMRobertaTokenizer",
  };
  return classes[tokenizer.modelType];
}
