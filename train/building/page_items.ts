import { splitLongSentence } from "./long_sentence.ts";
import {
  type EntityMention,
  type ResolvedPage,
  resolvePage,
  type ResolvePageOptions,
} from "./resolved_page.ts";
import type { SentenceSplitter } from "../sentences/sentence_splitter.ts";

/** A mention of an entity in an item. */
export interface ItemEntity {
  /** Id in the entity vocabulary. */
  readonly id: number;
  /** Index of the mention's first word in the item's words. */
  readonly start: number;
  /** Number of its words, at most the maximal mention length. */
  readonly length: number;
}

/** What a model reads at once: words of one page with the entities mentioned in them. */
export interface DatasetItem {
  /** Entity id of the page's own title, −1 when the vocabulary lacks it. */
  readonly pageId: number;
  /** Word (subword) ids without `[CLS]` and `[SEP]`. */
  readonly wordIds: ArrayLike<number>;
  /** Its entities in the order of their mentions. */
  readonly entities: readonly ItemEntity[];
}

/** The words of one sentence with its mentions, positions relative to the sentence. */
export interface TokenizedSentence {
  /** Word (subword) ids. */
  readonly wordIds: number[];
  /** Mentions, in full length. */
  readonly entities: ItemEntity[];
}

/** A paragraph as far as items need it; `Paragraph` of `@lukeforge/corpus` is one. */
export interface ItemParagraph {
  /** Plain text. */
  readonly text: string;
  /** Links over parts of the text: target title, text, and [start, end) in UTF-16 units. */
  readonly links: readonly {
    readonly title: string;
    readonly text: string;
    readonly start: number;
    readonly end: number;
  }[];
  /** Whether it stands before the first heading. */
  readonly abstract: boolean;
}

/** A page as far as items need it. */
export interface ItemPage {
  /** Title of the page. */
  readonly title: string;
  /** Its paragraphs in order. */
  readonly paragraphs: Iterable<ItemParagraph>;
}

/** The part of a tokenizer that items need. */
export interface SegmentTokenizer {
  /** Ids of a segment of a sentence; `prefixSpace`: a space precedes it. */
  encodeSegment(text: string, prefixSpace: boolean): number[];
  /** Whether the token continues the word before it. */
  isSubword(id: number): boolean;
  /** Hugging Face `model_type`, and the id of the unknown token: with `compat`, what LUKE does to XLM-RoBERTa's depends on them. */
  readonly modelType?: string;
  /** See {@linkcode SegmentTokenizer.modelType}. */
  readonly unkId?: number;
}

/** How text with its mentions becomes items. */
export interface ItemOptions {
  /** Makes words of text. */
  readonly tokenizer: SegmentTokenizer;
  /** Makes sentences of paragraphs. */
  readonly sentenceSplitter: SentenceSplitter;
  /** Longest item, `[CLS]` and `[SEP]` included. */
  readonly maxSeqLength: number;
  /** Most entities of an item; the others are dropped. */
  readonly maxEntityLength: number;
  /** Most words of a mention that count as its positions. */
  readonly maxMentionLength: number;
  /** Shorter sentences are dropped. */
  readonly minSentenceLength: number;
  /** Keeps items without any entity. */
  readonly includeSentencesWithoutEntities?: boolean;
  /**
   * `"luke"`: upstream's rules to the letter: links across a sentence boundary lose their entity, sentences beyond the
   * maximal length are dropped, a mention that directly follows another (or opens a sentence) is always spelled as after a space.
   */
  readonly compat?: "luke";
}

/** How a page becomes items. */
export interface PageItemOptions extends ItemOptions, ResolvePageOptions {}

/** What became of a page's links and sentences. */
export interface PageItemCounts {
  /** Links read, category links aside. */
  links: number;
  /** Links whose title is in the vocabulary. */
  linksInVocabulary: number;
  /** Sentences found. */
  sentences: number;
  /** Those below the minimal length, empty ones aside. */
  shortSentencesDropped: number;
  /** Those beyond the maximal length that were dropped (`compat` only). */
  longSentencesDropped: number;
  /** Those beyond the maximal length that were divided. */
  longSentencesSplit: number;
  /** Sentence boundaries removed because a mention crosses them. */
  boundariesMoved: number;
  /** What would be items if they mentioned an entity, or if items without any were kept. */
  itemsWithoutEntitiesDropped: number;
}

