import { UserError } from "@lukeforge/corpus";

/** How texts are cut into words: at white space, or by the rules and dictionaries of Unicode for languages without spaces. */
export const WORD_SEGMENTERS = ["whitespace", "intl"] as const;

/** Settings of {@linkcode wordSegmenter}, kept with a word vocabulary. */
export interface WordSegmentation {
  /** How texts are cut. `whitespace` suits a corpus that was tokenized before. */
  readonly segmenter: typeof WORD_SEGMENTERS[number];
  /** BCP 47 tag for `intl`: `ja`, `ko`, `th`, …; `und` for none. */
  readonly language: string;
  /** Whether words are lower-cased. */
  readonly lower: boolean;
}

/**
 * Cuts texts into words. Punctuation is a word of its own with `intl`; white space is none.
 *
 * @throws {UserError} when the language is no BCP 47 tag.
 */
export function wordSegmenter(
  { segmenter, language, lower }: WordSegmentation,
): (text: string) => string[] {
  const split = segmenter === "whitespace" ? whitespaceWords : intlWords(language);
  // By word, after the cut: where a word ends does not depend on its case.
  return lower ? (text) => split(text).map((word) => word.toLowerCase()) : split;
}

function whitespaceWords(text: string): string[] {
  return text.match(/\P{White_Space}+/gu) ?? [];
}

function intlWords(language: string): (text: string) => string[] {
  let segments: Intl.Segmenter;
  try {
    segments = new Intl.Segmenter(language, { granularity: "word" });
  } catch {
    throw new UserError(
      `language ${JSON.stringify(language)}: is no language tag; give one such as ja or th`,
    );
  }
  return (text) => {
    const words: string[] = [];
    for (const { segment } of segments.segment(text)) {
      if (/\P{White_Space}/u.test(segment)) words.push(segment);
    }
    return words;
  };
}
