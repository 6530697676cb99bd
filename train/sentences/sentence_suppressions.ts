import de from "cldr-segments-full/segments/de/suppressions.json" with { type: "json" };
import en from "cldr-segments-full/segments/en/suppressions.json" with { type: "json" };
import es from "cldr-segments-full/segments/es/suppressions.json" with { type: "json" };
import fr from "cldr-segments-full/segments/fr/suppressions.json" with { type: "json" };
import it from "cldr-segments-full/segments/it/suppressions.json" with { type: "json" };
import pt from "cldr-segments-full/segments/pt/suppressions.json" with { type: "json" };
import ru from "cldr-segments-full/segments/ru/suppressions.json" with { type: "json" };

interface SuppressionFile {
  readonly segments: {
    readonly segmentations: {
      readonly SentenceBreak: { readonly standard: readonly { readonly suppression: string }[] };
    };
  };
}

const FILES: Readonly<Record<string, SuppressionFile>> = { de, en, es, fr, it, pt, ru };

/** The languages for which LUKE asks ICU for `ss=standard`. */
const LUKE_LANGUAGES: readonly string[] = ["en", "de", "es", "it", "pt"];

/** Frequent English abbreviations and initials that CLDR's list lacks. */
const MORE_ENGLISH: readonly string[] = [
  ..."Adm. Bros. Cmdr. Cpl. Dr. Ft. Gen. Gov. Messrs. No. Nos. Pres. Pt. Sen. Sr. St. Supt. Vol. approx. c. ca. cf. no. vol."
    .split(" "),
  ..."CHJNPRVWY".split("").map((letter) => `${letter}.`),
];

/**
 * The abbreviations after which no sentence ends, from CLDR's "standard" sentence-break suppressions.
 *
 * @param language ISO 639 code.
 * @param compat true: CLDR's lists alone, and only for the five languages for which LUKE uses them.
 * @returns the abbreviations with their full stops; empty for a language without a list.
 */
export function sentenceSuppressions(language: string, compat = false): readonly string[] {
  if (compat && !LUKE_LANGUAGES.includes(language)) return [];
  const standard = FILES[language]?.segments.segmentations.SentenceBreak.standard ?? [];
  const abbreviations = standard.map((entry) => entry.suppression);
  return language === "en" && !compat ? [...abbreviations, ...MORE_ENGLISH] : abbreviations;
}
