import { UserError } from "@lukeforge/corpus";
import { sentenceSuppressions } from "./sentence_suppressions.ts";

/** Cuts a text into sentences. */
export interface SentenceSplitter {
  /** The sentences as [start, end) in UTF-16 units. They tile the text: trailing space belongs to the sentence before it. */
  split(text: string): [start: number, end: number][];
}

/** Options of {@linkcode openSentenceSplitter}. */
export interface SentenceSplitterOptions {
  /**
   * `"luke"`: as ICU with `ss=standard`: abbreviations for en, de, es, it and pt only, recognised also as the end of a longer word
   * ("AAA." ends in "AA."), but "U.S." not at all. Default: for every language with a list, as whole words.
   */
  readonly compat?: "luke";
}

/**
 * The splitter for a locale: Unicode sentence boundaries (`Intl.Segmenter`) without those that follow an abbreviation of the
 * language (which `Intl.Segmenter` alone would break at: it ignores `ss=standard`).
 *
 * @param name a locale ("en", "pt_BR", "de@ss=standard") or "opennlp", which stands for the English rules here.
 * @throws {UserError} when `name` is no locale.
 */
export function openSentenceSplitter(name: string, options: SentenceSplitterOptions = {}): SentenceSplitter {
  const locale = name === "opennlp" ? "en" : name.replace(/@.*$/, "").replaceAll("_", "-");
  let segmenter: Intl.Segmenter;
  let language: string;
  try {
    segmenter = new Intl.Segmenter(locale, { granularity: "sentence" });
    language = new Intl.Locale(locale).language;
  } catch {
    throw new UserError(
      `--sentence-splitter ${
        JSON.stringify(name)
      }: not a locale; pass a language code such as "en", or "opennlp"`,
    );
  }
  const compat = options.compat === "luke";
  const abbreviations = sentenceSuppressions(language, compat);
  const suppressions = compat ? new IcuSuppressions(abbreviations) : new Suppressions(abbreviations);
  return {
    split(text: string): [number, number][] {
      // LUKE blanks what lies outside the BMP before it asks ICU.
      const seen = compat ? text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, "  ") : text;
      const spans: [number, number][] = [];
      let start = 0;
      for (const { index, segment } of segmenter.segment(seen)) {
        const end = index + segment.length;
        if (end < text.length && suppressions.continuesAt(seen, end)) continue;
        spans.push([start, end]);
        start = end;
      }
      return spans;
    },
  };
}

/** Recognises abbreviations before a boundary, also those that go on behind it ("n. Chr." at the boundary after "n. "). */
class Suppressions {
  /** What may stand before a boundary -> what has to follow there, one of these. */
  readonly #rests = new Map<string, string[]>();

  constructor(abbreviations: readonly string[]) {
    for (const abbreviation of abbreviations) {
      for (let i = 1; i <= abbreviation.length; i++) {
        if (i < abbreviation.length && abbreviation[i - 1] !== ".") continue;
        const head = abbreviation.slice(0, i);
        const rests = this.#rests.get(head);
        if (rests === undefined) this.#rests.set(head, [abbreviation.slice(i)]);
        else rests.push(abbreviation.slice(i));
      }
    }
  }

  /** Whether the boundary at `end` lies after (or inside) an abbreviation. */
  continuesAt(text: string, end: number): boolean {
    let last = end;
    while (last > 0 && /\s/.test(text[last - 1] ?? "")) last--;
    for (let start = Math.max(0, last - LONGEST_ABBREVIATION); start < last; start++) {
      const rests = this.#rests.get(text.slice(start, last));
      if (rests === undefined || (start > 0 && isWordCharacterBefore(text, start))) continue;
      const tail = text.slice(last, end + LONGEST_ABBREVIATION);
      if (rests.some((rest) => tail.startsWith(rest))) return true;
    }
    return false;
  }
}

/**
 * What ICU's filtered break iterator does. Abbreviations without an inner full stop are matched backwards from the boundary; of
 * the others only the part up to the first full stop is, and from its start the text must then run through exactly one whole
 * abbreviation that is no beginning of another.
 */
class IcuSuppressions {
  readonly #backwards = new Map<string, "match" | "partial">();
  readonly #forwards = new Set<string>();

  constructor(abbreviations: readonly string[]) {
    const inner = abbreviations.filter((abbreviation) => /\../.test(abbreviation));
    const prefixes = new Set(
      inner.map((abbreviation) => abbreviation.slice(0, abbreviation.indexOf(".") + 1)),
    );
    for (const abbreviation of abbreviations) {
      const prefix = abbreviation.slice(0, abbreviation.indexOf(".") + 1);
      if (prefixes.has(prefix)) this.#forwards.add(abbreviation);
      else this.#backwards.set(abbreviation, "match");
    }
    for (const prefix of prefixes) this.#backwards.set(prefix, "partial");
    for (const abbreviation of this.#forwards) {
      for (let i = 1; i < abbreviation.length; i++) this.#forwards.delete(abbreviation.slice(0, i));
    }
  }

  /** Whether ICU would drop the boundary at `end`. */
  continuesAt(text: string, end: number): boolean {
    const last = text[end - 1] === " " ? end - 1 : end;
    for (let start = Math.max(0, last - LONGEST_ABBREVIATION); start < last; start++) {
      const found = this.#backwards.get(text.slice(start, last));
      if (found === "match") return true;
      if (found === undefined) continue;
      for (let stop = start + 1; stop <= start + LONGEST_ABBREVIATION; stop++) {
        if (this.#forwards.has(text.slice(start, stop))) return true;
      }
      return false;
    }
    return false;
  }
}

/** Above the length of every abbreviation in CLDR's lists, in UTF-16 units. */
const LONGEST_ABBREVIATION = 24;

/** Whether a letter, digit or mark stands just before `index`. */
function isWordCharacterBefore(text: string, index: number): boolean {
  return /[\p{L}\p{N}\p{M}]$/u.test(text.slice(Math.max(0, index - 2), index));
}
