import { UserError } from "@lukeforge/corpus";
import type { DatasetBuildSettings, DatasetEntityVocab } from "./dataset_build_options.ts";
import type { PageItemCounts } from "./page_items.ts";

/**
 * No title can match where the vocabulary has none in the language: told before the documents are read, which may take hours.
 *
 * @throws {UserError} when no title can be found.
 */
export function checkLanguage({ languages }: DatasetEntityVocab, language: string | null): void {
  const answers = languages.has(null) || (language === null ? languages.size === 1 : languages.has(language));
  if (answers) return;
  const named = [...languages].map((code) => code ?? "none");
  const shown = named.slice(0, 5).join(", ") + (named.length > 5 ? `, … (${named.length})` : "");
  throw new UserError(
    languages.size === 0
      ? "the entity vocabulary has only special entities; build one with build-entity-vocab"
      : language === null
      ? `the entity vocabulary has titles in several languages (${shown}), and the corpus names none; pass --language`
      : `the entity vocabulary has no titles in ${language}, the language looked up, only in ${shown}; pass the vocabulary's --language, or build the vocabulary from this corpus`,
  );
}

/** What a data set was made of, and with. */
export interface BuildOutcome {
  /** Documents read. */
  readonly documents: number;
  /** What they are called, in the plural. */
  readonly unit: string;
  /** Items made of them. */
  readonly items: number;
  /** What became of their mentions and sentences. */
  readonly counts: PageItemCounts;
  /** The vocabulary; undefined where there are no entities. */
  readonly entityVocab: DatasetEntityVocab | undefined;
  /** The language that was looked up. */
  readonly language: string | null;
  /** How they were made. */
  readonly settings: DatasetBuildSettings;
}

/**
 * A data set without items, or without entities where there should be some, is nobody's wish (upstream builds one).
 *
 * @throws {UserError} saying why nothing came out.
 */
export function checkOutcome(outcome: BuildOutcome): void {
  const { documents, unit, items, counts, entityVocab, language, settings } = outcome;
  if (documents === 0) {
    const reason = settings.predefinedEntitiesOnly
      ? "none has a title in the entity vocabulary; leave out --predefined-entities-only or check --language"
      : "the corpus has none, or the filter lets none pass; check both";
    throw new UserError(`no ${unit} to build a data set from: ${reason}`);
  }
  if (entityVocab !== undefined && counts.linksInVocabulary === 0) {
    const shown = (code: string | null): string => code ?? "none";
    const languages = [...entityVocab.languages].slice(0, 5).map(shown).join(", ");
    throw new UserError(
      counts.links === 0
        ? `the ${documents} ${unit} mention no entity; check the corpus, or build with build-dataset-from-text, without entities`
        : `none of ${counts.links} mentions is in the entity vocabulary (its language: ${languages}; looked up: ${
          shown(language)
        }); pass the vocabulary's --language, or build the vocabulary from this corpus`,
    );
  }
  if (items === 0) {
    const { sentences, shortSentencesDropped: short, longSentencesDropped: long } = counts;
    const rest = sentences - short - long > 0 ? "; the others have no mention with words of its own" : "";
    const remedy = settings.includeSentencesWithoutEntities
      ? "change these"
      : "change these, or pass --include-sentences-without-entities";
    throw new UserError(
      `no items from ${documents} ${unit}: of ${sentences} sentences ${short} are shorter than --min-sentence-length ${settings.minSentenceLength} and ${long} longer than --max-seq-length ${settings.maxSeqLength} allows${rest}; ${remedy}`,
    );
  }
}
