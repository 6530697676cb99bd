import { chooseEntities, type ChooseEntitiesOptions, type EntityChoice } from "./choose_entities.ts";
import { EntityVocab } from "./entity_vocab.ts";
import { type EntityVocabEntry, SPECIAL_ENTITIES } from "./entity_vocab_entry.ts";
import { countLinks, type CountLinksOptions, type LinkCounts, type LinkSource } from "./link_counts.ts";

/** Options of {@linkcode buildEntityVocab}. */
export interface BuildEntityVocabOptions extends ChooseEntitiesOptions, Omit<CountLinksOptions, "watched"> {
  /** Written into every entry; `null` for none. */
  readonly language: string | null;
}

/**
 * Counts the links of all pages and keeps the most linked ones: {@linkcode countLinks}, then {@linkcode chooseEntities}.
 * `[PAD]` `[UNK]` `[MASK]` with count 0 come first. Ids have no gaps.
 *
 * @throws {UserError} when `vocabSize` leaves no room for an entity, or nothing qualifies.
 */
export function buildEntityVocab(source: LinkSource, options: BuildEntityVocabOptions): EntityVocab {
  const counts = countLinks(source, options);
  return entityVocabOf(source, counts, chooseEntities(source, counts, options), options.language);
}

/** The vocabulary of entities that were chosen. @param language written into every entry; `null` for none. */
export function entityVocabOf(
  source: LinkSource,
  counts: LinkCounts,
  choice: EntityChoice,
  language: string | null,
): EntityVocab {
  return new EntityVocab(entriesOf(source, counts, choice, language));
}

function* entriesOf(
  source: LinkSource,
  { byPage }: LinkCounts,
  { pages }: EntityChoice,
  language: string | null,
): Generator<EntityVocabEntry> {
  let id = 0;
  for (const title of SPECIAL_ENTITIES) yield { id: id++, entities: [[title, language]], count: 0 };
  for (const page of pages) {
    yield { id: id++, entities: [[source.titleAt(page) ?? "", language]], count: byPage[page] ?? 0 };
  }
}
