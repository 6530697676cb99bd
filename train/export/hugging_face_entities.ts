import type { RowRange } from "@lukeforge/model";
import {
  entityKeys,
  type EntityVocab,
  jsonObjectText,
  MASK2_ENTITY,
  MASK_ENTITY,
  PAD_ENTITY,
  UNK_ENTITY,
} from "@lukeforge/vocab";

/** What an export needs of an entity vocabulary. */
export type ExportedVocab = Pick<
  EntityVocab,
  "size" | "padId" | "unkId" | "maskId" | "mask2Id" | "languages" | "entries"
>;

/** Entities as Hugging Face has them. */
export interface HuggingFaceEntities {
  /** Rows of the network's entity table and bias, in the order of the written ids. */
  readonly rows: readonly RowRange[];
  /** The text of `entity_vocab.json`: one JSON object from title to id. */
  readonly json: Iterable<string>;
}

/**
 * The entities of a vocabulary as upstream's converter writes them: `[MASK2]` after the last id, a copy of `[MASK]`, unless the
 * vocabulary has it.
 *
 * Titles are bare when the vocabulary names no language, else `language:Title`. Upstream writes `None:Title` for the former,
 * which `LukeTokenizer` never finds.
 */
export function huggingFaceEntities(vocab: ExportedVocab): HuggingFaceEntities {
  const hasMask2 = vocab.mask2Id !== undefined;
  const all: RowRange = [0, vocab.size];
  return {
    rows: hasMask2 ? [all] : [all, [vocab.maskId, vocab.maskId + 1]],
    json: jsonObjectText(entityKeys(vocab.entries())),
  };
}

/**
 * Only the special entities, as in upstream's "lite" models, whose entity tables are not needed where mentions are `[MASK]`:
 * `[MASK]`, `[UNK]`, `[PAD]` and `[MASK2]` with the ids 0 to 3.
 */
export function specialEntities(vocab: ExportedVocab): HuggingFaceEntities {
  const kept: readonly (readonly [title: string, id: number])[] = [
    [MASK_ENTITY, vocab.maskId],
    [UNK_ENTITY, vocab.unkId],
    [PAD_ENTITY, vocab.padId],
    [MASK2_ENTITY, vocab.mask2Id ?? vocab.maskId],
  ];
  return {
    rows: kept.map(([, id]): RowRange => [id, id + 1]),
    json: jsonObjectText(kept.map(([title], i) => [title, i])),
  };
}
