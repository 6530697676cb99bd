import { scaleSize, type Size } from "./kernel.ts";
import type { BatchCapacity } from "./luke_batch.ts";
import { type LookupInputs, lookupInputs } from "./ops/embedding/embedding.ts";
import type { PlanBuilder, Tensor } from "./plan.ts";

/** The inputs of a LUKE plan. Without entities, or without places to predict, no op reads those for them. */
export interface LukeInputs {
  readonly words: LookupInputs;
  readonly wordPositions: LookupInputs;
  readonly wordTypes: LookupInputs;
  readonly entities: LookupInputs;
  readonly entityPositions: LookupInputs;
  readonly entityTypes: LookupInputs;
  readonly mask: Tensor;
  readonly maskedWords: Tensor;
  readonly wordLabels: Tensor;
  readonly maskedEntities: Tensor;
  readonly entityLabels: Tensor;
}

/** Declares the inputs of a plan of `capacity`. */
export function declareLukeInputs(plan: PlanBuilder, capacity: BatchCapacity): LukeInputs {
  const items: Size = { scalar: "rows", times: 1, capacity: capacity.rows };
  const words = scaleSize(items, capacity.words);
  const entities = scaleSize(items, capacity.entities);
  const length = capacity.words + capacity.entities;
  const maskedWords: Size = { scalar: "masked_words", times: 1, capacity: capacity.maskedWords };
  const maskedEntities: Size = { scalar: "masked_entities", times: 1, capacity: capacity.maskedEntities };
  return {
    words: lookupInputs(plan, "words", words, 1),
    wordPositions: lookupInputs(plan, "word_positions", words, 1),
    wordTypes: lookupInputs(plan, "word_types", words, 1),
    entities: lookupInputs(plan, "entities", entities, 1),
    entityPositions: lookupInputs(plan, "entity_positions", entities, capacity.mentionLength),
    entityTypes: lookupInputs(plan, "entity_types", entities, 1),
    mask: plan.input("attention mask", items, length, "i32"),
    maskedWords: plan.input("masked words", maskedWords, 1, "i32"),
    wordLabels: plan.input("word labels", maskedWords, 1, "i32"),
    maskedEntities: plan.input("masked entities", maskedEntities, 1, "i32"),
    entityLabels: plan.input("entity labels", maskedEntities, 1, "i32"),
  };
}
