import { type BatchCapacity, type LukeBatch, planCapacity } from "../luke_batch.ts";
import type { LukeConfig } from "../luke_config.ts";
import { uniformGenerator } from "../random_normal.ts";

/** A batch that fills `capacity`, of random words and entities: mentions are two words long, masked places evenly spread. */
export function syntheticBatch(config: LukeConfig, capacity: BatchCapacity, seed: number): LukeBatch {
  const uniform = uniformGenerator(seed);
  const { rows, words, entities, mentionLength, maskedWords, maskedEntities } = planCapacity(
    capacity,
    config,
    false,
  );
  const below = (end: number, from = 0): number => from + Math.floor(uniform() * (end - from));
  const draw = (length: number, end: number, from = 0): Int32Array =>
    Int32Array.from({ length }, () => below(end, from));
  const spread = (length: number, places: number): Int32Array =>
    Int32Array.from({ length }, (_, i) => Math.floor(i * places / length));
  return {
    rows,
    words,
    entities,
    mentionLength,
    wordIds: draw(rows * words, config.vocabSize, Math.min(2, config.vocabSize - 1)),
    wordAttentionMask: new Int32Array(rows * words).fill(1),
    entityIds: draw(rows * entities, config.entityVocabSize, Math.min(3, config.entityVocabSize - 1)),
    entityAttentionMask: new Int32Array(rows * entities).fill(1),
    entityPositionIds: Int32Array.from(
      { length: rows * entities * mentionLength },
      (_, i) => i % mentionLength < 2 ? below(words) : -1,
    ),
    maskedWordPositions: spread(maskedWords, rows * words),
    maskedWordLabels: draw(maskedWords, config.vocabSize),
    maskedEntityPositions: spread(maskedEntities, rows * entities),
    maskedEntityLabels: draw(maskedEntities, config.entityVocabSize),
  };
}