/** Counts of nothing yet. */
export function emptyPageItemCounts(): PageItemCounts {
  return {
    links: 0,
    linksInVocabulary: 0,
    sentences: 0,
    shortSentencesDropped: 0,
    longSentencesDropped: 0,
    longSentencesSplit: 0,
    boundariesMoved: 0,
    itemsWithoutEntitiesDropped: 0,
  };
}

/** Adds counts to a sum. */
export function addPageItemCounts(sum: PageItemCounts, counts: PageItemCounts): void {
  for (const name of Object.keys(counts) as (keyof PageItemCounts)[]) sum[name] += counts[name];
}

/**
 * The items of one page, LUKE's way: links to entities, sentences, words, then greedy packing of whole sentences up to the
 * maximal length. Items never cross pages.
 *
 * Unlike LUKE (see {@linkcode PageItemOptions.compat} for its rules) a mention across a sentence boundary joins the two
 * sentences, and a sentence that is too long is divided into about equal parts that cut no mention.
 *
 * @param counts where the page's counts are added.
 */
export function pageItems(
  page: ItemPage,
  options: PageItemOptions,
  counts: PageItemCounts = emptyPageItemCounts(),
): DatasetItem[] {
  return itemsOfPage(resolvePage(page, options, counts), options, counts);
}

/** {@linkcode pageItems} of a page whose links have been looked up: no vocabulary is needed any more. */
export function itemsOfPage(
  { pageId, paragraphs }: ResolvedPage,
  options: ItemOptions,
  counts: PageItemCounts = emptyPageItemCounts(),
): DatasetItem[] {
  const compat = options.compat === "luke";
  const maxWords = options.maxSeqLength - 2;
  const sentences: TokenizedSentence[] = [];
  for (const { text, mentions: links } of paragraphs) {
    const trimmed = withoutTrailingSpace(text);
    const whole = options.sentenceSplitter.split(trimmed);
    const spans = compat ? whole : joinAcrossLinks(tiled(whole, trimmed.length), links);
    counts.boundariesMoved += whole.length - spans.length;
    let passed = 0;
    for (const span of spans) {
      // Upstream's links may stand in any order.
      while (!compat && (links[passed]?.end ?? Infinity) <= span[0]) passed++;
      const sentence = tokenizeSentence(trimmed, span, links, passed, options);
      const length = sentence.wordIds.length;
      counts.sentences++;
      if (length < options.minSentenceLength) {
        if (length > 0) counts.shortSentencesDropped++;
      } else if (length <= maxWords) {
        sentences.push(sentence);
      } else if (compat) {
        counts.longSentencesDropped++;
      } else {
        counts.longSentencesSplit++;
        sentences.push(...splitLongSentence(sentence, maxWords, options.tokenizer));
      }
    }
  }
  return packSentences(sentences, pageId, options, counts);
}

// What Python's str.rstrip() removes; JavaScript's trimEnd() differs in U+001C to U+001F, U+0085 and U+FEFF.
// deno-lint-ignore no-control-regex
const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** From the end on: a pattern for it would try every space in the text, in quadratic time where many follow each other. */
function withoutTrailingSpace(text: string): string {
  let end = text.length;
  while (end > 0 && SPACE.test(text[end - 1] ?? "")) end--;
  return text.slice(0, end);
}

/** The spans with the white space that lies outside of them: it may be part of a link. */
function tiled(spans: readonly [number, number][], length: number): [number, number][] {
  return spans.map(([start], i) => [i === 0 ? 0 : start, spans[i + 1]?.[0] ?? length]);
}

