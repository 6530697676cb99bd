import type { EntityVocabTable } from "./entity_vocab_table.ts";

/** Title of the padding entity. */
export const PAD_ENTITY = "[PAD]";
/** Title of the entity that stands for all that have no entry of their own. */
export const UNK_ENTITY = "[UNK]";
/** Title of the entity that replaces a masked one. */
export const MASK_ENTITY = "[MASK]";
/** Title of the second masked entity of pairs (relation classification), which Hugging Face's LUKE tokenizers demand. */
export const MASK2_ENTITY = "[MASK2]";
/** The special entities in the order of their ids in vocabularies built here: 0, 1, 2. */
export const SPECIAL_ENTITIES: readonly string[] = [PAD_ENTITY, UNK_ENTITY, MASK_ENTITY];

/** Whether a title is one of the special entities, `[MASK2]` included. */
export function isSpecialEntity(title: string): boolean {
  return title.startsWith("[") && (SPECIAL_ENTITIES.includes(title) || title === MASK2_ENTITY);
}

/** One id of an entity vocabulary. */
export interface EntityVocabEntry {
  /** Its row in the entity embedding table. */
  readonly id: number;
  /** The titles of this id with their languages; more than one in a multilingual vocabulary. `null`: language not recorded. */
  readonly entities: readonly (readonly [title: string, language: string | null])[];
  /** How many links to it were counted; 0 for the specials. */
  readonly count: number;
}

/** What a vocabulary file holds, in any order of ids. */
export interface EntityVocabContents {
  /** The titles. */
  readonly table: EntityVocabTable;
  /** By id; empty where the file has none. */
  readonly counts: readonly number[];
  /** Where an entry of the table stands in the file, for messages: `, byte 17`. */
  readonly placeOf?: (entry: number) => string;
}
