import { UserError } from "@lukeforge/corpus";
import { RuleSentenceSplitter } from "./rule_sentence_splitter.ts";
import { sentenceSuppressions } from "./sentence_suppressions.ts";
import { IcuSuppressions, spaceBefore, Suppressions } from "./suppressions.ts";

/** Cuts a text into sentences. */
export interface SentenceSplitter {
  /**
   * The sentences as [start, end) in UTF-16 units, in order. Those of a locale tile the text, white space belongs to the sentence before
   * it; those of `opennlp` leave out the white space around them, as OpenNLP's.
   */
  split(text: string): [start: number, end: number][];
}

/** Options of {@linkcode openSentenceSplitter}. */
export interface SentenceSplitterOptions {
  /**
   * `"luke"`: as ICU with `ss=standard`: abbreviations for en, de, es, it and pt only, recognised also as the end of a longer word
   * ("AAA." ends in "AA."), but "U.S." not at all. Default: for every language with a list, as whole words.
   */
  readonly compat?: "luke";
  /** ISO 639 code: the locale of `icu`, and whose abbreviations `opennlp` knows. Default "en", the language of the model that LUKE used. */
  readonly language?: string;
}

/**
 * The splitter for a locale: Unicode sentence boundaries (`Intl.Segmenter`) without those that follow an abbreviation of the
 * language (which `Intl.Segmenter` alone would break at: it ignores `ss=standard`).
 *
 * @param name a locale ("en", "pt_BR", "de@ss=standard"), "icu" for that of `language`, or "opennlp": {@linkcode RuleSentenceSplitter},
 * in the place of OpenNLP's model.
 * @throws {UserError} when `name` is no locale.
 */
export function openSentenceSplitter(name: string, options: SentenceSplitterOptions = {}): SentenceSplitter {
  if (name === "opennlp") return new RuleSentenceSplitter(options.language);
  const locale = (name === "icu" ? options.language ?? "en" : name).replace(/@.*$/, "").replaceAll("_", "-");
  let segmenter: Intl.Segmenter;
  let language: string;
  try {
    segmenter = new Intl.Segmenter(locale, { granularity: "sentence" });
    language = new Intl.Locale(locale).language;
  } catch {
    throw new UserError(
      `--sentence-splitter ${
        JSON.stringify(name)
      }: not a locale; pass a language code such as "en", "icu" or "opennlp"`,
    );
  }
  const compat = options.compat === "luke";
  const abbreviations = sentenceSuppressions(language, compat);
  const suppressions: Pick<Suppressions, "continuesAt"> = compat
    ? new IcuSuppressions(abbreviations)
    : new Suppressions(abbreviations);
  return {
    split(text: string): [number, number][] {
      // LUKE blanks what lies outside the BMP before it asks ICU.
      const seen = compat ? text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, "  ") : text;
      const spans: [number, number][] = [];
      let start = 0;
      let last = 0; // a blank segment has the one of the segment before it
      for (const { index, segment } of segmenter.segment(seen)) {
        const end = index + segment.length;
        last = spaceBefore(seen, index, end) ?? last;
        if (end < text.length && suppressions.continuesAt(seen, end, last)) continue;
        spans.push([start, end]);
        start = end;
      }
      return spans;
    },
  };
}
