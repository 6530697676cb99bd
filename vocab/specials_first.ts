import { EntityVocab } from "./entity_vocab.ts";

/** An entity vocabulary whose ids begin with the special entities. */
export interface SpecialsFirst {
  /** The vocabulary. */
  readonly vocab: EntityVocab;
  /** The new id of each id; undefined when none has changed. */
  readonly ids: Int32Array | undefined;
}

/**
 * The vocabulary with `[PAD]`, `[UNK]`, `[MASK]` as its first ids, as LUKE's are. mLUKE's has `[MASK]` at 0, where no lookup
 * trains a row.
 */
export function specialsFirst(vocab: EntityVocab): SpecialsFirst {
  const specials = [vocab.padId, vocab.unkId, vocab.maskId];
  if (specials.every((id, place) => id === place)) return { vocab, ids: undefined };
  const entries = [...vocab.entries()];
  const rest = entries.filter(({ id }) => !specials.includes(id));
  const ordered = [...specials.flatMap((id) => entries.filter((entry) => entry.id === id)), ...rest];
  const ids = new Int32Array(vocab.size);
  ordered.forEach((entry, id) => ids[entry.id] = id);
  return { vocab: new EntityVocab(ordered.map((entry, id) => ({ ...entry, id }))), ids };
}
