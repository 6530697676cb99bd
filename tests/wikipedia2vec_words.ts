import type { ParsedWikitext } from "@lukeforge/corpus";
import { Bag } from "./bag.ts";
import type { GoldenPage } from "./wikipedia2vec_golden.ts";
import type { Region } from "./wikitext_regions.ts";

/** Why words may differ. A word is of the first kind that has it on its page. */
export const wordKinds = {
  "category": "names of categories, which nobody sees there",
  "interwiki": "titles in other languages and wikis",
  "template": "arguments that a template shows",
  "unclosed table": "a table without an end",
  "table": "cells of a table that wikipedia2vec takes for prose",
  "file": "files and their captions",
  "element": "references, galleries, code",
  "nowiki": "nowiki",
  "comment": "comments",
  "address": "addresses, which only wikipedia2vec keeps",
  "heading": "headings",
  "switch": "__NOTOC__ and its like",
  "tag": "text between tags, most of which 1.0.5 drops with what they hold",
  "divided": "part of a word of the other text, or made of one: what one drops joins what stands around it",
  "unexplained": "none of these",
} as const;

/** One of {@link wordKinds}. */
export type WordKind = keyof typeof wordKinds;

/** Compares words of texts, headings aside, as multisets of each page. */
export class WordComparison {
  /** Words that both have. */
  common = 0;
  /** Words of ours. */
  ours = 0;
  /** Words of theirs. */
  theirs = 0;
  /** Words of ours that are not theirs. */
  readonly added = new Map<WordKind, Bag>();
  /** Words of theirs that are not ours. */
  readonly lost = new Map<WordKind, Bag>();

  /** Harmonic mean of the shares of our and of their words that both have. */
  get f1(): number {
    return 2 * this.common / (this.ours + this.theirs);
  }

  /** Adds a page. */
  add(source: string, regions: readonly Region[], ours: ParsedWikitext, theirs: GoldenPage): void {
    const headings = new Set(
      [...source.matchAll(/^=+([^\n]*?)=+[ \t]*(?:<!--.*-->)?[ \t]*$/gm)].map(([, title = ""]) =>
        letters(title)
      ),
    );
    const theirText = theirs.paragraphs.map(({ text }) => withoutHeading(text, headings)).join("\n");
    const ourWords = new Bag(words(ours.paragraphs.map(({ text }) => text).join("\n")));
    const theirWords = new Bag(words(theirText));
    this.ours += ourWords.total;
    this.theirs += theirWords.total;
    for (const [word, count] of ourWords.entries()) {
      this.common += ourWords.take(word, theirWords.take(word, count));
    }
    const inRegions = new Map<string, RegionWords>();
    for (const kind of Object.keys(wordKinds)) {
      const text = regions.filter((region) => region.kind === kind).map(({ start, end }) =>
        source.slice(start, end)
      );
      if (text.length > 0) inRegions.set(kind, new RegionWords(text.join("\n")));
    }
    const [added, lost] = [ourWords.entries(), theirWords.entries()];
    sort(added, inRegions, lost, this.added);
    sort(lost, inRegions, added, this.lost);
  }
}

/** The words of all regions of a kind. */
class RegionWords {
  readonly #words: Set<string>;
  readonly #letters: string;

  constructor(text: string) {
    this.#words = new Set(words(text));
    this.#letters = letters(text);
  }

  /** Whether `word` is one of them, or, a long one, some of them joined. */
  has(word: string): boolean {
    return this.#words.has(word) || (word.length >= 6 && this.#letters.includes(letters(word)));
  }
}

function sort(
  words: readonly [string, number][],
  regions: ReadonlyMap<string, RegionWords>,
  others: readonly [string, number][],
  into: Map<WordKind, Bag>,
): void {
  const otherLetters = others.map(([word]) => word).join(" ");
  for (const [word, count] of words) {
    const kind = (Object.keys(wordKinds) as WordKind[]).find((kind) => regions.get(kind)?.has(word)) ??
      (otherLetters.includes(word) || others.some(([other]) => word.includes(other))
        ? "divided"
        : "unexplained");
    const bag = into.get(kind) ?? new Bag();
    bag.add(word, count);
    into.set(kind, bag);
  }
}

/** A section of wikipedia2vec 2.0.0 without its first line when that is a heading of the page. */
function withoutHeading(text: string, headings: ReadonlySet<string>): string {
  const [first = "", ...rest] = text.trimStart().split("\n");
  return headings.has(letters(first)) ? rest.join("\n") : text;
}

function letters(text: string): string {
  return text.replace(/\[\[[^[\]|]*\|/g, "").replace(/<[^<>]*>|\{\{[^{}]*\}\}|[^\p{L}\p{N}]/gu, "")
    .toLowerCase();
}

/** Runs of letters and digits; of scripts without spaces each character. */
function words(text: string): string[] {
  return text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}\p{M}]+/gu) ?? [];
}