/** Removes the boundaries that lie inside a link. Both lists are in order. */
function joinAcrossLinks(
  spans: readonly [number, number][],
  links: readonly EntityMention[],
): [number, number][] {
  const joined: [number, number][] = [];
  let link = 0;
  for (const [start, end] of spans) {
    while (link < links.length && (links[link]?.end ?? 0) <= start) link++;
    const current = links[link];
    const previous = joined.at(-1);
    if (previous !== undefined && current !== undefined && current.start < start) previous[1] = end;
    else joined.push([start, end]);
  }
  return joined;
}

function tokenizeSentence(
  text: string,
  [sentenceStart, sentenceEnd]: readonly [number, number],
  links: readonly EntityMention[],
  passed: number,
  options: ItemOptions,
): TokenizedSentence {
  const compat = options.compat === "luke";
  const { tokenizer } = options;
  const encode = (text: string, prefixSpace: boolean): number[] => {
    const ids = tokenizer.encodeSegment(text, prefixSpace);
    return compat && losesUnknown(tokenizer, text, prefixSpace, ids) ? ids.slice(1) : ids;
  };
  const wordIds: number[] = [];
  const entities: ItemEntity[] = [];
  const afterSpace = (index: number): boolean =>
    index === 0 || (compat ? text[index - 1] === " " : /\s/.test(text[index - 1] ?? ""));
  let cursor = sentenceStart;
  for (let i = passed; i < links.length; i++) {
    const link = links[i];
    if (link === undefined || (!compat && link.start >= sentenceEnd)) break;
    // Trailing space of the paragraph is gone, and may have been the end of a link.
    const end = compat ? link.end : Math.min(link.end, text.length);
    if (link.start < sentenceStart || link.start >= sentenceEnd || end > sentenceEnd) continue;
    const before = text.slice(cursor, link.start);
    for (const id of encode(before, afterSpace(cursor))) wordIds.push(id);
    const prefixSpace = compat ? before === "" || before.endsWith(" ") : afterSpace(link.start);
    const mention = encode(text.slice(link.start, end), prefixSpace);
    if (compat || mention.length > 0) {
      entities.push({ id: link.id, start: wordIds.length, length: mention.length });
    }
    for (const id of mention) wordIds.push(id);
    cursor = end;
  }
  for (const id of encode(text.slice(cursor, sentenceEnd), afterSpace(cursor))) {
    wordIds.push(id);
  }
  return { wordIds, entities };
}

/**
 * LUKE spells what follows no space with XLM-RoBERTa by putting 龘, which is unknown, in front, and taking the first two pieces away:
 * with them goes what is unknown at the start, since SentencePiece makes one piece of all that is unknown in a row.
 */
function losesUnknown(
  { modelType, unkId }: SegmentTokenizer,
  text: string,
  prefixSpace: boolean,
  ids: readonly number[],
): boolean {
  return modelType === "xlm-roberta" && !prefixSpace && ids[0] === unkId && !/^\s/.test(text);
}

function packSentences(
  sentences: readonly TokenizedSentence[],
  pageId: number,
  options: ItemOptions,
  counts: PageItemCounts,
): DatasetItem[] {
  const maxWords = options.maxSeqLength - 2;
  const items: DatasetItem[] = [];
  let wordIds: number[] = [];
  let entities: ItemEntity[] = [];
  const flush = (): void => {
    if (wordIds.length > 0 && entities.length === 0 && !options.includeSentencesWithoutEntities) {
      counts.itemsWithoutEntitiesDropped++;
    } else if (wordIds.length > 0) {
      items.push({ pageId, wordIds, entities: entities.slice(0, options.maxEntityLength) });
    }
    wordIds = [];
    entities = [];
  };
  for (const sentence of sentences) {
    if (wordIds.length + sentence.wordIds.length > maxWords) flush();
    for (const { id, start, length } of sentence.entities) {
      entities.push({
        id,
        start: wordIds.length + start,
        length: Math.min(length, options.maxMentionLength),
      });
    }
    for (const id of sentence.wordIds) wordIds.push(id);
  }
  flush();
  return items;
}
